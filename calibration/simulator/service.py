"""How people are served: at the head of the line, at counters beyond it, on chairs; and how they go."""

from calibration.simulator import queueing
from calibration.simulator.lanes import spot
from calibration.simulator.laws import draw
from calibration.simulator.people import Person, step_towards
from calibration.simulator.settings import Point, Till
from calibration.simulator.state import World, till_of
from calibration.simulator.visits import servers_at


def serve(world: World, till: Till, person: Person, at_s: float) -> None:
    """One at a time where people are served at the head; else the first goes to a free counter."""
    line = world.lines[till.queue]
    first = queueing.heads(line, till.abreast)[0]
    if till.counters == 0:
        free_till = all(p.pays_until_s is None for p in line)
        if free_till and (person is first or first.along_m >= queueing.AT_HEAD_M):
            person.pays_until_s = at_s + draw(world.scenario.service, world.service_rng)
        return
    taken = {p.counter for p in world.people if p.till is till and p.counter is not None}
    free = [c for c in range(till.counters) if c not in taken]
    if person is first and free and len(taken) < servers_at(world.scenario, at_s):
        person.counter = free[0]
        to = spot(till, -2.0, 1.2 * (free[0] - (till.counters - 1) / 2))
        out = spot(till, -4.2, 2.4 * (free[0] - (till.counters - 1) / 2))
        leave(world, person, [spot(till, -till.beyond_m - 0.5, 0.0), to, out])


def pay_at_counter(world: World, person: Person, at_s: float) -> None:
    """Walks to the counter, is served there, and goes."""
    if person.pays_until_s is None:
        if step_towards(person, person.way[0], person.pace_mps, world.scenario.step_s):
            person.way.pop(0)
            person.pays_until_s = at_s + draw(world.scenario.service, world.service_rng)
    elif at_s >= person.pays_until_s:
        person.counter, person.pays_until_s = None, None
    else:
        person.speed_mps = 0.0


def run_lift(world: World, at_s: float) -> None:
    """A chair every so often takes who is ready; none comes while the lift stands still."""
    lift = world.scenario.lift
    if lift is None or at_s < world.chair_s:
        return
    world.chair_s += lift.every_s
    if any(from_s <= at_s < to_s for from_s, to_s in world.scenario.stops):
        return
    party = queueing.boarders(lift, [(t, world.lines[t.queue]) for t in world.scenario.tills])
    world.chairs.append((at_s, len(party)))
    for person in party:
        till = till_of(person)
        side = queueing.side_m(till, person)
        leave(world, person, [spot(till, -till.beyond_m - 0.5, side), spot(till, -3.6, side)])


def leave(world: World, person: Person, way: list[Point]) -> None:
    """Out of the line, along a way."""
    world.lines[till_of(person).queue].remove(person)
    person.in_line, person.pays_until_s, person.way, person.friend = False, None, way, None
