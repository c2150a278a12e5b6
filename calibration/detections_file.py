"""Recorded detections: one JSON object a line, read strictly and written so that reading gives the same values back.

    {"pts_s": 0.2, "camera": "tills", "width": 1280, "height": 720, "boxes": [[x1, y1, x2, y2]], "scores": [0.9]}

"camera" may be left out; without "scores" each box counts as 1.0; a line without "boxes" is a tick of the clock with no
picture. `pts_s` never goes back, and one camera has one picture at a time.
"""

import difflib
import json
import math
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from detector.runtime.detections import Detections
from edge.errors import InputError

KEYS = ("pts_s", "camera", "width", "height", "boxes", "scores")
MAX_GAP_S = (
    86_400.0  # the counter makes a reading a second, so a gap of years (a wrong unit, as a rule) would never end
)
MAX_SIDE_PX = 100_000
MAX_BOXES = 1_000
SHOWN_FAULTS = 5

Line = tuple[str | None, float, Detections | None]


class _Fault(Exception):
    """What is wrong with one line, in words."""


def rounded(detections: Detections) -> Detections:
    """The same to the precision of the file (hundredths of a pixel, 1e-4 of a score, 1e-6 s).

    Tracking sees only rounded values, so a replay of the file written from a video gives the video's own readings.
    """
    return Detections(
        pts_s=round(detections.pts_s, 6),
        size_px=detections.size_px,
        boxes=np.round(detections.boxes.astype(np.float64), 2).astype(np.float32),
        scores=np.round(detections.scores.astype(np.float64), 4).astype(np.float32),
    )


def encode(camera_id: str, pts_s: float, detections: Detections | None) -> str:
    """One line without its line end; `detections` must be `rounded` already."""
    line: dict[str, Any] = {"pts_s": round(pts_s, 6), "camera": camera_id}
    if detections is not None:
        line["width"], line["height"] = detections.size_px
        line["boxes"] = [[round(v, 2) for v in box] for box in detections.boxes.astype(np.float64).tolist()]
        line["scores"] = [round(v, 4) for v in detections.scores.astype(np.float64).tolist()]
    return json.dumps(line)


def read(path: Path, allowed: Callable[[str | None], str | None]) -> Iterator[Line]:
    """Lines of the file in order; at the first bad one the rest is searched for more, and all are told at once.

    Args:
        path: the file.
        allowed: says what is wrong with a line's camera (None where it names none), or returns None.

    Raises:
        InputError: a line is wrong (file, line, what came, what is allowed), or there is no line at all.
    """
    last_pts_s: float | None = None
    last_picture_s: dict[str | None, float] = {}
    count = 0
    lines = _lines(path)
    for number, text in lines:
        try:
            camera_id, pts_s, detections = _parse(text, allowed)
            _check_order(pts_s, last_pts_s, last_picture_s.get(camera_id) if detections is not None else None)
        except _Fault as fault:
            raise InputError(_tell(path, number, str(fault), lines, allowed)) from None
        if detections is not None:
            last_picture_s[camera_id] = pts_s
        last_pts_s = pts_s
        count += 1
        yield camera_id, pts_s, detections
    if not count:
        raise InputError(f"{path}: the file is empty. A recording has one JSON object a line, like {_EXAMPLE}")


_EXAMPLE = '{"pts_s": 0.2, "width": 1280, "height": 720, "boxes": [[610, 300, 670, 450]], "scores": [0.9]}'


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """(number, text) of the lines that are not blank; bytes that are not UTF-8 stay visible as escapes."""
    try:
        with path.open(encoding="utf-8", errors="backslashreplace") as file:
            for number, text in enumerate(file, 1):
                if text.strip():
                    yield number, text
    except OSError as error:
        raise InputError(f"{path}: can't be read: {error.strerror}") from error


def _tell(path: Path, number: int, text: str, rest: Iterable[tuple[int, str]], allowed: Any) -> str:
    faults = [f"{path}:{number}: {text}"]
    for later, line in rest:
        try:
            _parse(line, allowed)
        except _Fault as fault:
            faults.append(f"{path}:{later}: {fault!s}")
    more = len(faults) - SHOWN_FAULTS
    return "\n".join(faults[:SHOWN_FAULTS] + ([f"... and {more} more lines are wrong"] if more > 0 else []))


def _parse(text: str, allowed: Callable[[str | None], str | None]) -> Line:
    try:
        line = json.loads(text)
    except (ValueError, RecursionError) as error:
        reason = error.msg if isinstance(error, json.JSONDecodeError) else type(error).__name__
        raise _Fault(f"not JSON ({reason}): {_shown(text.strip())}. Allowed: {_EXAMPLE}") from None
    if not isinstance(line, dict):
        raise _Fault(f"expected an object like {_EXAMPLE}, got {_shown(line)}")
    for key in line:
        if key not in KEYS:
            near = difflib.get_close_matches(key, KEYS, 1)
            hint = f"; did you mean {near[0]!r}?" if near else "."
            raise _Fault(f"unknown key {_shown(key)}{hint} Allowed: {', '.join(KEYS)}")
    camera_id = line.get("camera")
    if camera_id is not None and not isinstance(camera_id, str):
        raise _Fault(f"camera must be a string, got {_shown(camera_id)}")
    pts_s = round(_number(line.get("pts_s"), "pts_s", 0.0, 1e9), 6)
    detections = _detections(line, pts_s) if "boxes" in line else None
    if camera_id is not None or detections is not None:
        wrong = allowed(camera_id)
        if wrong:
            raise _Fault(wrong)
    return camera_id, pts_s, detections


def _detections(line: dict[str, Any], pts_s: float) -> Detections:
    size_px = (_side(line.get("width"), "width"), _side(line.get("height"), "height"))
    boxes, scores = line["boxes"], line.get("scores")
    if not isinstance(boxes, list) or len(boxes) > MAX_BOXES:
        raise _Fault(f"boxes must be a list of at most {MAX_BOXES} boxes [x1, y1, x2, y2], got {_shown(boxes)}")
    if scores is None:
        scores = [1.0] * len(boxes)
    if not isinstance(scores, list) or len(scores) != len(boxes):
        raise _Fault(f"scores must be a list with one number a box ({len(boxes)}), got {_shown(scores)}")
    return rounded(
        Detections(
            pts_s=pts_s,
            size_px=size_px,
            boxes=np.array([_box(b, i) for i, b in enumerate(boxes)], np.float32).reshape(-1, 4),
            scores=np.array([_number(s, f"scores[{i}]", 0.0, 1.0) for i, s in enumerate(scores)], np.float32),
        )
    )


def _box(box: Any, index: int) -> list[float]:
    if not isinstance(box, list) or len(box) != 4:
        raise _Fault(f"boxes[{index}] must be [x1, y1, x2, y2], got {_shown(box)}")
    x1, y1, x2, y2 = (_number(v, f"boxes[{index}]", -MAX_SIDE_PX, MAX_SIDE_PX) for v in box)
    if x2 < x1 or y2 < y1:
        raise _Fault(
            f"boxes[{index}] must be corners with x1 <= x2 and y1 <= y2 (not width and height), got {_shown(box)}"
        )
    return [x1, y1, x2, y2]


def _side(value: Any, name: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= MAX_SIDE_PX:
        raise _Fault(f"{name} must be a whole number of pixels from 1 to {MAX_SIDE_PX}, got {_shown(value)}")
    return value


def _number(value: Any, name: str, low: float, high: float) -> float:
    good = isinstance(value, int | float) and not isinstance(value, bool)
    if not good or not low <= value <= high or not math.isfinite(value):
        raise _Fault(f"{name} must be a number from {low:g} to {high:g}, got {_shown(value)}")
    return float(value)


def _check_order(pts_s: float, last_pts_s: float | None, last_picture_s: float | None) -> None:
    if last_pts_s is None:
        return
    if pts_s < last_pts_s:
        raise _Fault(f"pts_s goes back to {pts_s:g} after {last_pts_s:g}; lines must be in the order of time")
    if last_picture_s is not None and pts_s <= last_picture_s:
        raise _Fault(f"a second picture of the same camera at pts_s {pts_s:g}; each picture needs a later time")
    if pts_s - last_pts_s > MAX_GAP_S:
        raise _Fault(
            f"pts_s jumps from {last_pts_s:g} to {pts_s:g}; at most {MAX_GAP_S:g} s between lines are allowed. "
            "Is pts_s in seconds?"
        )


def _shown(value: Any) -> str:
    """At most 60 characters of what came, as one printable line."""
    if value is None:
        return "nothing"
    text = value if isinstance(value, str) else json.dumps(value)
    text = text.encode("unicode_escape").decode("ascii")
    return text if len(text) <= 60 else text[:57] + "..."
