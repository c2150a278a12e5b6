"""One scale of scores for every model: the working threshold is always told as WORKING_SCORE.

A model's raw scores depend on its training; trackers, recordings of detections and settings should not. The mapping is
monotone, so no ranking (and no AP) changes.
"""

import numpy as np
from numpy.typing import NDArray

WORKING_SCORE = 0.4  # as many people too many as too few on the model's validation pictures
LEAST_SCORE = 0.1  # weaker boxes help nobody: a tracker goes on with boxes down to 0.15


def told(raw: NDArray[np.float32], threshold: float) -> NDArray[np.float32]:
    """Raw scores (N,) in [0, 1] -> told ones: straight from 0 over (threshold, WORKING_SCORE) to 1."""
    return np.interp(raw, (0.0, threshold, 1.0), (0.0, WORKING_SCORE, 1.0)).astype(np.float32)


def raw_of(score: float, threshold: float) -> float:
    """The raw score that is told as `score`."""
    return float(np.interp(score, (0.0, WORKING_SCORE, 1.0), (0.0, threshold, 1.0)))
