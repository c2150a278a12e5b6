"""MR-2 against the reference's own way of reading the curve, and by hand."""

import math

import numpy as np
import pytest

from detector.evaluation.miss_rate import POINTS, log_average_miss_rate


def reference(rows: list[tuple[float, int]], people: int, pictures: int) -> float:
    """Piotr Dollar's toolbox, bbGt.m compRoc and dbEval.m: the last recall with fppi up to the reference point."""
    rows = sorted(rows, key=lambda row: -row[0])
    fppi, recall, wrong, right = [], [], 0, 0
    for _, is_right in rows:
        right, wrong = right + is_right, wrong + 1 - is_right
        fppi.append(wrong / pictures)
        recall.append(right / people)
    rates = []
    for point in 10.0 ** np.arange(-2, 0.25, 0.25):
        below = [r for f, r in zip(fppi, recall, strict=True) if f <= point]
        rates.append(1 - below[-1] if below else 1.0)
    return math.exp(sum(math.log(max(1e-10, rate)) for rate in rates) / len(rates))


def test_it_is_the_reference_formula() -> None:
    """On random detections of every quality, to the last digits."""
    rng = np.random.default_rng(4)
    for _ in range(40):
        count = int(rng.integers(1, 200))
        rows = [(float(rng.random()), int(rng.random() < 0.7)) for _ in range(count)]
        people, pictures = sum(r for _, r in rows) + int(rng.integers(1, 50)), int(rng.integers(1, 300))
        assert log_average_miss_rate(rows, people, pictures) == pytest.approx(reference(rows, people, pictures))


def test_by_hand() -> None:
    """Half found without a false box: one half everywhere; nothing found: 1; nobody there: NaN."""
    assert log_average_miss_rate([(0.9, 1)], 2, 10) == pytest.approx(0.5)
    assert log_average_miss_rate([], 2, 10) == 1.0
    assert math.isnan(log_average_miss_rate([], 0, 10))
    # a false box first, in ten pictures: below 0.1 a picture everybody is missed, from there on half
    below = int((POINTS < 0.1 - 1e-9).sum())
    assert log_average_miss_rate([(0.9, 0), (0.8, 1)], 2, 10) == pytest.approx(0.5 ** ((9 - below) / 9))
