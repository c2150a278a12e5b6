"""Gives the points of world.py a body, clothes and a pose that flows from step to step."""

from dataclasses import dataclass

import numpy as np

from calibration.simulator.people import PersonState
from detector.scenes.body import Body
from detector.scenes.poses import PAYING, SERVING, STANDING, TRAY, Pose, blended, walking
from detector.scenes.props import with_tray
from detector.scenes.render import Figure
from detector.scenes.wardrobe import Style, random_style, uniform_style

CYCLE_M = 1.28  # two steps
EASE_S = 0.35


@dataclass
class Actor:
    """effort: 0 stands, 1 walks. Poses are eased into, because no body jumps from one to the next."""

    body: Body
    style: Style
    idle: tuple[int, ...]  # the standing poses of this person, one after the other
    idle_s: float
    phase_rad: float
    effort: float = 0.0
    pose: Pose = STANDING[0]
    carries: bool = False

    def figure(self, state: PersonState, at_s: float, step_s: float) -> Figure:
        """The person at at_s, one step_s after the call before."""
        share = 1.0 - np.exp(-step_s / EASE_S)
        self.effort += (min(1.0, state.speed_mps / 1.15) - self.effort) * (1.0 - np.exp(-step_s / 0.15))
        wanted = STANDING[self.idle[int(at_s / self.idle_s) % len(self.idle)]]
        if state.doing == "paying":
            wanted = PAYING if int(at_s / 2.3) % 3 else STANDING[0]
        elif state.doing == "serving":
            wanted = SERVING if int(at_s / 3.1 + self.phase_rad) % 3 else STANDING[2]
        if self.carries:
            wanted = TRAY
        self.pose = blended(self.pose, wanted, float(share))
        # Short steps when shuffling: the same turn of the legs covers less ground.
        self.phase_rad += state.speed_mps * step_s / (CYCLE_M * max(0.45, self.effort)) * 2 * np.pi
        pose = blended(self.pose, walking(self.phase_rad, self.effort, self.pose), min(1.0, self.effort * 3))
        return Figure(self.body, pose, self.style, state.x_m, state.y_m, state.heading_rad)


class Cast:
    """Who plays whom; remembers each person's actor for as long as the person is there."""

    def __init__(self, bodies: tuple[Body, ...], rng: np.random.Generator, *, tray_share: float = 0.4) -> None:
        self.bodies, self.trays, self.rng = bodies, tuple(with_tray(b) for b in bodies), rng
        self.tray_share = tray_share
        self.actors: dict[int, Actor] = {}
        self.body_of: dict[int, int] = {}

    def figures(self, people: tuple[PersonState, ...], at_s: float, step_s: float) -> list[Figure]:
        """Everybody at at_s, in the order of people."""
        here = {p.person for p in people}
        self.actors = {k: actor for k, actor in self.actors.items() if k in here}
        for person in people:
            if person.person not in self.actors:
                self.actors[person.person] = self._new(person)
        return [self.actors[p.person].figure(p, at_s, step_s) for p in people]

    def _new(self, person: PersonState) -> Actor:
        """A body that nobody in the picture has, where there is one left."""
        rng = self.rng
        taken = {self.body_of[k] for k in self.actors}
        free = [k for k in range(len(self.bodies)) if k not in taken] or list(range(len(self.bodies)))
        k = self.body_of[person.person] = free[int(rng.integers(len(free)))]
        style = uniform_style(rng) if person.role == "staff" else random_style(rng)
        carries = bool(rng.random() < self.tray_share) and person.role == "customer"
        idle = tuple(int(p) for p in rng.permutation(len(STANDING))[:3])
        pose = TRAY if carries else STANDING[idle[0]]
        body = self.trays[k] if carries else self.bodies[k]
        return Actor(
            body, style, idle, float(rng.uniform(5, 11)), float(rng.uniform(0, 6.28)), pose=pose, carries=carries
        )
