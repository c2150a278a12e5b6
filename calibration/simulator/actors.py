"""Gives the points of world.py a body, clothes and a pose that flows from step to step."""

from dataclasses import dataclass

import numpy as np

from calibration.simulator.people import PersonState
from detector.scenes.body import Body
from detector.scenes.poses import PAYING, SERVING, STANDING, Pose, blended, walking
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

    def figure(self, state: PersonState, at_s: float, step_s: float) -> Figure:
        share = 1.0 - np.exp(-step_s / EASE_S)
        self.effort += (min(1.0, state.speed_mps / 1.15) - self.effort) * (1.0 - np.exp(-step_s / 0.15))
        wanted = STANDING[self.idle[int(at_s / self.idle_s) % len(self.idle)]]
        if state.doing == "paying":
            wanted = PAYING if int(at_s / 2.3) % 3 else STANDING[0]
        elif state.doing == "serving":
            wanted = SERVING if int(at_s / 3.1 + self.phase_rad) % 3 else STANDING[2]
        self.pose = blended(self.pose, wanted, float(share))
        # Short steps when shuffling: the same turn of the legs covers less ground.
        self.phase_rad += state.speed_mps * step_s / (CYCLE_M * max(0.45, self.effort)) * 2 * np.pi
        pose = blended(self.pose, walking(self.phase_rad, self.effort, self.pose), min(1.0, self.effort * 3))
        return Figure(self.body, pose, self.style, state.x_m, state.y_m, state.heading_rad)


def new_actor(bodies: tuple[Body, ...], taken: set[int], staff: bool, rng: np.random.Generator) -> Actor:
    """A body that nobody in the picture has, where there is one left."""
    free = [k for k in range(len(bodies)) if k not in taken] or list(range(len(bodies)))
    body = bodies[free[int(rng.integers(len(free)))]]
    style = uniform_style(rng) if staff else random_style(rng)
    idle = tuple(int(k) for k in rng.permutation(len(STANDING))[:3])
    return Actor(body, style, idle, float(rng.uniform(5, 11)), float(rng.uniform(0, 6.28)))


class Cast:
    """Who plays whom; remembers each person's actor for as long as the person is there."""

    def __init__(self, bodies: tuple[Body, ...], rng: np.random.Generator) -> None:
        self.bodies, self.rng = bodies, rng
        self.actors: dict[int, Actor] = {}

    def figures(self, people: tuple[PersonState, ...], at_s: float, step_s: float) -> list[Figure]:
        here = {p.person for p in people}
        self.actors = {k: actor for k, actor in self.actors.items() if k in here}
        for person in people:
            if person.person not in self.actors:
                taken = {self.bodies.index(actor.body) for actor in self.actors.values()}
                self.actors[person.person] = new_actor(self.bodies, taken, person.role == "staff", self.rng)
        return [self.actors[p.person].figure(p, at_s, step_s) for p in people]
