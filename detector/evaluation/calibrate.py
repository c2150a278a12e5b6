"""Makes a score mean something: the share of boxes of that score that are people (Platt 1999, without his priors)."""

import numpy as np
from numpy.typing import NDArray

from detector.evaluation.ap import Scored

LEAST_SCORE = 0.02  # below it there are only faults, and very many
STEPS = 50


def fit_calibration(rows: Scored) -> tuple[float, float]:
    """Gain and offset such that sigmoid(gain * logit(score) + offset) is the chance that a box is right.

    Maximum likelihood by Newton's method; (1, 0) where there is nothing to fit.
    """
    table = np.array([row for row in rows if LEAST_SCORE <= row[0] < 1], np.float64).reshape(-1, 2)
    right = table[:, 1]
    if len(table) < 20 or right.min() == right.max():
        return 1.0, 0.0
    inputs = np.stack([np.log(table[:, 0] / (1 - table[:, 0])), np.ones(len(table))], 1)  # (N, 2)
    solution: NDArray[np.float64] = np.array([1.0, 0.0])
    for _ in range(STEPS):
        chance = 1 / (1 + np.exp(-inputs @ solution))
        slope = inputs.T @ (right - chance) - 1e-6 * solution  # a little pull towards 0 keeps separable data finite
        curve = (inputs * (chance * (1 - chance))[:, None]).T @ inputs + 1e-6 * np.eye(2)
        solution = solution + np.linalg.solve(curve, slope)
    return float(solution[0]), float(solution[1])
