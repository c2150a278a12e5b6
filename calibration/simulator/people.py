"""People as points that walk, stand and turn. The mutable part of the simulator; world.py moves it on."""

from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from calibration.simulator.settings import Point, Till, Walkers

Role = Literal["customer", "passer", "staff", "steward"]
Doing = Literal["walking", "waiting", "paying", "serving"]
TURN_RADPS = 3.2


@dataclass(frozen=True)
class PersonState:
    """One person at one instant, as everything outside the simulator sees it."""

    person: int
    role: Role
    x_m: float
    y_m: float
    heading_rad: float
    speed_mps: float
    walked_m: float
    doing: Doing


@dataclass
class Person:
    """What moves. till is the own or the manned one; way what is still to be walked; along_m the place in the line."""

    person: int
    role: Role
    x_m: float
    y_m: float
    heading_rad: float
    pace_mps: float = 1.2
    gap_m: float = 0.8
    side_m: float = 0.0
    turned_rad: float = 0.0  # how a person stands apart from straight ahead
    till: Till | None = None
    way: list[Point] = field(default_factory=list)
    bound: bool = False  # on the way to the line
    in_line: bool = False
    along_m: float = 0.0
    file: int = 0  # which of the files abreast
    group: int | None = None  # who stand together
    friend: int | None = None  # joins beside this person
    counter: int | None = None  # served at this place beyond the line
    moving: bool = False
    hesitates_until_s: float | None = None
    pays_until_s: float | None = None
    tired_at_s: float | None = None
    speed_mps: float = 0.0
    walked_m: float = 0.0

    def state(self, at_s: float) -> PersonState:
        """As seen from outside, with the sway of a standing body: a centimetre or two around the feet."""
        still = max(0.0, 1.0 - self.speed_mps / 0.3)
        sway = 0.014 * still * np.sin(np.array([0.9, 0.67]) * at_s + self.person * np.array([1.7, 2.9]))
        doing: Doing = "serving" if self.role == "staff" else "walking" if self.speed_mps > 0.15 else "waiting"
        if doing == "waiting" and self.pays_until_s is not None:
            doing = "paying"
        return PersonState(
            self.person, self.role, self.x_m + float(sway[0]), self.y_m + float(sway[1]), self.heading_rad,
            self.speed_mps, self.walked_m, doing,
        )  # fmt: skip


def new_person(number: int, role: Role, start: Point, *, walkers: Walkers, rng: np.random.Generator) -> Person:
    """Draws what stays the same about a person: pace, distance kept, how straight they stand."""
    pace = float(np.clip(rng.normal(walkers.speed_mps, walkers.speed_sd_mps), 0.8, 1.6))
    gap = float(np.clip(rng.normal(walkers.gap_m, walkers.gap_sd_m), 0.6, 1.1))
    side = float(np.clip(rng.normal(0.0, walkers.side_sd_m), -0.2, 0.2))
    turned = float(rng.normal(0.0, 0.2))
    return Person(
        number, role, start[0], start[1], -np.pi / 2, pace_mps=pace, gap_m=gap, side_m=side, turned_rad=turned
    )


def step_towards(person: Person, goal: Point, speed_mps: float, step_s: float) -> bool:
    """Moves for one step, at most to the goal; true when it is reached."""
    dx, dy = goal[0] - person.x_m, goal[1] - person.y_m
    distance_m = float(np.hypot(dx, dy))
    reach_m = speed_mps * step_s
    share = 1.0 if distance_m <= reach_m else reach_m / distance_m
    person.x_m += dx * share
    person.y_m += dy * share
    moved_m = distance_m * share
    person.walked_m += moved_m
    person.speed_mps = moved_m / step_s
    if moved_m > 0.02:
        face(person, float(np.arctan2(dy, dx)), step_s)
    return share == 1.0


def face(person: Person, heading_rad: float, step_s: float) -> None:
    """Turns towards a heading, no faster than people turn."""
    off = (heading_rad - person.heading_rad + np.pi) % (2 * np.pi) - np.pi
    person.heading_rad += float(np.clip(off, -TURN_RADPS * step_s, TURN_RADPS * step_s))
