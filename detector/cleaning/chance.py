"""How likely a crop shows a person, told by a classifier that never saw it: logistic regression, cross-fitted.

Labelled boxes against places where nobody is labelled (Northcutt et al. 2021 call it confident learning): a few wrong
labels among many right ones do not teach a linear classifier anything.
"""

import numpy as np
from numpy.typing import NDArray

FOLDS = 5
STEPS = 8
PULL = 1.0  # towards 0: a prior of one unit on every weight


def person_chances(
    vectors: NDArray[np.float32], is_person: NDArray[np.bool_], learns: NDArray[np.bool_], fold: NDArray[np.int64]
) -> NDArray[np.float64]:
    """The chance (N,) of being a person, each from the other folds.

    Args:
        vectors: (N, D).
        is_person: (N,) what the labels say.
        learns: (N,) which are learnt from; the others are only judged.
        fold: (N,) any numbers; crops of one picture share theirs.
    """
    spread = vectors.std(0, keepdims=True) if len(vectors) else np.ones((1, vectors.shape[1]))
    inputs = np.concatenate([vectors / np.maximum(spread, 1e-9), np.ones((len(vectors), 1))], 1).astype(np.float64)
    chances = np.full(len(vectors), 0.5)
    for held_out in range(FOLDS):
        own = fold % FOLDS == held_out
        train = learns & ~own
        if not own.any() or is_person[train].all() or not is_person[train].any():
            continue  # nothing to tell apart: one half
        weights = _fit(inputs[train], is_person[train].astype(np.float64))
        chances[own] = _logistic(inputs[own] @ weights)
    return chances


def _fit(inputs: NDArray[np.float64], right: NDArray[np.float64]) -> NDArray[np.float64]:
    """Newton's method; both classes weigh the same in all."""
    share = right.mean()
    worth = np.where(right > 0, 0.5 / share, 0.5 / (1 - share))
    weights = np.zeros(inputs.shape[1])
    for _ in range(STEPS):
        chance = _logistic(inputs @ weights)
        slope = inputs.T @ ((right - chance) * worth) - PULL * weights
        curve = (inputs * (chance * (1 - chance) * worth)[:, None]).T @ inputs + PULL * np.eye(len(weights))
        weights = weights + np.linalg.solve(curve, slope)
    return weights


def _logistic(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(1 / (1 + np.exp(-np.clip(values, -30, 30))))
