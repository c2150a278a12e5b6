"""The simulated place with motion: who walks where at every step, and the visits that follow from feet and lanes."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from calibration.simulator import motion, service
from calibration.simulator.entering import enter, enter_friend
from calibration.simulator.lanes import inside, place, spot
from calibration.simulator.laws import draw, poisson_times
from calibration.simulator.people import Person
from calibration.simulator.settings import Point, Scenario
from calibration.simulator.state import Coming, Instant, World, born, till_of, towards
from calibration.simulator.visits import TrueVisit

NO_WAY: tuple[Point, ...] = ()


def new_world(scenario: Scenario, rng: np.random.Generator) -> World:
    """A place with its staff and everything planned that does not depend on how people move."""
    arrivals_rng, passing_rng, motion_rng, service_rng = rng.spawn(4)
    end_s = scenario.duration_s
    coming: list[Coming] = [
        (t, "customer", NO_WAY) for t in poisson_times(scenario.arrivals, arrivals_rng) if t < end_s
    ]
    for passing in scenario.passing:
        gap_s = 60.0 / passing.per_min
        at_s = float(passing_rng.uniform(0.1, 0.9)) * gap_s
        while at_s < end_s - 14.0:  # a way takes about twelve seconds, and a loop should begin and end empty
            coming.append((at_s, "passer", passing.way_m))
            at_s += float(passing_rng.uniform(0.6, 1.4)) * gap_s
    world = World(scenario, motion_rng, service_rng, sorted(coming))
    world.lines = {till.queue: [] for till in scenario.tills}
    for till in scenario.tills if scenario.staff else ():
        staff = born(world, "staff", spot(till, 0.0, 1.78 * till.server_side))
        staff.till = till
        staff.heading_rad = towards(staff, spot(till, 0.0))
    for till in scenario.tills:
        if till.steward_m is not None:
            born(world, "steward", spot(till, *till.steward_m)).till = till
            world.coming += [(t, "round", NO_WAY) for t in _rounds_s(scenario, passing_rng)]
    world.coming.sort()
    return world


def _rounds_s(scenario: Scenario, rng: np.random.Generator) -> list[float]:
    times, at_s = [], 10.0
    while at_s < scenario.duration_s - 30.0:
        times.append(at_s)
        at_s += scenario.rounds_s * float(rng.uniform(0.7, 1.3))
    return times


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
        enter(world, *world.coming.pop(0))
    while world.late and world.late[0][0] <= at_s:
        enter_friend(world, world.late.pop(0)[1])
    if world.scenario.lift is not None:
        service.run_lift(world, at_s)
    for person in list(world.people):
        if person.in_line:
            motion.stand_in_line(world, person, at_s)
        elif person.counter is not None and len(person.way) <= 2:
            service.pay_at_counter(world, person, at_s)
        elif person.way:
            motion.walk(world, person)
        else:
            motion.attend(world, person)
    for person in world.people:
        if person.till is not None and person.role == "customer":
            _note(world, person, at_s)
    world.people = [p for p in world.people if p.way or p.in_line or p.role in ("staff", "steward")]


def _note(world: World, person: Person, at_s: float) -> None:
    """The truth of joining, being served and leaving: only where the foot is counts; who comes back joins again."""
    till = till_of(person)
    is_in, known = inside(till, person.x_m, person.y_m), person.person in world.visit_of
    if is_in and (not known or world.visits[world.visit_of[person.person]].outcome == "left"):
        world.visit_of[person.person] = len(world.visits)
        world.visits.append(TrueVisit(till.queue, at_s, None, None, "inside"))
        if world.scenario.patience is not None:
            person.tired_at_s = at_s + draw(world.scenario.patience, world.service_rng)
    if is_in or not known:
        return
    k = world.visit_of[person.person]
    if world.visits[k].outcome == "inside":
        over = place(till, person.x_m, person.y_m)[0] < -till.beyond_m
        visit = world.visits[k]
        world.visits[k] = (
            replace(visit, served_s=at_s, outcome="served") if over else replace(visit, left_s=at_s, outcome="left")
        )
