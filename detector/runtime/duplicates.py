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
    boxes = boxes[order]
    low = np.maximum(boxes[:, None, :2], boxes[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], boxes[None, :, 2:])
    shared = (high - low).clip(0).prod(-1)
    area = (boxes[:, 2:] - boxes[:, :2]).prod(1)
    over = shared > iou_limit * (area[:, None] + area[None] - shared)
    stays = np.ones(len(boxes), bool)
    for index in range(len(boxes)):
        if stays[index]:
            stays[index + 1 :] &= ~over[index, index + 1 :]
    return order[stays]
