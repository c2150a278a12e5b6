"""How sure a mean error is, and how it differs by the length of the queue. Pure functions."""

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from calibration.scoring import LengthError, WaitError, length_score

MIN_ROWS = 10  # of fewer an interval would pretend
RESAMPLES = 4000
PERIODS_S = (10.0, 60.0, 300.0, 900.0, 3600.0)
PERIODS_MOST = 12  # of a recording shorter than that many hours
CLASSES = (("0", 0, 0), ("1-5", 1, 5), ("6-15", 6, 15), ("16+", 16, 99_999))


def mean_interval(values: Sequence[float], *, seed: int = 0) -> tuple[float, float] | None:
    """The 95 % interval of the mean of values in the order of time; None of fewer than MIN_ROWS.

    Circular moving blocks of about n ** (1/3) values are drawn with replacement, because errors near each other in time
    are of the same people (Politis and Romano 1992, "A circular block-resampling procedure for stationary data").
    """
    n = len(values)
    if n < MIN_ROWS:
        return None
    block = max(round(n ** (1 / 3)), 1)
    starts = np.random.default_rng(seed).integers(0, n, (RESAMPLES, -(-n // block)))
    drawn = (starts[:, :, None] + np.arange(block)) % n
    means = np.asarray(values, dtype=np.float64)[drawn.reshape(RESAMPLES, -1)[:, :n]].mean(axis=1)
    low, high = np.quantile(means, (0.025, 0.975))
    return round(float(low), 4), round(float(high), 4)


def length_intervals(errors: Iterable[LengthError]) -> dict[str, tuple[float, float] | None]:
    """95 % intervals of length_mae, length_bias (people) and within_1 (share), in the order of time.

    Unknown lengths are left out.
    """
    rows = sorted((e for e in errors if e.error is not None), key=lambda e: e.truth.pts_s)
    off = [float(e.error or 0) for e in rows]
    return {
        "length_mae": mean_interval([abs(e) for e in off]),
        "length_bias": mean_interval(off),
        "within_1": mean_interval([float(abs(e) <= 1) for e in off]),
    }


def wait_intervals(errors: Iterable[WaitError]) -> dict[str, tuple[float, float] | None]:
    """95 % intervals of wait_mae_s, wait_bias_s, wait_too_short and wait_coverage, in the order of joining.

    Those who join one after another wait in one line, so their errors hang together: blocks are drawn here as well.
    """
    rows = sorted((e for e in errors if e.error_s is not None), key=lambda e: e.visit.joined_s)
    off_s = [float(e.error_s or 0.0) for e in rows]
    return {
        "wait_mae_s": mean_interval([abs(e) for e in off_s]),
        "wait_bias_s": mean_interval(off_s),
        "wait_too_short": mean_interval([float(e < 0) for e in off_s]),
        "wait_coverage": mean_interval([float(e.covered) for e in rows]),
    }


def by_period(errors: Iterable[LengthError], *, start_s: float, end_s: float) -> list[dict[str, Any]]:
    """`length_score` hour by hour (shorter periods in a recording shorter than an hour or so), with from_s and to_s.

    Periods without a moment of truth are left out.
    """
    rows = list(errors)
    period_s = next((p for p in PERIODS_S if (end_s - start_s) / p <= PERIODS_MOST), PERIODS_S[-1])
    found = []
    for k in sorted({math.floor((e.truth.pts_s - start_s) / period_s) for e in rows}):
        mine = [e for e in rows if math.floor((e.truth.pts_s - start_s) / period_s) == k]
        from_s = start_s + k * period_s
        found.append({"from_s": round(from_s, 3), "to_s": round(from_s + period_s, 3), **length_score(mine)})
    return found


def by_length(errors: Iterable[LengthError]) -> dict[str, dict[str, object]]:
    """`length_score` by how many there were in truth; classes without a moment are left out."""
    rows = list(errors)
    classes = {name: [e for e in rows if low <= e.truth.length <= high] for name, low, high in CLASSES}
    return {name: length_score(group) for name, group in classes.items() if group}
