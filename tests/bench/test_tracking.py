"""What tracking costs: CPU time a picture, beside the bare assignment, and over a week's worth of people."""

import os
import time

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment

from detector.runtime.detections import Detections
from edge.association import overlap
from edge.settings import CameraSettings
from edge.tracking import Tracker
from tests.bench.cost import calls_in, resident_mb

SIZE = (1280, 720)
PICTURES = int(os.environ.get("LINEWISE_BENCH_PICTURES", "40000"))  # 200000 is a week; it takes some minutes
CAMERA = CameraSettings("c", "c", "test://", "test://")


def crowd(people, pictures):
    """A crowd that stands, 8 % missed."""
    rng = np.random.default_rng(0)
    x, y = rng.uniform(50, 1200, people), rng.uniform(250, 700, people)
    for k in range(pictures):
        boxes = np.stack([x - 20, y - 120, x + 20, y], 1) + rng.normal(0, 2, (people, 4))
        seen = rng.uniform(size=people) > 0.08
        yield Detections(k / 5, SIZE, boxes[seen].astype(np.float32), np.full(int(seen.sum()), 0.8, np.float32))


def cpu_ms(work, pictures):
    """CPU milliseconds a picture."""
    start_s = time.process_time()
    for picture in pictures:
        work(picture)
    return (time.process_time() - start_s) / len(pictures) * 1000


def bare_assignment():
    """The least that any tracker does: overlap with the last picture's boxes, and an assignment."""
    last = np.zeros((0, 4))

    def work(picture):
        nonlocal last
        boxes = picture.boxes.astype(np.float64)
        linear_sum_assignment(1 - overlap(last, boxes))
        last = boxes

    return work


def test_fifty_people_are_timed_beside_a_bare_assignment():
    """Prints what a picture of 50 people costs beside the overlap and the assignment alone (asked: 16 times)."""
    pictures = list(crowd(50, 100))
    bare = min(cpu_ms(bare_assignment(), pictures) for _ in range(3))
    tracker = Tracker(CAMERA, run="r")
    full = cpu_ms(tracker.update, pictures)
    print(f"\n50 people: {full:.2f} CPU ms a picture, {full / bare:.1f} times the bare assignment ({bare:.2f})")
    assert int(tracker.update(pictures[-1]).track_ids.size) >= 40


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_week_of_people_leaves_nothing_behind():
    """People of a second each, one after another: memory and calls a picture stay as they are."""
    tracker, rng = Tracker(CAMERA, run="r"), np.random.default_rng(0)

    def show(begin, end):
        for k in range(begin, end):
            if k % 4 == 0:
                show.at = rng.uniform(100, 1100), rng.uniform(300, 700)
            x, y = show.at
            box = np.array([[x, y - 120, x + 40, y]], np.float32)
            show.tracks = tracker.update(Detections(k / 4, SIZE, box, np.array([0.9], np.float32)))

    early = PICTURES // 10
    show(0, early - 1000)
    early_calls = calls_in(lambda: show(early - 1000, early))
    early_mb, started_s = resident_mb(), time.process_time()
    show(early, PICTURES - 1000)
    each_ms = (time.process_time() - started_s) / (PICTURES - 1000 - early) * 1000
    late_calls = calls_in(lambda: show(PICTURES - 1000, PICTURES))
    more_mb = resident_mb() - early_mb
    print(f"\n{each_ms:.3f} CPU ms a picture, {more_mb:.1f} MB more over {PICTURES} pictures")
    assert int(show.tracks.track_ids.max()) >= PICTURES // 12
    assert more_mb < 20.0
    assert late_calls <= 1.1 * early_calls
