"""How people walk, stand in line and step up."""

from calibration.simulator import queueing, service
from calibration.simulator.lanes import place, spot
from calibration.simulator.people import Person, face, step_towards
from calibration.simulator.state import World, till_of, towards

STARTS_AT_M = 0.22  # a gap in front grows by this much before anybody steps up


def walk(world: World, person: Person) -> None:
    """One step along the way; at its end people who are bound for a line stand in it."""
    if person.bound and len(person.way) == 1:
        till = till_of(person)
        person.way = queueing.way_in(till, world.lines[till.queue], person)
    if not step_towards(person, person.way[0], person.pace_mps, world.scenario.step_s):
        return
    person.way.pop(0)
    if not person.way and person.bound:
        till = till_of(person)
        person.along_m = place(till, person.x_m, person.y_m)[0]
        queueing.join(till, world.lines[till.queue], person)
        person.bound, person.in_line, person.moving = False, True, True


def stand_in_line(world: World, person: Person, at_s: float) -> None:
    """Steps up when the gap in front has grown, is served at the head, goes when served or tired."""
    till = till_of(person)
    line = world.lines[till.queue]
    goal_m = queueing.goal_m(line, person)
    _step_up(world, person, goal_m, at_s)
    if world.scenario.lift is None and person.along_m < queueing.AT_HEAD_M and person.pays_until_s is None:
        service.serve(world, till, person, at_s)
    if person.pays_until_s is not None and at_s >= person.pays_until_s:
        service.leave(world, person, [spot(till, -1.3, 0.0), spot(till, -3.6, -0.9 * till.server_side)])
    elif person.tired_at_s is not None and at_s >= person.tired_at_s and person.pays_until_s is None:
        away, back = -1.5 * till.server_side, max(person.along_m, till.length_m) + 0.5
        # Beside the line, back to its end: not through it.
        out = [spot(till, person.along_m + 0.3, away), spot(till, back, away), world.scenario.entry_m]
        service.leave(world, person, out)


def _step_up(world: World, person: Person, goal_m: float, at_s: float) -> None:
    till, dt, walkers = till_of(person), world.scenario.step_s, world.scenario.walkers
    excess_m = person.along_m - goal_m
    side = queueing.side_m(till, person)
    if not person.moving and excess_m > STARTS_AT_M:
        if person.hesitates_until_s is None:
            person.hesitates_until_s = at_s + walkers.reaction_s * float(world.motion_rng.uniform(0.4, 1.8))
        person.moving = at_s >= person.hesitates_until_s
    if not person.moving or excess_m <= 0.01:
        person.moving, person.speed_mps = False, 0.0
        person.hesitates_until_s = None if excess_m <= STARTS_AT_M else person.hesitates_until_s
        ahead = towards(person, spot(till, person.along_m - 1.0, side)) + person.turned_rad
        if person.pays_until_s is not None:
            ahead = towards(person, spot(till, -0.15, 1.2 * till.server_side))
        face(person, ahead, dt)
        return
    speed_mps = person.pace_mps if excess_m > 1.2 else walkers.shuffle_mps * min(1.0, 0.45 + excess_m)
    step_towards(person, spot(till, max(goal_m, person.along_m - 1.0), side), speed_mps, dt)
    person.along_m = place(till, person.x_m, person.y_m)[0]


def attend(world: World, person: Person) -> None:
    """Staff look at the one who pays, or along the line."""
    person.speed_mps = 0.0
    face(person, towards(person, spot(till_of(person), 0.0)), world.scenario.step_s)
