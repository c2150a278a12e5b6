"""Counting lines against the simulator's truth: walkers and runners across a picture, few and many, at several rates.

Each row: how many crossed by their feet, what the line counts behind the tracker, and what it counts of the true tracks
(exact boxes, true ids): what lacks between the last two is the tracker's.

usage: python tests/bench/crossings.py [--seeds 2] [--seconds 120] [--fps 2,5,10] [--speeds 1.3,3,5] [--per-min 12,60]
"""

import argparse
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from calibration.simulator.detections import Tick, detections
from calibration.simulator.scenarios import PASSERS_BY
from calibration.simulator.settings import Passing, Scenario
from calibration.simulator.state import Instant
from calibration.simulator.world import new_world, step
from detector.runtime.detections import Detections
from edge.queueing.crossings import LineCounter, crossings
from edge.settings import CameraSettings
from edge.tracking import Tracker
from edge.vocabulary import LineSettings, Point, Tracks

LINE_M = ((0.0, 4.0), (0.0, 14.0))  # along the room's middle; the ways go across it
SPREAD = 0.1  # deviation of the speed, as a share


def played(scenario: Scenario, speed_mps: float, rng: np.random.Generator) -> list[Instant]:
    """Everybody's way at about that speed, which is beyond what the simulator's walkers have."""
    world_rng, pace_rng = rng.spawn(2)
    paces: dict[int, float] = {}
    world, out = new_world(scenario, world_rng), []
    for k in range(round(scenario.duration_s / scenario.step_s)):
        at_s = round(k * scenario.step_s, 6)
        for person in world.people:
            pace = paces.setdefault(person.person, speed_mps * float(pace_rng.normal(1.0, SPREAD)))
            person.pace_mps = pace
        step(world, at_s)
        out.append(Instant(at_s, tuple(p.state(at_s) for p in world.people)))
    return out


def crossed(scenario: Scenario, instants: Sequence[Instant], points: Sequence[Point]) -> int:
    """Crossings by the feet as the camera sees them."""
    last: dict[int, Point] = {}
    size, total = scenario.camera.height_px, 0
    for instant in instants:
        for p in instant.people:
            x, y = scenario.camera.project(np.array([p.x_m, p.y_m, 0.0])) / size
            foot = (float(x), float(y))
            total += abs(crossings(last.get(p.person, foot), foot, points))
            last[p.person] = foot
    return total


def true_tracks(tick: Tick, size_px: tuple[int, int]) -> Tracks:
    """The exact boxes under true ids."""
    boxes = tick.true_boxes.astype(np.float32)
    ground = np.stack([(boxes[:, 0] + boxes[:, 2]) / 2 / size_px[0], boxes[:, 3] / size_px[1]], axis=1)
    n = len(boxes)
    return Tracks(
        "c", "true", tick.pts_s, 0.0, size_px, tick.true_persons.astype(np.int64), boxes, ground.astype(np.float32),
        np.ones(n, np.bool_), np.full(n, tick.pts_s),
    )  # fmt: skip


def measure(speed_mps: float, fps: float, per_min: float, *, seconds: float, seed: int) -> tuple[int, int, int]:
    """(crossed by feet, counted behind the tracker, counted of the true tracks)."""
    ways = (((-6.0, 10.0), (6.0, 8.0)), ((6.0, 9.0), (-6.0, 7.0)))
    scenario = replace(
        PASSERS_BY, duration_s=seconds, detect_fps=fps, arrivals=(), staff=False,
        passing=tuple(Passing(way, per_min / 2) for way in ways),
    )  # fmt: skip
    world_rng, detector_rng = np.random.default_rng(seed).spawn(2)
    instants, camera = played(scenario, speed_mps, world_rng), scenario.camera
    size_px = (camera.width_px, camera.height_px)
    ends = camera.project(np.array([(x, y, 0.0) for x, y in LINE_M]))
    line = LineSettings("line", "c", tuple((float(x), float(y)) for x, y in ends / size_px))
    seen, true = LineCounter(line), LineCounter(line)
    tracker = Tracker(CameraSettings("c", "c", "test://", "test://", fps), run="bench")
    for tick in detections(scenario, instants, detector_rng):
        boxes = tick.boxes.astype(np.float32).reshape(-1, 4)
        seen.update(tracker.update(Detections(tick.pts_s, size_px, boxes, tick.scores.astype(np.float32))))
        true.update(true_tracks(tick, size_px))
    for counter in (seen, true):
        counter.settle(1e9)
    feet = crossed(scenario, instants, [(float(x), float(y)) for x, y in ends / camera.height_px])
    return feet, seen.count_in + seen.count_out, true.count_in + true.count_out


def _numbers(text: str) -> list[float]:
    return [float(part) for part in text.split(",")]


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument("--fps", type=_numbers, default=[2.0, 5.0, 10.0])
    parser.add_argument("--speeds", type=_numbers, default=[1.3, 3.0, 5.0])
    parser.add_argument("--per-min", type=_numbers, default=[12.0, 60.0])
    given = parser.parse_args()
    for per_min in given.per_min:
        for speed in given.speeds:
            for fps in given.fps:
                rows = [measure(speed, fps, per_min, seconds=given.seconds, seed=s) for s in range(given.seeds)]
                feet, seen, true = (sum(r[k] for r in rows) for k in range(3))
                print(
                    f"{per_min:3.0f} a minute  {speed:.1f} m/s  {fps:4.1f} pictures/s  crossed {feet:4}  "
                    f"counted {seen:4} ({seen / feet - 1:+.3f})  of true tracks {true:4} ({true / feet - 1:+.3f})",
                    flush=True,
                )


if __name__ == "__main__":
    main()
