"""Small made-up sites, readings, recordings and videos for the tests of replay."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import av
import numpy as np

from edge.messages import QueueReading, utc

AREA = "[[0.25, 0.30], [0.75, 0.30], [0.75, 0.95], [0.25, 0.95]]"
SITE = f"""[site]
id = "made"
name = "Made up"
timezone = "UTC"

[[camera]]
id = "c1"
source = "test://"
detect_fps = 5

[[queue]]
id = "q1"
name = "Queue <one>"

[[queue.lane]]
camera = "c1"
area = {AREA}
service_line = [[0.25, 0.30], [0.75, 0.30]]
"""
SECOND_CAMERA = '\n[[camera]]\nid = "c2"\nsource = "test://"\n'


def site_file(folder: Path, text: str = SITE) -> Path:
    """Writes a site file."""
    path = folder / "site.toml"
    path.write_text(text, encoding="utf-8")
    return path


def person(x: float, foot: float) -> list[float]:
    """The box of a person who stands at (x, foot), pixels."""
    return [x - 30.0, foot - 150.0, x + 30.0, foot]


def line(pts_s: float, boxes: list[list[float]] | None, **more: Any) -> dict[str, Any]:
    """One line of recorded detections at 1280x720; boxes None: a tick."""
    if boxes is None:
        return {"pts_s": pts_s, **more}
    return {"pts_s": pts_s, "width": 1280, "height": 720, "boxes": boxes, "scores": [0.9] * len(boxes), **more}


def recording(path: Path, lines: Iterable[Any]) -> Path:
    """Writes lines: objects as JSON, strings as they are."""
    path.write_text("".join((x if isinstance(x, str) else json.dumps(x)) + "\n" for x in lines), encoding="utf-8")
    return path


def one_served(until_s: float = 40.0) -> list[dict[str, Any]]:
    """At 5 pictures a second: from 5 s a person walks up to the line, stands, and leaves across it at 30 s."""
    lines = []
    for k in range(int(until_s * 5) + 1):
        pts_s = k / 5
        if pts_s < 5 or pts_s > 33:
            boxes = []
        elif pts_s < 10:
            boxes = [person(640, 700 - (pts_s - 5) * 80)]
        elif pts_s < 29:
            boxes = [person(640, 300)]
        else:
            boxes = [person(640, 300 - (pts_s - 29) * 60)]
        lines.append(line(pts_s, boxes))
    return lines


def reading(pts_s: float, length: int | None, *, queue: str = "q1", **more: Any) -> QueueReading:
    """A reading; what isn't said is plain."""
    values: dict[str, Any] = {
        "site": "made", "queue": queue, "seq": int(pts_s), "pts_s": pts_s, "at": utc(pts_s), "length": length,
        "length_low": length, "length_high": length, "quality": "stale" if length is None else "ok",
        "state": "serving", "wait_s": None, "wait_low_s": None, "wait_high_s": None, "wait_method": None,
        "arrivals_per_min": None, "served_per_min": None, "joined": 0, "served": 0, "left": 0, "lost": 0,
    }  # fmt: skip
    return QueueReading(**{**values, **more})


def video(path: Path, *, seconds: float = 2.0, fps: int = 10, size_px: tuple[int, int] = (320, 180)) -> Path:
    """A small H.264 film: grey, with a bright block that moves to the right."""
    width, height = size_px
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=fps)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for k in range(round(seconds * fps)):
            image = np.full((height, width, 3), 90, np.uint8)
            image[60:150, 10 + 4 * k : 50 + 4 * k] = 230
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode(None))
    return path
