"""CrowdHuman's .odgt: a line of JSON a picture (Shao et al. 2018, crowdhuman.org).

The visible box (vbox) is the person's box here, the head box its head; masks (crowds, reflections, dolls) and persons
marked to be ignored become ignore boxes.
"""

import json
from pathlib import Path
from typing import Any

from detector.data.faults import Faults, box_fault, outside_fault
from detector.data.pictures import DataError, Picture, Row, people_of
from detector.data.sizes import picture_size

FOLDERS = ("Images", "images", ".")
ENDINGS = (".jpg", ".jpeg", ".png", ".webp")


def read_odgt(path: Path) -> list[Picture]:
    """All pictures of an .odgt file; they lie in Images/, images/ or beside it."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: cannot be read ({error})") from error
    faults = Faults(path)
    pictures = []
    for number, line in enumerate(lines, 1):
        if line.strip():
            picture = _picture(path.parent, f"line {number}", line, faults)
            pictures += [picture] if picture is not None else []
    faults.stop_if_any()
    return pictures


def _picture(folder: Path, where: str, line: str, faults: Faults) -> Picture | None:
    try:
        row = json.loads(line)
        name, boxes = str(row["ID"]), list(row["gtboxes"])
    except (ValueError, KeyError, TypeError) as error:
        faults.add(where, f"should be an object with ID and gtboxes ({error})")
        return None
    places = [Path(part) / f"{name}{ending}" for part in FOLDERS for ending in ENDINGS]
    file = next((place for place in places if (folder / place).exists()), None)
    if file is None:
        faults.add(f"{where} ({name})", f"no picture Images/{name}.jpg lies beside the file")
        return None
    size = picture_size(folder / file)
    if size is None:
        faults.add(f"{where} ({name})", "is no picture that can be read")
        return None
    good = [b for k, box in enumerate(boxes) if (b := _box(f"{where} ({name}): gtboxes[{k}]", box, size, faults))]
    return Picture(str(file), folder / file, size, "crowdhuman", people_of(good))


def _box(where: str, row: Any, size: tuple[int, int], faults: Faults) -> Row | None:
    if not isinstance(row, dict):
        faults.add(where, f"should be an object, got {row!r}")
        return None
    key = "vbox" if "vbox" in row else "fbox"
    box: Any = row.get(key)
    head = row.get("hbox")
    fault = box_fault(box) or outside_fault(box, size)
    if fault:
        faults.add(f"{where}.{key}", fault)
        return None
    is_ignored = row.get("tag") != "person" or bool((row.get("extra") or {}).get("ignore"))
    no_head = is_ignored or box_fault(head) is not None or bool((row.get("head_attr") or {}).get("ignore"))
    return box, 0.0 if is_ignored else 1.0, None if no_head else head, 0.0 if no_head else 1.0
