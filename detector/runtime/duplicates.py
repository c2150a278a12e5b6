"""Duplicate removal outside the graph."""

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
