"""Distillation at the level of boxes: what a teacher sees and nobody labelled becomes a soft label or an ignore box.

Boxes rather than feature maps: they survive every augmentation, and the teacher runs once.
"""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np

from detector.data.pictures import DataError, People, Picture, join
from detector.evaluation.ap import overlaps

SAME_IOU = 0.45  # a teacher's box that overlaps a label this much is that label
COVERED_SHARE = 0.7  # ... or that lies this far inside one


def read_teacher(path: Path) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """{file: {boxes: [xyxy px], scores: []}} -> {file: (boxes (N, 4), scores (N,))}."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return {
            file: (np.array(row["boxes"], np.float32).reshape(-1, 4), np.array(row["scores"], np.float32))
            for file, row in content.items()
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(f"{path}: is no file of teacher boxes ({error}); make one with --detections-out") from error


def add_teacher(picture: Picture, boxes: np.ndarray, scores: np.ndarray, *, sure: float, maybe: float) -> Picture:
    """The picture with the teacher's unlabelled people: weight = score above `sure`, an ignore box above `maybe`."""
    new = scores >= maybe
    labels = picture.people.boxes
    if len(labels) and new.any():
        overlap, own = overlaps(boxes, labels)
        new &= (overlap.max(1) < SAME_IOU) & (own.max(1) < COVERED_SHARE)
    weights = np.where(scores >= sure, scores, 0.0).astype(np.float32)[new]
    count = len(weights)
    extra = People(boxes[new], weights, np.zeros((count, 4), np.float32), np.zeros(count, np.float32))
    return replace(picture, people=join([picture.people, extra]))
