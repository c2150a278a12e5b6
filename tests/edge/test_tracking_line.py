"""Identity in a made-up line: people who sway, shuffle forward, hide each other, and a detector that misses some."""

from dataclasses import dataclass

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment

from detector.runtime.detections import Detections
from edge.settings import CameraSettings
from edge.tracking import Tracker

SIZE = (1280, 720)
ROW = 13  # people in a row; the line winds back and forth


@dataclass
class Scene:
    """A made-up line.

    Attributes:
        people: in the line at any time.
        drop: share of boxes that are missed for no reason.
        hiding: people who are covered are missed too, or found with low scores and worse boxes.
        service_s: one is served and the line moves on this often.
    """

    people: int
    fps: float
    seconds: float
    seed: int
    drop: float = 0.08
    hiding: bool = False
    service_s: float = 6.0


def place(slot):
    """(N, 3) x, foot y and height of slots (N,), pixels; between slots people walk straight."""
    low = np.floor(slot)
    share = (slot - low)[:, None]

    def whole(number):
        row, i = np.divmod(np.maximum(number, 0), ROW)
        i = np.where(row % 2 == 0, i, ROW - 1 - i)
        depth = np.maximum(1 - 0.2 * row, 0.1)
        height = 240 * depth**0.9
        return np.stack([640 + (i - (ROW - 1) / 2) * 0.38 * height, 300 + 400 * depth, height], 1)

    return whole(low) * (1 - share) + whole(low + 1) * share


def pictures(scene):
    """Yields (Detections, ids of everybody there, their true boxes)."""
    rng = np.random.default_rng(scene.seed)
    n = scene.people + int(scene.seconds / scene.service_s) + 2
    tall, slot = rng.uniform(0.88, 1.1, n), np.arange(n, dtype=float)
    target, starts_s, sway = slot.copy(), np.zeros(n), np.zeros((n, 2))
    served, step_s = 0, 1 / scene.fps
    for number in range(int(scene.seconds * scene.fps)):
        t = number * step_s
        if t >= (served + 1) * scene.service_s:
            served += 1
            target = np.arange(n) - float(served)
            starts_s = t + 0.3 * np.maximum(np.arange(n) - served, 0)  # the wave runs back through the line
        slot = np.where(t > starts_s, np.maximum(slot - 1.8 * step_s, target), slot)
        sway += -sway * min(step_s / 2, 1) + rng.normal(size=sway.shape) * 0.03 * np.sqrt(step_s)
        there = np.arange(served, min(served + scene.people, n))
        x, foot, height = place(slot[there]).T
        height = height * tall[there]
        x, foot = x + sway[there, 0] * height, foot + 0.3 * sway[there, 1] * height
        boxes = np.stack([x - 0.19 * height, foot - height, x + 0.19 * height, foot], 1)
        yield seen(scene, rng, t, boxes), there, boxes


def seen(scene, rng, t, boxes):
    """What a detector finds of the true boxes."""
    n, height = len(boxes), boxes[:, 3] - boxes[:, 1]
    covered = cover(boxes) if scene.hiding else np.zeros(n)
    missed = (rng.uniform(size=n) < scene.drop) | ((covered > 0.7) & (rng.uniform(size=n) < 0.7)) | (covered > 0.9)
    scores = np.clip(rng.normal(0.8, 0.08, n) - 0.5 * covered, 0.05, 0.99)
    spread = 0.02 * (1 + 1.5 * covered) * height
    found = boxes + rng.normal(size=(n, 4)) * spread[:, None]
    return Detections(t, SIZE, found[~missed].astype(np.float32), scores[~missed].astype(np.float32))


def cover(boxes):
    """(N,) the largest share of each box that somebody in front hides."""
    low, high = np.maximum(boxes[:, None, :2], boxes[None, :, :2]), np.minimum(boxes[:, None, 2:], boxes[None, :, 2:])
    shared = np.prod(np.maximum(high - low, 0), axis=2) / np.prod(boxes[:, 2:] - boxes[:, :2], axis=1)[:, None]
    shared[boxes[:, 3][None] <= boxes[:, 3][:, None] + 2] = 0
    return shared.max(axis=1)


def identity(scene):
    """IDF1 (Ristani et al. 2016), ids a person, people an id, and switches of a person's id."""
    tracker = Tracker(CameraSettings("c", "c", "test://", "test://"), run="r")
    together, truths, answers, switches = {}, 0, 0, 0
    last = {}
    for detections, who, boxes in pictures(scene):
        tracks = tracker.update(detections)
        truths, answers = truths + len(who), answers + len(tracks.track_ids)
        height = boxes[:, 3] - boxes[:, 1]
        off = np.abs(boxes[:, None] - tracks.boxes[None]).max(axis=2) / height[:, None]
        rows, columns = linear_sum_assignment(np.minimum(off, 0.3))
        for i, j in zip(rows, columns, strict=True):
            if off[i, j] < 0.3:
                pair = int(who[i]), int(tracks.track_ids[j])
                together[pair] = together.get(pair, 0) + 1
                switches += last.get(pair[0], pair[1]) != pair[1]
                last[pair[0]] = pair[1]
    people, ids = sorted({p for p, _ in together}), sorted({k for _, k in together})
    count = np.zeros((len(people), len(ids)))
    for (p, k), times in together.items():
        count[people.index(p), ids.index(k)] = times
    rows, columns = linear_sum_assignment(-count)
    often = count > 3
    return {
        "idf1": 2 * count[rows, columns].sum() / (truths + answers),
        "ids_a_person": often.sum(axis=1).mean(),
        "people_an_id": often.sum(axis=0)[often.any(axis=0)].mean(),
        "switches": switches,
        "people": len(people),
    }


@pytest.mark.slow
@pytest.mark.parametrize("fps", [5, 10])
def test_a_line_of_fifty_with_8_percent_missed(fps):
    """Who waits in the open keeps the id although every twelfth box is missing and the line moves on."""
    figures = identity(Scene(people=50, fps=fps, seconds=30, seed=1))
    print(f"\n50 people, 8 % missed, {fps} pictures/s: " + ", ".join(f"{k} {v:.3f}" for k, v in figures.items()))
    assert figures["idf1"] > 0.97
    assert figures["ids_a_person"] < 1.05


def test_a_line_of_fifteen_that_hide_each_other():
    """A short line from the side, with people who are hidden for seconds."""
    figures = identity(Scene(people=15, fps=5, seconds=40, seed=2, hiding=True))
    print("\n15 people, hiding: " + ", ".join(f"{k} {v:.3f}" for k, v in figures.items()))
    assert figures["idf1"] > 0.8


@pytest.mark.slow
@pytest.mark.parametrize("fps", [2, 5, 10])
def test_fifty_who_hide_each_other(fps):
    """The hard line: three rows behind each other; the figures are printed, and may not fall far."""
    figures = identity(Scene(people=50, fps=fps, seconds=60, seed=3, hiding=True))
    print(f"\n50 people, hiding, {fps} pictures/s: " + ", ".join(f"{k} {v:.3f}" for k, v in figures.items()))
    assert figures["idf1"] > {2: 0.4, 5: 0.8, 10: 0.85}[fps]
