"""How far two people who counted the same moments agree."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from calibration.truth import TruthCount


@dataclass(frozen=True)
class Agreement:
    """Two counters on the moments that both counted.

    Attributes:
        n: moments.
        exact: share on which they said the same.
        mae: mean absolute difference, people.
        alpha: Krippendorff's alpha for intervals: 1 is full agreement, 0 chance; None where all counts are equal.
    """

    n: int
    exact: float
    mae: float
    alpha: float | None


def agreement(one: Sequence[TruthCount], two: Sequence[TruthCount]) -> Agreement | None:
    """Compares by queue and moment (to a hundredth of a second); None where no moment was counted by both."""
    theirs = {(c.queue_id, round(c.pts_s, 2)): c.length for c in two}
    mine = {(c.queue_id, round(c.pts_s, 2)): c.length for c in one}
    pairs = np.array([(mine[key], theirs[key]) for key in mine if key in theirs], np.float64).reshape(-1, 2)
    if not len(pairs):
        return None
    apart = np.abs(pairs[:, 0] - pairs[:, 1])
    return Agreement(len(pairs), float((apart == 0).mean()), float(apart.mean()), interval_alpha(pairs))


def interval_alpha(pairs: "np.ndarray[tuple[int, int], np.dtype[np.float64]]") -> float | None:
    """Krippendorff's alpha with squared differences for (N, 2) values without gaps; None where they never vary.

    alpha = 1 - observed / expected disagreement (Krippendorff, Computing Krippendorff's Alpha-Reliability, 2011).
    """
    values = pairs.ravel()
    expected = np.square(values[:, None] - values).sum() / (len(values) * (len(values) - 1))
    if expected == 0:
        return None
    return float(1.0 - np.square(pairs[:, 0] - pairs[:, 1]).mean() / expected)
