"""Where people stand: the middle of the box's bottom edge, or what the upper part tells where that edge is not seen.

An inference is made only on evidence: the person's own height, seen whole a little earlier at about the same place in
the picture, or a box too wide for its height to hold a standing person (the legs are behind a trolley, a counter, a
table). Without it the plain bottom middle stands.
"""

import numpy as np
from numpy.typing import NDArray

from edge.kalman import Array

BORDER = 0.01  # of the picture's height: a bottom edge this near to the border may be cut by it
SHRUNK = 0.88  # a box lower than this share of the known height has lost its feet
NEAR = 0.5  # of the known height: a person whose head moved farther up or down has another height in the picture
WIDEST = 0.6  # width over height of a standing person's box; pedestrian data sets have 0.41 on average, hardly any 0.6
MOST_HIDDEN = 0.5  # of the seen height: what is added at most for a box that is too wide (it may hold two people)
INSIDE = 5e-4  # ground points keep off the picture's border by this: who stands on it is inside a lane that ends there


def bottom_cut(boxes: Array, size_px: tuple[int, int]) -> NDArray[np.bool_]:
    """(N,): does the picture's lower border cut the boxes (N, 4)?"""
    return np.greater_equal(boxes[:, 3], size_px[1] * (1 - BORDER))


def bottom_hidden(boxes: Array) -> NDArray[np.bool_]:
    """(N,): is the middle of a box's bottom edge inside another box whose own bottom is lower (who stands in front)?"""
    if len(boxes) < 2:
        return np.zeros(len(boxes), np.bool_)
    x = (boxes[:, 0] + boxes[:, 2])[:, None] / 2
    bottom = boxes[:, 3][:, None]
    margin = 0.03 * (boxes[:, 3] - boxes[:, 1])[:, None]
    within = (boxes[None, :, 0] < x) & (x < boxes[None, :, 2]) & (boxes[None, :, 1] < bottom)
    lower = boxes[None, :, 3] > bottom + margin
    return np.asarray(np.any(within & lower, axis=1), dtype=np.bool_)


def remember(known: Array, boxes: Array, whole: NDArray[np.bool_], dt_s: float) -> Array:
    """The people's memory (N, 2) of (height, top) in pixels, nan for none, after boxes (N, 4) of which some are whole.

    The height follows over about a second; the first whole box counts at once.
    """
    seen = np.stack([boxes[:, 3] - boxes[:, 1], boxes[:, 1]], axis=1)
    share = 1 - np.exp(-max(dt_s, 0.05) / 1.0)
    mixed = np.where(np.isnan(known), seen, known + share * (seen - known))
    return np.where(whole[:, None], mixed, known)


def ground_points(boxes: Array, known: Array, unseen: NDArray[np.bool_], size_px: tuple[int, int]) -> Array:
    """(N, 2) fractions of the picture where people of boxes (N, 4) stand; always inside the picture.

    `unseen` (N,): the bottom edge is cut or hidden; `known` (N, 2): see remember().
    """
    height, top = known[:, 0], known[:, 1]
    with np.errstate(invalid="ignore"):  # nan where nothing is known
        near = np.abs(boxes[:, 1] - top) < NEAR * height
        lost = (boxes[:, 3] - boxes[:, 1]) < SHRUNK * height
    seen = boxes[:, 3] - boxes[:, 1]
    hidden = np.clip((boxes[:, 2] - boxes[:, 0]) / WIDEST - seen, 0, MOST_HIDDEN * seen)
    bottom = np.where(unseen & near & lost, boxes[:, 1] + height, boxes[:, 3] + hidden)
    middle = (boxes[:, 0] + boxes[:, 2]) / 2
    points = np.stack([middle / size_px[0], bottom / size_px[1]], axis=1)
    return np.clip(points, INSIDE, 1 - INSIDE)
