"""COCO's own average precision, from faster-coco-eval: AP50:95, and AP50 to hold ours against.

Two things differ from ours (ap.py): a detection that has 50 % of itself in an ignore box is left out (ours 60 %, or an
IoU of 0.5), and COCO looks at the best hundred boxes a picture only.
"""

import contextlib
import io
from collections.abc import Mapping
from typing import Any

import numpy as np

from detector.data.pictures import Picture
from detector.runtime.detections import Detections


def coco_precision(pictures: list[Picture], detections: Mapping[str, Detections]) -> tuple[float, float] | None:
    """(AP50:95, AP50) of all pictures; None where faster-coco-eval is not installed; NaN without people."""
    try:
        from faster_coco_eval import COCO, COCOeval_faster  # noqa: PLC0415  of the train extra; a box has none
    except ImportError:
        return None
    rows, count = _detections(pictures, detections), sum(int((p.people.weights > 0).sum()) for p in pictures)
    if not count or not rows:
        return (float("nan"), float("nan")) if not count else (0.0, 0.0)
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO(_truth(pictures))
        result = COCOeval_faster(truth, truth.loadRes(rows), "bbox", print_function=lambda *_: None)
        result.evaluate()
        result.accumulate()
        result.summarize()
    return float(result.stats[0]), float(result.stats[1])


def _truth(pictures: list[Picture]) -> dict[str, Any]:
    annotations: list[dict[str, Any]] = []
    for index, picture in enumerate(pictures):
        for box, weight in zip(_xywh(picture.people.boxes), picture.people.weights, strict=True):
            annotations.append(
                {
                    "id": len(annotations) + 1,
                    "image_id": index,
                    "category_id": 1,
                    "bbox": box.tolist(),
                    "area": float(box[2] * box[3]),
                    "iscrowd": int(weight <= 0),
                }
            )
    images = [
        {"id": index, "file_name": p.file, "width": p.size_px[0], "height": p.size_px[1]}
        for index, p in enumerate(pictures)
    ]
    return {"images": images, "annotations": annotations, "categories": [{"id": 1, "name": "person"}], "info": {}}


def _detections(pictures: list[Picture], detections: Mapping[str, Detections]) -> list[dict[str, Any]]:
    return [
        {"image_id": index, "category_id": 1, "bbox": box.tolist(), "score": float(score)}
        for index, picture in enumerate(pictures)
        if picture.file in detections
        for box, score in zip(_xywh(detections[picture.file].boxes), detections[picture.file].scores, strict=True)
    ]


def _xywh(boxes: np.ndarray) -> np.ndarray:
    return np.concatenate([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]], 1).astype(np.float64)
