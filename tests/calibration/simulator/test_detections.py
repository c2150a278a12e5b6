from dataclasses import replace

import numpy as np
import pytest

from calibration.simulator.detections import NO_ERRORS, Errors, detections, hidden_shares
from calibration.simulator.scenarios import CANTEEN
from calibration.simulator.settings import Rate
from calibration.simulator.world import run

SHORT = replace(CANTEEN, duration_s=60.0, arrivals=(Rate(60.0, 10.0),))


@pytest.fixture(scope="module")
def instants():
    return run(SHORT, np.random.default_rng(5))[0]


def test_flawless_boxes_stand_on_the_feet(instants):
    """Without errors the middle of each box's lower edge lies within 25 cm of the person's feet on the floor."""
    ticks = detections(SHORT, instants, np.random.default_rng(1), NO_ERRORS)
    for tick, instant in zip(ticks, instants[::2], strict=True):
        feet = {p.person: (p.x_m, p.y_m) for p in instant.people}
        for person, box in zip(tick.persons, tick.boxes, strict=True):
            if box[0] > 1 and box[2] < 1279 and box[3] < 719:
                floor = SHORT.camera.floor_point(np.array([(box[0] + box[2]) / 2, box[3]]))
                assert np.hypot(*(floor - feet[int(person)])) < 0.25


@pytest.mark.slow
def test_miss_rate_is_the_settings(instants):
    """Flicker misses as large a share as it is told to."""
    errors = replace(NO_ERRORS, miss_share=0.2, miss_s=0.6)
    found = sum(len(t.boxes) for t in detections(SHORT, instants, np.random.default_rng(2), errors))
    all_of_them = sum(len(t.boxes) for t in detections(SHORT, instants, np.random.default_rng(2), NO_ERRORS))
    assert 1 - found / all_of_them == pytest.approx(0.2, abs=0.05)


@pytest.mark.slow
def test_same_seed_same_detections(instants):
    """The same seed repeats every box and score."""
    first, second = (list(detections(SHORT, instants, np.random.default_rng(6), Errors())) for _ in range(2))
    assert all((a.boxes == b.boxes).all() and (a.scores == b.scores).all() for a, b in zip(first, second, strict=True))


def test_only_nearer_people_hide():
    """A box wholly behind a wider nearer one is hidden, the nearer one is not."""
    boxes = np.array([[100.0, 100, 200, 400], [0, 50, 300, 500]])
    assert hidden_shares(boxes, np.array([8.0, 5.0])) == pytest.approx([1.0, 0.0])
