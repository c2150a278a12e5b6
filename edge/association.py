"""Which box belongs to which person: the assignment that is likeliest as a whole.

The cost of a pair is minus twice the log-likelihood of the box under the person's filter, under the likelier of two
hypotheses: the person went on as before (narrow), or did something else, up to walking off at once (wide, with a
penalty). A person or a box may stay without a partner at the price of `ALONE`; a pair that costs more is never made.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from edge.kalman import Array, States

ALONE = 11.0
ALONE_AT_BORDER = 9.0
WIDE_PENALTY = 5.0
WIDE_SPEED = 0.4  # body heights a second, standard deviation of what a person may do between two pictures
WIDE_LIMIT_S = 1.5  # who was hidden longer did not walk on all the while
REACH = (0.35, 0.8)  # farthest a box may be: body heights at once, and more of them a second
RUN_SPEED = 3.0  # body heights a second: about 5 m/s
RUN_ALIKE = (2.2, 1.5)  # a runner's boxes are at most so many times as wide and as high as each other
SIZE_CAP = 20.0  # a box cut by the one in front is the same person: its size may not decide alone


def pair_costs(states: States, body_px: Array, hidden_s: Array, boxes: Array, noise: Array) -> Array:
    """Cost (N, M) of N people with M boxes (M, 4) (x middle, top, width, height).

    body_px (N,) is each person's scale, hidden_s (N,) seconds since last seen, noise (N, 4) of a measurement in pixels.
    """
    if not len(boxes) or not len(body_px):
        return np.zeros((len(body_px), len(boxes)))
    r2: Array = (boxes[None] - states.x[:, None]) ** 2  # (N, M, 4)
    s = states.cov[..., 0] + noise**2
    away = np.minimum(hidden_s, WIDE_LIMIT_S)
    wide = s[:, :2] + (WIDE_SPEED * away * body_px)[:, None] ** 2
    body2 = body_px[:, None] ** 2
    size = np.minimum(r2[..., 2:] / s[:, None, 2:], SIZE_CAP).sum(axis=2)
    size += np.log(s[:, 2:] / body2).sum(axis=1)[:, None] + 10.0  # 10: about what the logs are for a settled track
    as_before = (r2[..., :2] / s[:, None, :2]).sum(axis=2) + np.log(s[:, :2] / body2).sum(axis=1)[:, None]
    else_ = (r2[..., :2] / wide[:, None]).sum(axis=2) + np.log(wide / body2).sum(axis=1)[:, None] + WIDE_PENALTY
    cost: Array = np.minimum(as_before, else_) + size
    reach = (REACH[0] + REACH[1] * away) * body_px
    unlike = (boxes[None, :, 2] > 2.2 * states.x[:, None, 2]) | (boxes[None, :, 2] * 2.2 < states.x[:, None, 2])
    cost[(r2[..., :2].sum(axis=2) > reach[:, None] ** 2) | unlike] = np.inf
    return cost


def assign(cost: Array, alone: Array) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rows and columns of the pairs in the cheapest assignment; a box may stay alone at its price `alone` (M,)."""
    if cost.size == 0:
        return np.zeros(0, np.intp), np.zeros(0, np.intp)
    rows, columns = linear_sum_assignment(np.minimum(cost, alone))
    made = cost[rows, columns] < alone[columns]
    return rows[made], columns[made]


def alone_costs(boxes: Array, size_px: tuple[int, int]) -> Array:
    """(M,) price of a box (x middle, top, width, height) that is nobody's: people come in at the border."""
    width, height = size_px
    x, margin = boxes[:, 0], 0.75 * boxes[:, 2]
    border = (x < margin) | (x > width - margin) | (boxes[:, 1] + boxes[:, 3] > 0.98 * height)
    return np.where(border, ALONE_AT_BORDER, ALONE)


def running_pairs(
    first: Array, body_px: Array, away_s: Array, boxes: Array
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rows and columns of people seen once and the boxes that they ran to, nearest and most alike as a whole.

    first (N, 4) and boxes (M, 4) are (x middle, top, width, height), and nobody's so far; body_px (N,), away_s (N,) as
    above.
    """
    if not len(first) or not len(boxes):
        return np.zeros(0, np.intp), np.zeros(0, np.intp)
    far = np.hypot(*np.moveaxis(boxes[None, :, :2] - first[:, None, :2], 2, 0)) / body_px[:, None]  # (N, M)
    sizes = np.abs(np.log(boxes[None, :, 2:] / first[:, None, 2:])) / np.log(RUN_ALIKE)  # (N, M, 2)
    reach = REACH[0] + RUN_SPEED * np.minimum(away_s, WIDE_LIMIT_S)
    cost = far / reach[:, None] + sizes.max(axis=2)
    cost[(far > reach[:, None]) | (sizes > 1.0).any(axis=2)] = np.inf
    return assign(cost, np.full(len(boxes), 2.1))


def overlap(a: Array, b: Array) -> Array:
    """Intersection over union (N, M) of boxes (N, 4) and (M, 4), x1 y1 x2 y2."""
    shared, areas_a, areas_b = _areas(a, b)
    ratio: Array = shared / np.maximum(areas_a + areas_b - shared, 1e-9)
    return ratio


def within(a: Array, b: Array) -> Array:
    """How much of the smaller of two boxes lies in the larger (N, M), of (N, 4) and (M, 4), x1 y1 x2 y2."""
    shared, areas_a, areas_b = _areas(a, b)
    ratio: Array = shared / np.maximum(np.minimum(areas_a, areas_b), 1e-9)
    return ratio


def _areas(a: Array, b: Array) -> tuple[Array, Array, Array]:
    """(N, M) shared, (N, 1) and (1, M)."""
    low = np.maximum(a[:, None, :2], b[None, :, :2])
    high = np.minimum(a[:, None, 2:], b[None, :, 2:])
    shared = np.prod(np.maximum(high - low, 0), axis=2)
    return shared, np.prod(a[:, 2:] - a[:, :2], axis=1)[:, None], np.prod(b[:, 2:] - b[:, :2], axis=1)[None]
