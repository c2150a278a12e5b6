"""Who comes: people alone and in groups, friends who come later, passers-by, and stewards on their rounds."""

import numpy as np

from calibration.simulator import queueing
from calibration.simulator.lanes import spot
from calibration.simulator.people import Person
from calibration.simulator.settings import FRIEND_LATE_S, Point, Till
from calibration.simulator.state import World, born, till_of, unserved

ROUND_M = 1.6  # a steward's walk along the line


def enter(world: World, at_s: float, role: str, way: tuple[Point, ...]) -> None:
    """Somebody comes, or a steward begins a round."""
    if role == "passer":
        shift = float(world.motion_rng.normal(0, 0.12))
        person = born(world, role, (way[0][0] + shift, way[0][1]))
        person.way = [(x + shift, y) for x, y in way[1:]]
    elif role == "round":
        _begin_round(world)
    else:
        _enter_customers(world, at_s)


def _begin_round(world: World) -> None:
    """A steward walks into the line, along it, stands there for a moment, and goes back."""
    idle = [p for p in world.people if p.role == "steward" and not p.way]
    if idle:
        till = till_of(idle[0])
        along, side = till.steward_m or (0.0, 0.0)
        into = np.sign(side) * 0.5 * till.half_width_m
        to_m = along + ROUND_M * (1 if world.motion_rng.random() < 0.5 else -1)
        idle[0].way = [spot(till, along, into), spot(till, max(to_m, 0.4), into), spot(till, along, side)]


def _enter_customers(world: World, at_s: float) -> None:
    """One person, or a group whose first chooses the line for all."""
    scenario, rng = world.scenario, world.motion_rng
    shares = scenario.groups
    size = 1 + int(rng.choice(len(shares), p=np.array(shares) / sum(shares))) if shares else 1
    entry, first = scenario.entry_m, None
    for k in range(size):
        side = float(rng.uniform(-0.4, 0.4)) if k == 0 else 0.55 * (k % 2)
        person = born(world, "customer", (entry[0] + side, entry[1] + 0.7 * (k // 2)))
        if first is None:
            first = person
            person.till = _shortest(world, singles=size == 1)
        person.till, person.pace_mps, person.bound = first.till, first.pace_mps, True
        person.group = first.person if size > 1 else None
        person.way = [spot(till_of(person), till_of(person).length_m + 0.35, person.side_m)]
    if size > 1 and first is not None and scenario.friends > 0 and rng.random() < scenario.friends:
        late_s = at_s + float(rng.uniform(*FRIEND_LATE_S))
        world.late.append((late_s, first))
        world.late.sort(key=lambda row: row[0])


def enter_friend(world: World, of: Person) -> None:
    """Comes later and stands beside the friend in the line; at the end, if the friend has been served."""
    person = born(world, "customer", world.scenario.entry_m)
    person.till, person.group, person.friend, person.bound = of.till, of.group, of.person, True
    till = till_of(person)
    outer = (till.half_width_m + 0.5) * (1 if of.file * 2 >= till.abreast - 1 else -1)
    person.way = [spot(till, till.length_m + 0.8, outer), spot(till, of.along_m + queueing.FRIEND_M, outer), (0.0, 0.0)]


def _shortest(world: World, *, singles: bool) -> Till:
    """Where a lift has a line for singles (the last) those who come alone take it; else the line with fewest people."""
    tills = world.scenario.tills
    if world.scenario.lift is not None and len(tills) > 1:
        return tills[-1] if singles else tills[0]
    heading_for = {q: sum(p.till is not None and p.till.queue == q and p.role == "customer" and unserved(p)
                          for p in world.people) for q in world.lines}  # fmt: skip
    return min(tills, key=lambda till: heading_for[till.queue])
