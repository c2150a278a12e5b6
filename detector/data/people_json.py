"""Our people json and COCO's, read; the people json also written.

People json: `{"folder": where the pictures lie (left out: beside the file), "images": [{file, width, height, source,
people: [{bbox [x, y, w, h] px, ignore, head_bbox or null, head_by "human" or "teacher"}]}]}`.
"""

import json
import os
from pathlib import Path
from typing import Any

from detector.data.faults import Faults, box_fault, outside_fault
from detector.data.pictures import DataError, People, Picture, Row, people_of

TEACHER_HEAD_WEIGHT = 0.5


def read_json(path: Path) -> list[Picture]:
    """Reads a people json or a COCO json; pictures lie beside it, or in the folder images/ beside it."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from error
    except ValueError as error:
        raise DataError(f"{path}: is not JSON ({error})") from error
    if not isinstance(content, dict) or not isinstance(content.get("images"), list):
        raise DataError(f"{path}: has no list called images; a people json or a COCO json has one")
    faults = Faults(path)
    if "annotations" in content:
        pictures = _read_coco(path, content, faults)
    else:
        folder = path.parent / str(content.get("folder", ""))
        rows = enumerate(content["images"])
        pictures = [picture for index, row in rows if (picture := _people_picture(folder, index, row, faults))]
    faults.stop_if_any()
    return pictures


def write_people_json(path: Path, pictures: list[Picture]) -> None:
    """Writes pictures of one folder as a people json that names this folder."""
    folders = {_folder(picture) for picture in pictures}
    if len(folders) > 1:
        raise DataError(f"{path}: pictures of one label file lie in one folder, got {', '.join(sorted(folders))}")
    folder = os.path.relpath(folders.pop(), path.parent.resolve()) if folders else "."
    content = {"folder": folder, "images": [_as_row(picture) for picture in pictures]}
    part = path.with_suffix(".part")
    part.write_text(json.dumps(content), encoding="utf-8")
    os.replace(part, path)


def _folder(picture: Picture) -> str:
    """Where `file` is counted from."""
    whole = str(picture.path.absolute())
    return whole.removesuffix(picture.file) or "/"


def _as_row(picture: Picture) -> dict[str, Any]:
    people = []
    p = picture.people
    for box, weight, head, head_weight in zip(p.boxes, p.weights, p.heads, p.head_weights, strict=True):
        row: dict[str, Any] = {"bbox": _xywh(box), "ignore": int(weight <= 0), "head_bbox": None, "head_by": None}
        if head_weight > 0:
            row |= {"head_bbox": _xywh(head), "head_by": "human" if head_weight >= 1 else "teacher"}
        people.append(row)
    width, height = picture.size_px
    return {"file": picture.file, "width": width, "height": height, "source": picture.source, "people": people}


def _xywh(box: Any) -> list[float]:
    x1, y1, x2, y2 = (float(v) for v in box)
    return [round(v, 2) for v in (x1, y1, x2 - x1, y2 - y1)]


def _people_picture(folder: Path, index: int, image: Any, faults: Faults) -> Picture | None:
    where = f"images[{index}]"
    try:
        file, size = str(image["file"]), (int(image["width"]), int(image["height"]))
        rows = list(image["people"])
    except (KeyError, TypeError, ValueError) as error:
        faults.add(where, f"lacks {error}; a picture has file, width, height and people, a person has bbox")
        return None
    good: list[Row] = []
    for k, row in enumerate(rows):
        place = f"{where} ({file}): people[{k}]"
        if not isinstance(row, dict) or "bbox" not in row:
            faults.add(place, "lacks 'bbox'; a person has bbox [x, y, width, height]")
            continue
        box, head = row["bbox"], row.get("head_bbox") or None
        fault = box_fault(box) or outside_fault(box, size)
        head_fault = box_fault(head) if head is not None else None
        if fault:
            faults.add(f"{place}.bbox", fault)
        if head_fault:
            faults.add(f"{place}.head_bbox", head_fault)
        if not fault and not head_fault:
            by_hand = row.get("head_by") == "human"
            head_weight = (1.0 if by_hand else TEACHER_HEAD_WEIGHT) if head else 0.0
            good.append((box, 0.0 if row.get("ignore") else 1.0, head, head_weight))
    return Picture(file, folder / file, size, str(image.get("source", "all")), people_of(good))


def _read_coco(path: Path, content: dict[str, Any], faults: Faults) -> list[Picture]:
    """COCO's persons; a crowd is an ignore box."""
    names = {row.get("id"): row.get("name") for row in content.get("categories", []) if isinstance(row, dict)}
    wanted = {key for key, name in names.items() if name == "person"}
    if not wanted:
        raise DataError(f"{path}: no category is called person, there are: {', '.join(map(str, names.values()))}")
    by_image: dict[Any, list[dict[str, Any]]] = {}
    for k, row in enumerate(content["annotations"]):
        if not isinstance(row, dict):
            faults.add(f"annotations[{k}]", f"should be an object, got {row!r}")
        elif row.get("category_id") in wanted:
            by_image.setdefault(row.get("image_id"), []).append(row)
    pictures = []
    for index, image in enumerate(content["images"]):
        try:
            file, size = str(image["file_name"]), (int(image["width"]), int(image["height"]))
            rows = by_image.pop(image["id"], [])
        except (KeyError, TypeError, ValueError) as error:
            faults.add(f"images[{index}]", f"lacks {error}; COCO wants id, file_name, width and height")
            continue
        folder = path.parent if (path.parent / file).exists() else path.parent / "images"
        people = _coco_people(f"images[{index}] ({file})", rows, size, faults)
        pictures.append(Picture(file, folder / file, size, "all", people))
    for image_id, rows in by_image.items():
        ids = ", ".join(str(row.get("id")) for row in rows[:3])
        faults.add(f"annotation {ids}", f"belongs to image_id {image_id!r}, which no image has")
    return pictures


def _coco_people(where: str, rows: list[dict[str, Any]], size: tuple[int, int], faults: Faults) -> People:
    good: list[Row] = []
    for row in rows:
        box: Any = row.get("bbox")
        fault = box_fault(box) or outside_fault(box, size)
        if fault:
            faults.add(f"{where}: annotation {row.get('id')}.bbox", fault)
        else:
            good.append((box, 0.0 if row.get("iscrowd") else 1.0, None, 0.0))
    return people_of(good)
