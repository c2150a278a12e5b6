"""How sure a mean error is: coverage against a known truth, and the classes of length."""

from dataclasses import replace

import numpy as np
import pytest

from calibration.intervals import MIN_ROWS, by_length, by_period, length_intervals, mean_interval, wait_intervals
from calibration.scoring import LengthError, WaitError
from calibration.truth import TruthCount
from edge.vocabulary import Visit


def errors(pairs: list[tuple[int, int | None]]) -> list[LengthError]:
    """(in truth, told) at one moment a second."""
    return [LengthError(TruthCount("q1", float(k), n, True), float(k), told) for k, (n, told) in enumerate(pairs)]


@pytest.mark.slow
def test_the_interval_covers_the_mean_as_often_as_it_says() -> None:
    """Of 200 samples of 60 independent values, 88 to 99 % of the intervals hold the true mean."""
    rng = np.random.default_rng(1)
    held = 0
    for _ in range(200):
        found = mean_interval(rng.exponential(1.0, 60).tolist())
        assert found is not None
        held += found[0] <= 1.0 <= found[1]
    assert 0.88 <= held / 200 <= 0.99


def test_runs_of_errors_make_it_wider() -> None:
    """The same values in long runs tell less than well mixed: the interval is wider."""
    runs, mixed = mean_interval([0.0] * 32 + [1.0] * 32), mean_interval([0.0, 1.0] * 32)
    assert runs is not None
    assert mixed is not None
    assert runs[1] - runs[0] > 1.5 * (mixed[1] - mixed[0])


def test_few_rows_have_no_interval_and_equal_ones_a_point() -> None:
    """Nine known errors are too few; ten of one person each are exactly one; unknown lengths don't count."""
    few = errors([(3, 2)] * (MIN_ROWS - 1) + [(3, None)] * 5)
    assert set(length_intervals(few).values()) == {None}
    equal = length_intervals(errors([(3, 2)] * MIN_ROWS))
    assert equal == {"length_mae": (1.0, 1.0), "length_bias": (-1.0, -1.0), "within_1": (1.0, 1.0)}
    assert mean_interval([float(k) for k in range(20)]) == mean_interval([float(k) for k in range(20)])


def test_classes_of_length() -> None:
    """0, 1-5, 6-15 and 16+ by the truth's length; a class without a moment is left out."""
    found = by_length(errors([(0, 1), (1, 1), (5, 3), (16, 10), (99, 99)]))
    assert {name: (s["n"], s["mae"], s["bias"]) for name, s in found.items()} == {
        "0": (1, pytest.approx(1.0), pytest.approx(1.0)),
        "1-5": (2, pytest.approx(1.0), pytest.approx(-1.0)),
        "16+": (2, pytest.approx(3.0), pytest.approx(-3.0)),
    }


def test_periods_follow_each_other_from_the_start() -> None:
    """Two hours by the hour and half an hour by five minutes, each moment once; empty periods are left out."""
    rows = errors([(1, 1)] * 1800)
    short = by_period(rows, start_s=0.0, end_s=1800.0)
    assert [(p["from_s"], p["to_s"], p["n"]) for p in short[:2]] == [(0.0, 300.0, 300), (300.0, 600.0, 300)]
    late = [replace(e, truth=replace(e.truth, pts_s=e.truth.pts_s + 50_000)) for e in rows]
    assert [(p["from_s"], p["n"]) for p in by_period(late, start_s=0.0, end_s=60_000.0)] == [
        (46_800.0, 400),
        (50_400.0, 1400),
    ]


def test_waits_have_intervals_in_the_order_of_joining() -> None:
    """Twelve waits, all told 5 s too short and covered: points; nine have none; untold ones don't count."""
    rows = [
        WaitError(Visit("q1", (), float(k), 60.0, 60.0, "served", 0, False), 30.0, 25.0, 0.0, None) for k in range(12)
    ]
    untold = [replace(e, told_s=None, low_s=None) for e in rows]
    assert wait_intervals([*rows, *untold]) == {
        "wait_mae_s": (5.0, 5.0), "wait_bias_s": (-5.0, -5.0), "wait_too_short": (1.0, 1.0), "wait_coverage": (1.0, 1.0)
    }  # fmt: skip
    assert set(wait_intervals(rows[:9]).values()) == {None}
