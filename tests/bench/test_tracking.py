"""What tracking costs: CPU time a picture, beside the bare assignment, and over a week's worth of people."""

import os
import resource
import time

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment

from detector.runtime.detections import Detections
from edge.association import overlap
from edge.settings import CameraSettings
from edge.tracking import Tracker

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


@pytest.mark.slow
def test_fifty_people_cost_a_few_bare_assignments():
    """A picture of 50 people costs at most 16 times the overlap and the assignment alone."""
    pictures = list(crowd(50, 300))
    bare = min(cpu_ms(bare_assignment(), pictures) for _ in range(3))
    full = min(cpu_ms(Tracker(CAMERA, run="r").update, pictures) for _ in range(3))
    print(f"\n50 people: {full:.2f} CPU ms a picture, {full / bare:.1f} times the bare assignment ({bare:.2f})")
    assert full < 16 * bare


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_week_of_people_leaves_nothing_behind():
    """People of a second each, one after another: memory and time a picture stay as they are."""
    tracker, rng = Tracker(CAMERA, run="r"), np.random.default_rng(0)
    times_s, memory_kb = [], []
    started_s = time.process_time()
    for k in range(PICTURES):
        if k % 4 == 0:
            x, y = rng.uniform(100, 1100), rng.uniform(300, 700)
        box = np.array([[x, y - 120, x + 40, y]], np.float32)
        tracks = tracker.update(Detections(k / 4, SIZE, box, np.array([0.9], np.float32)))
        if (k + 1) % (PICTURES // 10) == 0:
            times_s.append(time.process_time() - started_s)
            memory_kb.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
            started_s = time.process_time()
    each_ms, more_kb = times_s[-1] / PICTURES * 10_000, memory_kb[-1] - memory_kb[0]
    print(f"\n{each_ms:.3f} CPU ms a picture, {more_kb} kB more over {PICTURES} pictures")
    assert int(tracks.track_ids.max()) >= PICTURES // 12
    assert more_kb < 20_000
    assert times_s[-1] < 1.2 * max(times_s[:3])
