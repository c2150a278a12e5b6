"""Everything that a run of the simulated place remembers; world.py moves it on."""

from dataclasses import dataclass, field

import numpy as np

from calibration.simulator.lanes import place
from calibration.simulator.people import Person, PersonState, new_person
from calibration.simulator.settings import Point, Scenario, Till
from calibration.simulator.visits import TrueVisit

Coming = tuple[float, str, tuple[Point, ...]]


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
    coming: list[Coming]  # when, role, way of those who do not queue
    people: list[Person] = field(default_factory=list)
    lines: dict[str, list[Person]] = field(default_factory=dict)
    visits: list[TrueVisit] = field(default_factory=list)
    visit_of: dict[int, int] = field(default_factory=dict)
    late: list[tuple[float, Person]] = field(default_factory=list)  # when a friend of this person comes
    born: int = 0
    chair_s: float = 0.0  # when the next chair comes
    chairs: list[tuple[float, int]] = field(default_factory=list)  # when each came and how many it took


def born(world: World, role: str, start: Point) -> Person:
    """A new person in the place."""
    world.born += 1
    walkers = world.scenario.walkers
    person = new_person(world.born, role, start, walkers=walkers, rng=world.motion_rng)  # type: ignore[arg-type]
    world.people.append(person)
    return person


def till_of(person: Person) -> Till:
    """The person's till; ValueError for passers-by, who have none."""
    if person.till is None:
        raise ValueError(f"person {person.person} ({person.role}) belongs to no till")
    return person.till


def unserved(person: Person) -> bool:
    """In the line, or on the way to it."""
    return person.in_line or (person.till is not None and place(person.till, person.x_m, person.y_m)[0] > 0.5)


def towards(person: Person, goal: Point) -> float:
    """The heading from a person to a place, radians."""
    return float(np.arctan2(goal[1] - person.y_m, goal[0] - person.x_m))
