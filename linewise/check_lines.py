"""Counting lines that can never count, or miss people: seen from the site file alone."""

from collections.abc import Iterator
from itertools import pairwise

from edge.config_geometry import contains
from edge.settings import CameraSettings, Site
from edge.vocabulary import LineSettings, Point
from linewise.check_report import CheckLine

BORDER = 0.02  # of the picture: nearer to its border there is no room to be clearly on the other side
# On the simulator (103 crossings in five runs) 1 was missed at 5 and 2 at 1.7 pictures a second, 10 at 1, 44 at 0.5.
SLOW_FPS = 1.5


def line_lines(site: Site) -> Iterator[CheckLine]:
    """Findings on every counting line; one ok line where nothing is wrong."""
    for line in site.lines:
        about = f"line {line.id}"
        found = list(_line(about, line, site.camera(line.camera_id)))
        yield from found or [CheckLine("ok", about, "people can be seen on both of its sides")]


def _line(about: str, line: LineSettings, camera: CameraSettings) -> Iterator[CheckLine]:
    points = along(line.points)
    masked = sum(any(contains(shape, p) for shape in camera.mask) for p in points) / len(points)
    if masked > 0.98:
        yield CheckLine("fault", about, "can never count: it lies in a mask", "make the mask smaller, or move the line")
    elif masked > 0.5:
        yield CheckLine("warning", about, f"{masked:.0%} of it lie in a mask", "is that meant?")
    side = at_border(points, BORDER)
    if side:
        todo = "draw it where people are seen before and after it"
        yield CheckLine("fault", about, f"can never count: it lies on the picture's {side} border", todo)
    if camera.detect_fps < SLOW_FPS:
        yield CheckLine(
            "warning",
            about,
            f"misses people: detect_fps = {camera.detect_fps:g} of camera {camera.id} is too little for a counting "
            "line (at 1 one crossing in ten was missed, at 0.5 four)",
            f"set detect_fps to {SLOW_FPS:g} or more; 5 is the rule",
        )


def along(points: tuple[Point, ...]) -> list[Point]:
    """Twenty-one places on each of its pieces."""
    return [
        (x1 + (x2 - x1) * k / 20, y1 + (y2 - y1) * k / 20) for (x1, y1), (x2, y2) in pairwise(points) for k in range(21)
    ]


def at_border(points: list[Point], near: float) -> str:
    """The border of the picture that all of the points lie at; "" if at none."""
    borders = {
        "left": max(x for x, _ in points) <= near,
        "right": min(x for x, _ in points) >= 1.0 - near,
        "upper": max(y for _, y in points) <= near,
        "lower": min(y for _, y in points) >= 1.0 - near,
    }
    return next((name for name, holds in borders.items() if holds), "")
