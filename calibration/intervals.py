"""How sure a mean error is, and how it differs by the length of the queue. Pure functions."""

from collections.abc import Iterable, Sequence

import numpy as np

from calibration.scoring import LengthError, length_score

MIN_ROWS = 10  # of fewer an interval would pretend
RESAMPLES = 4000
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


def mae_interval(errors: Iterable[LengthError]) -> tuple[float, float] | None:
    """The 95 % interval of the mean absolute error of the length, people; unknown lengths are left out."""
    rows = sorted((e for e in errors if e.error is not None), key=lambda e: e.truth.pts_s)
    return mean_interval([float(abs(e.error or 0)) for e in rows])


def by_length(errors: Iterable[LengthError]) -> dict[str, dict[str, object]]:
    """`length_score` by how many there were in truth; classes without a moment are left out."""
    rows = list(errors)
    classes = {name: [e for e in rows if low <= e.truth.length <= high] for name, low, high in CLASSES}
    return {name: length_score(group) for name, group in classes.items() if group}
