"""MOT sequences: SEQUENCE/gt/gt.txt, SEQUENCE/img1/000001.jpg, SEQUENCE/seqinfo.ini (motchallenge.net).

A line: frame, track, x, y, width, height (px, from 1), flag, class, visible share. Class 1 with flag 1 is a person;
sitting in vehicles, statues, reflections and other things like people (2, 7, 8, 12) are ignore boxes, and so is a
person of whom less than a quarter is visible: their boxes are guessed.
"""

import configparser
from dataclasses import dataclass
from pathlib import Path

from detector.data.faults import Faults, box_fault, outside_fault
from detector.data.pictures import DataError, Picture, Row, people_of
from detector.data.sizes import picture_size

PERSON, LIKE_PEOPLE = {-1, 1}, {2, 7, 8, 12}
LEAST_VISIBLE = 0.25
ENDINGS = (".jpg", ".jpeg", ".png", ".webp")


@dataclass(frozen=True)
class Frames:
    """Where a sequence's pictures lie, by number, and how large they are."""

    files: dict[int, Path]
    size_px: tuple[int, int]


def is_sequence(folder: Path) -> bool:
    """Whether a folder is one sequence."""
    return (folder / "gt" / "gt.txt").is_file() or (folder / "gt.txt").is_file()


def read_sequence(folder: Path) -> list[Picture]:
    """Every annotated frame of a sequence; frames between the first and the last without a line have nobody."""
    path = folder / "gt" / "gt.txt" if (folder / "gt" / "gt.txt").is_file() else folder / "gt.txt"
    frames = _frames(folder)
    faults = Faults(path)
    people: dict[int, list[Row]] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
        if line.strip():
            _line(f"line {number}", line, frames, people, faults)
    faults.stop_if_any()
    if not people:
        raise DataError(f"{path}: has no boxes")
    kept = [number for number in sorted(frames.files) if min(people) <= number <= max(people)]
    return [
        Picture(
            str(frames.files[number].relative_to(folder.parent)),
            frames.files[number],
            frames.size_px,
            folder.name,
            people_of(people.get(number, [])),
        )
        for number in kept
    ]


def _frames(folder: Path) -> Frames:
    info = configparser.ConfigParser()
    info.read(folder / "seqinfo.ini")
    pictures = folder / info.get("Sequence", "imDir", fallback="img1")
    files = {int(p.stem): p for p in pictures.glob("*") if p.suffix.lower() in ENDINGS and p.stem.isdigit()}
    if not files:
        raise DataError(
            f"{pictures}: holds no frames named by number (000001.jpg); extract the sequence's pictures there"
        )
    size = picture_size(files[min(files)])
    if size is None:
        raise DataError(f"{files[min(files)]}: is no picture that can be read")
    return Frames(files, size)


def _line(where: str, line: str, frames: Frames, people: dict[int, list[Row]], faults: Faults) -> None:
    words = line.split(",")
    try:
        values = [float(word) for word in words]
    except ValueError:
        faults.add(where, f"should be numbers between commas, got {line.strip()!r}")
        return
    if len(values) < 6:
        faults.add(where, f"should be frame, track, x, y, width, height[, flag, class, visible], got {line.strip()!r}")
        return
    number = int(values[0])
    flag, kind, visible = (values[6:9] + [1.0, 1.0, 1.0][len(values[6:9]) :])[:3]
    box = [values[2] - 1, values[3] - 1, values[4], values[5]]
    if int(kind) not in PERSON | LIKE_PEOPLE:
        return
    place = f"{where} (frame {number}, track {int(values[1])})"
    if number not in frames.files:
        faults.add(place, f"there is no picture of frame {number}")
        return
    fault = box_fault(box)
    if fault:
        faults.add(place, fault)
        return
    if outside_fault(box, frames.size_px):  # MOT goes on with people who have left the picture
        return
    # visible -1: not annotated
    is_person = int(kind) in PERSON and flag != 0 and not 0 <= visible < LEAST_VISIBLE
    people.setdefault(number, []).append((box, 1.0 if is_person else 0.0, None, 0.0))
