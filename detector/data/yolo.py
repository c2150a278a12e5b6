"""YOLO txt: a file a picture, a line a box: class, then centre x y and width height as shares of the picture.

A line with more numbers is a polygon (class x1 y1 x2 y2 ...): its bounding box is taken. A picture without a label file
has no people. The person is class 0, or the class that data.yaml calls person (people, pedestrian, human).
"""

import logging
from pathlib import Path
from typing import Any

from detector.data.faults import Faults
from detector.data.pictures import DataError, Picture, Row, people_of
from detector.data.sizes import picture_size

log = logging.getLogger(__name__)

ENDINGS = {".jpg", ".jpeg", ".png", ".webp", ".bmp"}
PERSON_NAMES = {"person", "people", "pedestrian", "human"}
SLACK = 0.01  # shares a little outside 0..1 come from rounding


def is_yolo(folder: Path) -> bool:
    """Whether a folder is laid out as YOLO's."""
    return (folder / "data.yaml").exists() or (folder / "labels").is_dir()


def read_yolo(folder: Path) -> list[Picture]:
    """All pictures of a folder with images/ and labels/; with data.yaml, all of its parts."""
    if not (folder / "data.yaml").exists():
        return read_yolo_part(folder / "images")
    return read_whole_yaml(folder / "data.yaml")


def read_whole_yaml(path: Path) -> list[Picture]:
    """The pictures of all parts of a data.yaml."""
    parts = [read_yaml(path, part) for part in ("train", "val", "test")]
    return [picture for part in parts if part for picture in part]


def read_yaml(path: Path, part: str) -> list[Picture] | None:
    """The pictures of one part of a data.yaml; None where it has no such part."""
    try:
        import yaml  # noqa: PLC0415  of the train extra; evaluation on a box does without
    except ImportError as error:
        raise DataError(f"{path}: needs the train extra (pip install pyyaml)") from error
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: cannot be read as YAML ({error})") from error
    if not isinstance(content, dict) or not content.get("train"):
        raise DataError(f"{path}: names no training pictures; a data.yaml has train, val and names")
    if not content.get(part):
        return None
    root = path.parent / str(content.get("path") or "")
    person = _person_class(path, content.get("names"))
    places = content[part] if isinstance(content[part], list) else [content[part]]
    pictures = []
    for place in places:
        folder = root / str(place)
        if not folder.is_dir() and (path.parent / str(place)).is_dir():
            folder = path.parent / str(place)
        if not folder.is_dir() and str(place).startswith("../"):  # Roboflow's exports count from a folder deeper
            folder = path.parent / str(place)[3:]
        pictures += read_yolo_part(folder, person)
    return pictures


def read_yolo_part(folder: Path, person: int = 0) -> list[Picture]:
    """The pictures of one folder; labels lie in the same place under labels/ instead of images/.

    Args:
        folder: of pictures, named images or inside a folder images.
        person: the class that is a person.
    """
    if not folder.is_dir():
        raise DataError(f"{folder}: is no folder of pictures; YOLO data has images/ and labels/ beside each other")
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in ENDINGS)
    if not files:
        raise DataError(f"{folder}: holds no pictures ({', '.join(sorted(ENDINGS))})")
    faults = Faults(folder)
    pictures, unlabelled = [], 0
    for file in files:
        label = _label_file(file)
        size = picture_size(file)
        if size is None:
            faults.add(file.name, "is no picture that can be read")
            continue
        lines = label.read_text(encoding="utf-8", errors="replace").splitlines() if label.exists() else []
        unlabelled += not label.exists()
        rows = [_box(f"{label.name} line {k}", line, person, faults) for k, line in enumerate(lines, 1) if line.strip()]
        good: list[Row] = [(_pixels(row, size), 1.0, None, 0.0) for row in rows if row is not None]
        pictures.append(Picture(str(file.relative_to(folder)), file, size, "all", people_of(good)))
    if unlabelled == len(files):
        faults.add("", f"none of {len(files)} pictures has a label file ({_label_file(files[0])} is the first)")
    faults.stop_if_any()
    return pictures


def _label_file(picture: Path) -> Path:
    """`.../images/a/b.jpg` -> `.../labels/a/b.txt`: the last folder called images counts."""
    parts = list(picture.parts)
    for index in range(len(parts) - 2, -1, -1):
        if parts[index] == "images":
            parts[index] = "labels"
            break
    return Path(*parts).with_suffix(".txt")


def _person_class(path: Path, names: Any) -> int:
    pairs = list(names.items()) if isinstance(names, dict) else list(enumerate(names or []))
    for key, name in pairs:
        if str(name).lower() in PERSON_NAMES:
            return int(key)
    if not pairs:
        log.warning("%s: names no classes; class 0 is taken for the person", path)
        return 0
    raise DataError(f"{path}: no class is called person, there are: {', '.join(str(name) for _, name in pairs)}")


def _box(where: str, line: str, person: int, faults: Faults) -> list[float] | None:
    """Centre x y, width, height as shares, of a line of the person's class; None for other classes and for faults."""
    words = line.split()
    try:
        kind, values = int(float(words[0])), [float(word) for word in words[1:]]
    except ValueError:
        faults.add(where, f"should be numbers: class x y width height, got {line.strip()!r}")
        return None
    if len(values) not in {4, 5} and (len(values) < 6 or len(values) % 2):
        faults.add(where, f"should have class and 4 numbers (or a polygon's), got {line.strip()!r}")
        return None
    if not all(-SLACK <= value <= 1 + SLACK for value in values):
        faults.add(where, f"numbers are shares of the picture, from 0 to 1, got {line.strip()!r}; pixels?")
        return None
    if len(values) >= 6:
        x, y = values[::2], values[1::2]
        values = [(min(x) + max(x)) / 2, (min(y) + max(y)) / 2, max(x) - min(x), max(y) - min(y)]
    if values[2] <= 0 or values[3] <= 0:
        faults.add(where, f"width and height must be above 0, got {line.strip()!r}; drop or mend the box")
        return None
    return values[:4] if kind == person else None


def _pixels(row: list[float], size_px: tuple[int, int]) -> list[float]:
    x, y, width, height = row
    return [(x - width / 2) * size_px[0], (y - height / 2) * size_px[1], width * size_px[0], height * size_px[1]]
