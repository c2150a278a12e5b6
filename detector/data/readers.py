"""Label files to pictures: our own people json, and COCO's json."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from detector.data.pictures import DataError, People, Picture

TEACHER_HEAD_WEIGHT = 0.5


def read_labels(path: Path) -> list[Picture]:
    """Reads a people json or a COCO json; pictures lie beside it, or in the folder images/ beside it."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}); name a people json or a COCO json") from error
    except ValueError as error:
        raise DataError(f"{path}: is not JSON ({error})") from error
    if not isinstance(content, dict) or not isinstance(content.get("images"), list):
        raise DataError(f"{path}: has no list called images; a people json or a COCO json has one")
    if "annotations" in content:
        return _read_coco(path, content)
    return [_people_picture(path, index, image) for index, image in enumerate(content["images"])]


def _people_picture(path: Path, index: int, image: Any) -> Picture:
    where = f"{path}: images[{index}]"
    try:
        file, size = str(image["file"]), (int(image["width"]), int(image["height"]))
        rows = image["people"]
        boxes = [_xyxy(f"{where} ({file}): people[{k}].bbox", row["bbox"]) for k, row in enumerate(rows)]
        weights = [0.0 if row.get("ignore") else 1.0 for row in rows]
        heads, head_weights = [], []
        for k, row in enumerate(rows):
            head = row.get("head_bbox")
            heads.append(_xyxy(f"{where} ({file}): people[{k}].head_bbox", head) if head else [0.0] * 4)
            by_hand = row.get("head_by") == "human"
            head_weights.append((1.0 if by_hand else TEACHER_HEAD_WEIGHT) if head else 0.0)
    except (KeyError, TypeError, AttributeError) as error:
        raise DataError(
            f"{where}: lacks {error}; a picture has file, width, height and people, a person has bbox"
        ) from error
    people = _people(boxes, weights, heads, head_weights)
    return Picture(file, path.parent / file, size, str(image.get("source", "all")), people)


def _read_coco(path: Path, content: dict[str, Any]) -> list[Picture]:
    """COCO's persons; a crowd is an ignore box."""
    names = {row["id"]: row["name"] for row in content.get("categories", [])}
    wanted = {key for key, name in names.items() if name == "person"}
    if not wanted:
        raise DataError(f"{path}: no category is called person, there are: {', '.join(map(str, names.values()))}")
    by_image: dict[Any, list[dict[str, Any]]] = {}
    for row in content["annotations"]:
        if row.get("category_id") in wanted:
            by_image.setdefault(row.get("image_id"), []).append(row)
    pictures = []
    for index, image in enumerate(content["images"]):
        where = f"{path}: images[{index}]"
        try:
            file, size = str(image["file_name"]), (int(image["width"]), int(image["height"]))
            rows = by_image.get(image["id"], [])
        except (KeyError, TypeError) as error:
            raise DataError(f"{where}: lacks {error}; COCO wants id, file_name, width and height") from error
        boxes = [_xyxy(f"{where} ({file}): annotation {row.get('id')}.bbox", row.get("bbox")) for row in rows]
        weights = [0.0 if row.get("iscrowd") else 1.0 for row in rows]
        folder = path.parent if (path.parent / file).exists() else path.parent / "images"
        people = _people(boxes, weights, [[0.0] * 4] * len(boxes), [0.0] * len(boxes))
        pictures.append(Picture(file, folder / file, size, "all", people))
    return pictures


def _xyxy(where: str, box: Any) -> list[float]:
    """COCO's x, y, width, height in pixels -> corners."""
    if not isinstance(box, list) or len(box) != 4 or not all(isinstance(v, (int, float)) for v in box):
        raise DataError(f"{where}: should be [x, y, width, height] in pixels, got {box!r}")
    x, y, width, height = box
    if not np.isfinite(box).all() or width <= 0 or height <= 0:
        raise DataError(f"{where}: width and height must be above 0, got {box!r}; drop or mend the box")
    return [x, y, x + width, y + height]


def _people(
    boxes: list[list[float]], weights: list[float], heads: list[list[float]], head_weights: list[float]
) -> People:
    return People(
        np.array(boxes, np.float32).reshape(-1, 4),
        np.array(weights, np.float32),
        np.array(heads, np.float32).reshape(-1, 4),
        np.array(head_weights, np.float32),
    )
