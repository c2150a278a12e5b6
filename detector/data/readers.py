"""Label files to pictures, whatever the format; and a data folder to its training and validation parts.

| given | format |
|---|---|
| FILE.json | our people json, or COCO's |
| FILE.odgt | CrowdHuman: visible boxes, head boxes; pictures in Images/ or images/ beside it |
| FILE.yaml, folder with labels/ | YOLO txt |
| gt.txt, folder with gt/gt.txt, folder of such | MOT |
"""

import logging
from pathlib import Path

from detector.data.crowdhuman import read_odgt
from detector.data.mot import is_sequence, read_sequence
from detector.data.people_json import read_json
from detector.data.pictures import DataError, Picture
from detector.data.yolo import is_yolo, read_whole_yaml, read_yaml, read_yolo, read_yolo_part

log = logging.getLogger(__name__)

KINDS = "a people json or a COCO json, CrowdHuman .odgt, YOLO data.yaml or folder, MOT gt.txt or folder"
PART_FILES = ("{}.json", "annotation_{}.odgt", "{}.odgt", "annotations/instances_{}.json", "annotations/{}.json")
HELD_OUT = 10  # of a single file every run of so many pictures gives its last to validation


def read_labels(path: Path) -> list[Picture]:
    """Reads one label file or folder; every fault in it is told at once (DataError)."""
    if path.is_dir():
        return _read_folder(path)
    if not path.exists():
        raise DataError(f"{path}: cannot be read (No such file or directory); name {KINDS}")
    if path.name == "gt.txt":
        return read_sequence(path.parent.parent if path.parent.name == "gt" else path.parent)
    readers = {".json": read_json, ".odgt": read_odgt, ".yaml": read_whole_yaml, ".yml": read_whole_yaml}
    if path.suffix.lower() not in readers:
        raise DataError(f"{path}: is of no format that is known here; name {KINDS}")
    return readers[path.suffix.lower()](path)


def read_parts(data: Path) -> tuple[list[Picture], list[Picture]]:
    """Training and validation pictures of a data folder or file.

    A folder names its parts (train.json and val.json, say); without a val part there is no validation. Of a single
    label file the last tenth is held out, in one piece: neighbouring frames of a recording are nearly the same picture.
    """
    train, val = _part(data, "train"), _part(data, "val")
    if train is not None:
        return train, val or []
    if not data.is_file() and not (is_yolo(data) or _sequences(data)):
        wanted = ", ".join(name.format("train") for name in PART_FILES)
        raise DataError(f"{data / 'train.json'}: cannot be read; a data folder has one of: {wanted}, or is {KINDS}")
    pictures = read_labels(data)
    kept = len(pictures) // HELD_OUT
    if kept:
        log.warning("%s: has no validation part; the last %d of %d pictures are held out", data, kept, len(pictures))
    return pictures[: len(pictures) - kept], pictures[len(pictures) - kept :]


def _part(data: Path, part: str) -> list[Picture] | None:
    """The pictures of "train" or "val"; None where the data has no such part."""
    if data.is_file():
        return read_yaml(data, part) if data.suffix.lower() in {".yaml", ".yml"} else None
    for name in PART_FILES:
        if (data / name.format(part)).exists():
            return read_labels(data / name.format(part))
    if (data / "data.yaml").exists():
        return read_yaml(data / "data.yaml", part)
    if (data / "labels" / part).is_dir():
        return read_yolo_part(data / "images" / part)
    if _sequences(data / part) or is_yolo(data / part):
        return read_labels(data / part)
    return None


def _read_folder(folder: Path) -> list[Picture]:
    if is_sequence(folder):
        return read_sequence(folder)
    sequences = _sequences(folder)
    if sequences:
        return [picture for sequence in sequences for picture in read_sequence(sequence)]
    if is_yolo(folder):
        return read_yolo(folder)
    raise DataError(f"{folder}: holds no labels; name {KINDS}")


def _sequences(folder: Path) -> list[Path]:
    """The MOT sequences right inside a folder."""
    return sorted(path for path in folder.glob("*") if is_sequence(path)) if folder.is_dir() else []
