"""Duplicate removal outside the graph: by a limit, or by fading scores."""

import numpy as np
from numpy.typing import NDArray


def without_duplicates(boxes: NDArray[np.float32], scores: NDArray[np.float32], iou_limit: float) -> NDArray[np.int64]:
    """Greedy non-maximum suppression.

    One matrix of overlaps, then one pass: a box stays when no better box that stays overlaps it more than the limit.

    Args:
        boxes: (N, 4) xyxy.
        scores: (N,).
        iou_limit: in [0, 1].

    Returns:
        Places of the boxes that stay, best score first.
    """
    order = np.argsort(-scores, kind="stable")
    x1, y1, x2, y2 = boxes[order].T
    wide = np.minimum(x2[:, None], x2) - np.maximum(x1[:, None], x1)  # (N, N)
    high = np.minimum(y2[:, None], y2) - np.maximum(y1[:, None], y1)
    shared = np.maximum(wide, 0) * np.maximum(high, 0)
    area = (x2 - x1) * (y2 - y1)
    over = np.triu(shared * (1 + iou_limit) > iou_limit * (area[:, None] + area), 1)  # row: better, column: worse
    stays = np.ones(len(order), bool)
    for index in np.flatnonzero(over.any(1)):
        if stays[index]:
            stays &= ~over[index]
    return order[stays]


def fade_duplicates(
    boxes: NDArray[np.float32], scores: NDArray[np.float32], fade: tuple[float, float], least_score: float
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Non-maximum suppression that doubts before it drops (Bodla et al. 2017, Soft-NMS, with a linear fade).

    The best box left is taken, and the scores of the rest fall with how much they overlap it. Somebody half hidden
    behind another stays when the network was sure; a second, doubtful box of one person does not.

    Args:
        boxes: (N, 4) xyxy.
        scores: (N,).
        fade: IoU from which a score falls, and IoU at which nothing is left of it.
        least_score: boxes whose score falls below are dropped.

    Returns:
        Places of the boxes that stay, best score first, and their scores as they are now.
    """
    begin, end = fade
    share = np.clip((end - _iou(boxes)) / (end - begin), 0.0, 1.0).astype(np.float32)  # (N, N): what stays of a score
    left = scores.astype(np.float32)
    waiting = (left > 0) & (left >= least_score)
    taken: list[int] = []
    while waiting.any():
        best = int(np.where(waiting, left, -1.0).argmax())
        taken.append(best)
        waiting[best] = False
        left = np.where(waiting, left * share[best], left)
        waiting &= (left > 0) & (left >= least_score)
    places = np.array(taken, np.int64)
    return places, left[places]


def _iou(boxes: NDArray[np.float32]) -> NDArray[np.float64]:
    """(N, N) from (N, 4)."""
    x1, y1, x2, y2 = boxes.astype(np.float64).T
    wide = np.minimum(x2[:, None], x2) - np.maximum(x1[:, None], x1)
    high = np.minimum(y2[:, None], y2) - np.maximum(y1[:, None], y1)
    shared = np.maximum(wide, 0) * np.maximum(high, 0)
    area = (x2 - x1) * (y2 - y1)
    return np.asarray(shared / np.maximum(area[:, None] + area - shared, 1e-9), np.float64)
