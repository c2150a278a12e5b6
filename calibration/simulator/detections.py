"""The detections depth: boxes of upright bodies through the camera, with the errors that detectors make."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from calibration.simulator.people import PersonState
from calibration.simulator.settings import Scenario, View
from calibration.simulator.state import Instant
from detector.scenes.camera import Camera

Floats = NDArray[np.float64]
GRID: Floats = np.stack(np.meshgrid(np.linspace(0.05, 0.95, 8), np.linspace(0.03, 0.97, 16)), -1).reshape(-1, 2)


@dataclass(frozen=True)
class Errors:
    """A detector's errors. A flickering person is missed in runs: miss_share of the time, miss_s on average at a time.

    hidden_miss is the chance that someone wholly hidden is missed; between 30 % and all hidden it rises in a line.
    """

    miss_share: float = 0.04
    miss_s: float = 0.5
    hidden_miss: float = 0.95
    jitter: float = 0.012  # of the box's height, for each edge
    false_per_min: float = 1.5
    false_s: float = 0.6


NO_ERRORS = Errors(miss_share=0.0, hidden_miss=0.0, jitter=0.0, false_per_min=0.0)


@dataclass(frozen=True)
class Tick:
    """One camera's picture: boxes (N, 4) xyxy pixels, scores (N,), persons (N,) with -1 for what is nobody.

    true_boxes (M, 4), true_persons (M,) and visible (M,), 0 to 1: everybody in it, seen or not, without any error.
    """

    camera: str
    pts_s: float
    boxes: Floats
    scores: Floats
    persons: np.ndarray
    true_boxes: Floats
    true_persons: np.ndarray
    visible: Floats


def body_box(camera: Camera, state: PersonState, height_m: float, width_m: float) -> Floats:
    """(4,) xyxy pixels of an upright elliptical column; nan when it reaches behind the camera."""
    turn = np.linspace(0, 2 * np.pi, 12, endpoint=False)
    ring = np.stack([state.x_m + width_m / 2 * np.cos(turn), state.y_m + width_m / 2 * 0.7 * np.sin(turn)], 1)
    feet = np.column_stack([ring * 0.4 + np.array([state.x_m, state.y_m]) * 0.6, np.zeros(12)])
    middle = np.column_stack([ring, np.full(12, 0.75 * height_m)])
    head = np.array([[state.x_m, state.y_m, height_m]])
    pixels = camera.project(np.concatenate([feet, middle, head]))
    return np.concatenate([pixels.min(0), pixels.max(0)])


def hidden_shares(boxes: Floats, distances_m: Floats) -> Floats:
    """How much of each box (N, 4) is covered by nearer ones (N,), 0 to 1; a body fills about 70 % of its box."""
    hidden = np.zeros(len(boxes))
    inset = np.stack([0.15 * (boxes[:, 2] - boxes[:, 0]), np.zeros(len(boxes))], 1)
    low, high = boxes[:, :2] + inset, boxes[:, 2:] - inset
    for k in range(len(boxes)):
        nearer = distances_m < distances_m[k]
        points = boxes[k, :2] + GRID * (boxes[k, 2:] - boxes[k, :2])
        covers = (points >= low[nearer, None]) & (points <= high[nearer, None])  # (J, P, 2)
        hidden[k] = covers.all(2).any(0).mean()
    return hidden


@dataclass
class _Detector:
    view: View
    errors: Errors
    rng: np.random.Generator
    missed: dict[int, bool]
    sizes: dict[int, tuple[float, float]]
    false: list[tuple[float, Floats]]  # until when, box

    def size_of(self, person: int) -> tuple[float, float]:
        if person not in self.sizes:
            height_m = float(np.clip(self.rng.normal(1.73, 0.09), 1.5, 1.98))
            self.sizes[person] = (height_m, float(self.rng.normal(0.52, 0.04)))
        return self.sizes[person]

    def flickers(self, person: int, step_s: float) -> bool:
        """A two-state chain whose long-run share and mean stay are the settings'."""
        share, stay_s = self.errors.miss_share, self.errors.miss_s
        if share <= 0:
            return False
        back = min(1.0, step_s / stay_s)
        rate = back if self.missed.get(person, False) else back * share / (1 - share)
        if self.rng.random() < rate:
            self.missed[person] = not self.missed.get(person, False)
        return self.missed.get(person, False)

    def tick(self, instant: Instant, step_s: float) -> Tick:
        camera, rng = self.view.camera, self.rng
        frame = np.array([camera.width_px, camera.height_px] * 2)
        boxes = np.array([body_box(camera, p, *self.size_of(p.person)) for p in instant.people]).reshape(-1, 4)
        persons = np.array([p.person for p in instant.people], int)
        far_m = np.array([np.hypot(p.x_m - camera.x_m, p.y_m - camera.y_m) for p in instant.people])
        cut = np.clip(boxes, 0, frame)
        area = (boxes[:, 2:] - boxes[:, :2]).prod(1)
        shown = np.where(np.isfinite(boxes).all(1), (cut[:, 2:] - cut[:, :2]).prod(1) / area, 0.0) > 0.25
        cut, persons, far_m = cut[shown], persons[shown], far_m[shown]
        hidden = hidden_shares(cut, far_m)
        miss = self.errors.hidden_miss * np.clip((hidden - 0.3) / 0.7, 0, 1)
        keep = rng.random(len(cut)) >= miss
        keep &= ~np.array([self.flickers(int(p), step_s) for p in persons], bool).reshape(-1)
        height = cut[:, 3:] - cut[:, 1:2]
        seen = np.clip(cut + rng.normal(0, 1, cut.shape) * self.errors.jitter * height, 0, frame)
        scores = np.clip(0.78 - 0.4 * hidden + rng.normal(0, 0.05, len(cut)), 0.3, 0.97)
        ghosts = self._ghosts(instant.pts_s, step_s)
        return Tick(
            self.view.id, instant.pts_s, np.concatenate([seen[keep], ghosts]),
            np.concatenate([scores[keep], rng.uniform(0.3, 0.5, len(ghosts))]),
            np.concatenate([persons[keep], np.full(len(ghosts), -1)]), cut, persons, 1.0 - hidden,
        )  # fmt: skip

    def _ghosts(self, at_s: float, step_s: float) -> Floats:
        camera, rng = self.view.camera, self.rng
        self.false = [(until_s, box) for until_s, box in self.false if until_s > at_s]
        if rng.random() < self.errors.false_per_min / 60 * step_s:
            height = rng.uniform(0.12, 0.4) * camera.height_px
            x, y = rng.uniform(0, camera.width_px - height / 2), rng.uniform(0.2, 0.6) * camera.height_px
            box = np.array([x, y, x + height * 0.4, min(y + height, camera.height_px)])
            self.false.append((at_s + float(rng.exponential(self.errors.false_s)), box))
        return np.array([box for _, box in self.false]).reshape(-1, 4)


def detections(
    scenario: Scenario, instants: Sequence[Instant], rng: np.random.Generator, errors: Errors = Errors()
) -> Iterator[Tick]:
    """What a detector would report at detect_fps, of every instant a tick a camera."""
    first, *others = scenario.cameras
    sizes: dict[int, tuple[float, float]] = {}  # a person is as tall on every camera
    views = [(first, rng), *zip(others, rng.spawn(len(others)), strict=True)]
    detectors = [_Detector(view, errors, own, {}, sizes, []) for view, own in views]
    every = max(1, round(1.0 / scenario.detect_fps / scenario.step_s))
    for instant in instants[::every]:
        for detector in detectors:
            yield detector.tick(instant, every * scenario.step_s)
