"""MR-2, the log-average miss rate of pedestrian detection (Dollar et al. 2012, section 4.1)."""

import numpy as np

from detector.evaluation.ap import Scored

POINTS = np.logspace(-2.0, 0.0, 9)  # false boxes a picture


def log_average_miss_rate(rows: Scored, people: int, pictures: int) -> float:
    """The geometric mean of the miss rate at nine numbers of false boxes a picture from 0.01 to 1; lower is better.

    Where the curve does not reach so few false boxes everybody counts as missed. NaN without people.

    Args:
        rows: (score, right or wrong) of every detection.
        people: how many there were to be found.
        pictures: how many were looked at.
    """
    if not people:
        return float("nan")
    right = np.array([row[1] for row in sorted(rows, key=lambda row: -row[0])], np.float64)
    missed = np.concatenate([[1.0], 1 - np.cumsum(right) / people])
    false_a_picture = np.concatenate([[0.0], np.cumsum(1 - right) / pictures])
    at = np.searchsorted(false_a_picture, POINTS, side="right") - 1  # the last point with no more false boxes
    return float(np.exp(np.log(np.maximum(missed[at], 1e-10)).mean()))
