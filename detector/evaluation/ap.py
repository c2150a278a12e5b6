"""Average precision of person boxes at IoU 0.5; ignore boxes are neither right nor wrong.

COCO's 101-point interpolation. A detection that matches no person and meets an ignore box (IoU at least 0.5, or at
least 60 % of it inside) is left out; an ignore box can swallow any number.
"""

import numpy as np
from numpy.typing import NDArray

from detector.data.pictures import People

MATCH_IOU = 0.5
IGNORE_SHARE = 0.6

Scored = list[tuple[float, int]]  # (score, 1 right / 0 wrong)


def overlaps(a: NDArray[np.float32], b: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """IoU (N, M) of boxes (N, 4) and (M, 4), and the share of each of the first that lies in each of the second."""
    a, b = a.astype(np.float64), b.astype(np.float64)
    low, high = np.maximum(a[:, None, :2], b[None, :, :2]), np.minimum(a[:, None, 2:], b[None, :, 2:])
    shared = (high - low).clip(0).prod(-1)
    area_a, area_b = (a[:, 2:] - a[:, :2]).prod(-1)[:, None], (b[:, 2:] - b[:, :2]).prod(-1)[None]
    return shared / (area_a + area_b - shared + 1e-9), shared / (area_a + 1e-9)


def match(boxes: NDArray[np.float32], scores: NDArray[np.float32], people: People) -> tuple[Scored, NDArray[np.bool_]]:
    """Matches one picture's detections, best first; also tells which of the people were found."""
    ignored = people.weights <= 0
    found = np.zeros(len(people.boxes), bool)
    if not len(people.boxes):
        return [(float(score), 0) for score in scores], found
    iou, share = overlaps(boxes, people.boxes)
    rows: Scored = []
    for index in np.argsort(-scores, kind="stable"):
        free = np.where(found | ignored, -1.0, iou[index])
        best = int(free.argmax())
        if free[best] >= MATCH_IOU:
            found[best] = True
            rows.append((float(scores[index]), 1))
        elif not (
            iou[index][ignored].max(initial=0) >= MATCH_IOU or share[index][ignored].max(initial=0) >= IGNORE_SHARE
        ):
            rows.append((float(scores[index]), 0))
    return rows, found


def average_precision(rows: Scored, people: int) -> float:
    """Area under the precision-recall curve on 101 recalls; NaN where nobody was to be found."""
    if not rows or not people:
        return float("nan")
    ordered = sorted(rows, reverse=True)
    right = np.cumsum([row[1] for row in ordered])
    recall, precision = right / people, right / np.arange(1, len(ordered) + 1)
    precision = np.maximum.accumulate(precision[::-1])[::-1]
    return float(np.mean([precision[recall >= r].max(initial=0) for r in np.linspace(0, 1, 101)]))
