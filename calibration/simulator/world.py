"""The simulated place with motion: who walks where at every step, and the visits that follow from feet and lanes."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from calibration.simulator.lanes import inside, place, spot
from calibration.simulator.laws import draw, poisson_times
from calibration.simulator.people import Person, PersonState, face, new_person, step_towards
from calibration.simulator.settings import Point, Scenario, Till
from calibration.simulator.visits import TrueVisit

STARTS_AT_M = 0.22  # a gap in front grows by this much before anybody steps up


@dataclass(frozen=True)
class Instant:
    """Everybody in the place at one time."""

    pts_s: float
    people: tuple[PersonState, ...]


@dataclass
class World:
    """Made by new_world, moved on by step; visits holds the truth so far."""

    scenario: Scenario
    motion_rng: np.random.Generator
    service_rng: np.random.Generator
    coming: list[tuple[float, str, tuple[Point, ...]]]  # when, role, way of those who do not queue
    people: list[Person] = field(default_factory=list)
    lines: dict[str, list[Person]] = field(default_factory=dict)
    visits: list[TrueVisit] = field(default_factory=list)
    visit_of: dict[int, int] = field(default_factory=dict)
    born: int = 0


def new_world(scenario: Scenario, rng: np.random.Generator) -> World:
    """A place with its staff and everything planned that does not depend on how people move."""
    arrivals_rng, passing_rng, motion_rng, service_rng = rng.spawn(4)
    end_s = scenario.duration_s
    none: tuple[Point, ...] = ()
    coming = [(t, "customer", none) for t in poisson_times(scenario.arrivals, arrivals_rng) if t < end_s]
    for passing in scenario.passing:
        gap_s = 60.0 / passing.per_min
        at_s = float(passing_rng.uniform(0.1, 0.9)) * gap_s
        while at_s < end_s - 14.0:  # a way takes about twelve seconds, and a loop should begin and end empty
            coming.append((at_s, "passer", passing.way_m))
            at_s += float(passing_rng.uniform(0.6, 1.4)) * gap_s
    world = World(scenario, motion_rng, service_rng, sorted(coming))
    world.lines = {till.queue: [] for till in scenario.tills}
    for till in scenario.tills if scenario.staff else ():
        staff = _born(world, "staff", spot(till, 0.0, 1.78 * till.server_side))
        staff.till = till
        staff.heading_rad = _towards(staff, spot(till, 0.0))
    return world


def run(scenario: Scenario, rng: np.random.Generator) -> tuple[list[Instant], list[TrueVisit]]:
    """The whole of a scenario: every step's people, and the visits."""
    world = new_world(scenario, rng)
    instants = list(_instants(world))
    return instants, world.visits


def _instants(world: World) -> Iterator[Instant]:
    steps = round(world.scenario.duration_s / world.scenario.step_s)
    for k in range(steps):
        at_s = round(k * world.scenario.step_s, 6)
        step(world, at_s)
        yield Instant(at_s, tuple(p.state(at_s) for p in world.people))


def step(world: World, at_s: float) -> None:
    """Everybody moves for one step; then feet are compared with the lanes."""
    while world.coming and world.coming[0][0] <= at_s:
        _enter(world, *world.coming.pop(0)[1:])
    for person in list(world.people):
        if person.role == "staff":
            _attend(world, person)
        elif person.in_line:
            _stand_in_line(world, person, at_s)
        else:
            _walk(world, person)
    for person in world.people:
        if person.till is not None and person.role == "customer":
            _note(world, person, at_s)
    world.people = [p for p in world.people if p.way or p.in_line or p.role == "staff"]


def _born(world: World, role: str, start: Point) -> Person:
    world.born += 1
    walkers = world.scenario.walkers
    person = new_person(world.born, role, start, walkers=walkers, rng=world.motion_rng)  # type: ignore[arg-type]
    world.people.append(person)
    return person


def _enter(world: World, role: str, way: tuple[Point, ...]) -> None:
    if role == "passer":
        shift = float(world.motion_rng.normal(0, 0.12))
        person = _born(world, role, (way[0][0] + shift, way[0][1]))
        person.way = [(x + shift, y) for x, y in way[1:]]
        return
    entry = world.scenario.entry_m
    person = _born(world, role, (entry[0] + float(world.motion_rng.uniform(-0.4, 0.4)), entry[1]))
    heading_for = {q: sum(p.till is not None and p.till.queue == q and p.role == "customer" and _unserved(p)
                          for p in world.people) for q in world.lines}  # fmt: skip
    person.till = min(world.scenario.tills, key=lambda till: heading_for[till.queue])
    person.way = [spot(person.till, person.till.length_m + 0.35, person.side_m)]


def _tail(world: World, person: Person, till: Till) -> Point:
    """Where to join: at the lane's end, or behind the last where the line has outgrown the lane."""
    line = world.lines[till.queue]
    behind_m = line[-1].along_m + person.gap_m if line else 0.0
    return spot(till, max(till.length_m + 0.35, behind_m), person.side_m)


def _till(person: Person) -> Till:
    if person.till is None:
        raise ValueError(f"person {person.person} ({person.role}) belongs to no till")
    return person.till


def _unserved(person: Person) -> bool:
    return person.in_line or (person.till is not None and place(person.till, person.x_m, person.y_m)[0] > 0.5)


def _walk(world: World, person: Person) -> None:
    bound_for_line = person.role == "customer" and person.person not in world.visit_of
    if bound_for_line and person.till is not None and len(person.way) == 1:
        person.way = [_tail(world, person, person.till)]
    if not step_towards(person, person.way[0], person.pace_mps, world.scenario.step_s):
        return
    person.way.pop(0)
    if not person.way and bound_for_line and person.till is not None:
        world.lines[person.till.queue].append(person)
        person.in_line, person.moving = True, True
        person.along_m = place(person.till, person.x_m, person.y_m)[0]


def _stand_in_line(world: World, person: Person, at_s: float) -> None:
    """Steps up when the gap in front has grown, is served at the head, goes when served or tired."""
    till = _till(person)
    line = world.lines[till.queue]
    k = line.index(person)
    goal_m = 0.0 if k == 0 else line[k - 1].along_m + person.gap_m
    _step_up(world, person, goal_m, at_s)
    if k == 0 and person.along_m < 0.06 and person.pays_until_s is None:
        person.pays_until_s = at_s + draw(world.scenario.service, world.service_rng)
    if person.pays_until_s is not None and at_s >= person.pays_until_s:
        _leave(world, person, [spot(till, -1.3, 0.0), spot(till, -3.6, -0.9 * till.server_side)])
    elif person.tired_at_s is not None and at_s >= person.tired_at_s and person.pays_until_s is None:
        away = -1.5 * till.server_side
        _leave(world, person, [spot(till, person.along_m + 0.3, away), world.scenario.entry_m])


def _step_up(world: World, person: Person, goal_m: float, at_s: float) -> None:
    till, dt, walkers = _till(person), world.scenario.step_s, world.scenario.walkers
    excess_m = person.along_m - goal_m
    if not person.moving and excess_m > STARTS_AT_M:
        if person.hesitates_until_s is None:
            person.hesitates_until_s = at_s + walkers.reaction_s * float(world.motion_rng.uniform(0.4, 1.8))
        person.moving = at_s >= person.hesitates_until_s
    if not person.moving or excess_m <= 0.01:
        person.moving, person.speed_mps = False, 0.0
        person.hesitates_until_s = None if excess_m <= STARTS_AT_M else person.hesitates_until_s
        ahead = _towards(person, spot(till, person.along_m - 1.0, person.side_m)) + person.turned_rad
        if person.pays_until_s is not None:
            ahead = _towards(person, spot(till, -0.15, 1.2 * till.server_side))
        face(person, ahead, dt)
        return
    speed_mps = person.pace_mps if excess_m > 1.2 else walkers.shuffle_mps * min(1.0, 0.45 + excess_m)
    step_towards(person, spot(till, max(goal_m, person.along_m - 1.0), person.side_m), speed_mps, dt)
    person.along_m = place(till, person.x_m, person.y_m)[0]


def _leave(world: World, person: Person, way: list[Point]) -> None:
    world.lines[_till(person).queue].remove(person)
    person.in_line, person.pays_until_s, person.way = False, None, way


def _attend(world: World, person: Person) -> None:
    """Staff look at the one who pays, or along the line."""
    face(person, _towards(person, spot(_till(person), 0.0)), world.scenario.step_s)


def _towards(person: Person, goal: Point) -> float:
    return float(np.arctan2(goal[1] - person.y_m, goal[0] - person.x_m))


def _note(world: World, person: Person, at_s: float) -> None:
    """The truth of joining, being served and leaving: only where the foot is counts."""
    till = _till(person)
    is_in, known = inside(till, person.x_m, person.y_m), person.person in world.visit_of
    if is_in and not known:
        world.visit_of[person.person] = len(world.visits)
        world.visits.append(TrueVisit(till.queue, at_s, None, None, "inside"))
        if world.scenario.patience is not None:
            person.tired_at_s = at_s + draw(world.scenario.patience, world.service_rng)
    if is_in or not known:
        return
    k = world.visit_of[person.person]
    if world.visits[k].outcome == "inside":
        over = place(till, person.x_m, person.y_m)[0] < -till.beyond_m
        end = {"served_s": at_s, "outcome": "served"} if over else {"left_s": at_s, "outcome": "left"}
        world.visits[k] = TrueVisit(**{**world.visits[k].__dict__, **end})
