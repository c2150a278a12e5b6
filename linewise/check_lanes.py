"""Lanes that can never count, or count what they should not: seen from the site file alone."""

from collections.abc import Iterator
from itertools import combinations

from edge.config_geometry import TOUCH, area, border_distance, contains
from edge.settings import CameraSettings, Site
from edge.vocabulary import LaneSettings, Point, Polygon
from linewise.check_lines import BORDER, along, at_border
from linewise.check_report import CheckLine

GRID = 41
SMALL = 0.002  # of the picture: about one person's feet
LONG_STAY_S = 60.0


def lane_lines(site: Site) -> Iterator[CheckLine]:
    """Findings on every lane; one ok line where nothing is wrong."""
    if not site.queues and not site.lines:
        yield CheckLine(
            "warning",
            "queues",
            "the file has no [[queue]]",
            f"draw one: linewise calibrate {site.path.name}; or write it: examples/ and docs/site-file.md show how",
        )
    for queue in site.queues:
        for number, lane in enumerate(queue.lanes, 1):
            about = f"queue {queue.id}, lane {number}"
            found = list(_lane(about, lane, site.camera(lane.camera_id)))
            yield from found or [CheckLine("ok", about, "people can join it and be counted")]
    yield from _shared(site)


def _lane(about: str, lane: LaneSettings, camera: CameraSettings) -> Iterator[CheckLine]:
    points = grid(lane.area)
    for what, shapes in (("mask", camera.mask), ("staff_area", lane.staff_area)):
        share = sum(any(contains(shape, p) for shape in shapes) for p in points) / max(len(points), 1)
        if share > 0.98:
            yield CheckLine("fault", about, f"can never count: its area lies in the {what}", f"make the {what} smaller")
        elif share > 0.5:
            yield CheckLine("warning", about, f"{share:.0%} of its area lie in the {what}", "is that meant?")
    if abs(area(lane.area)) < SMALL:
        yield CheckLine("warning", about, "its area is smaller than a person's feet", "draw it larger")
    if max(y for _, y in lane.area) < 0.1:
        yield CheckLine(
            "fault",
            about,
            "can never count: nobody's feet are in the top tenth of the picture",
            "draw it where feet are",
        )
    if lane.hold_s < 2 / camera.detect_fps:
        yield CheckLine(
            "warning",
            about,
            f"hold_s = {lane.hold_s:g} is shorter than two pictures at detect_fps = {camera.detect_fps:g}",
            f"set hold_s to {2 / camera.detect_fps:.1f} or more: one missed detection loses a person",
        )
    yield from _times(about, lane)
    yield from _service(about, lane, camera)


def _times(about: str, lane: LaneSettings) -> Iterator[CheckLine]:
    """Times with which people are passed over."""
    if lane.min_stay_s > LONG_STAY_S:
        yield CheckLine(
            "warning",
            about,
            f"min_stay_s = {lane.min_stay_s:g}: whoever stays less than that is never counted",
            "set it to a few seconds: it is there to leave passers-by out",
        )
    if lane.service_area is None and lane.min_service_s != LaneSettings.min_service_s:
        yield CheckLine(
            "warning", about, "min_service_s does nothing without a service_area", "draw one, or take it out"
        )


def _service(about: str, lane: LaneSettings, camera: CameraSettings) -> Iterator[CheckLine]:
    if lane.service_line is not None:
        side = at_border(along(lane.service_line), BORDER)
        if side:
            yield CheckLine(
                "warning",
                about,
                f"beyond its service_line the picture ends ({side} border): nobody is seen to leave across it, and "
                "only the first of the line who vanishes there is taken as served",
                "turn the camera so that it sees people a step beyond the line",
            )
        (x1, y1), (x2, y2) = lane.service_line
        steps = [(x1 + (x2 - x1) * k / 20, y1 + (y2 - y1) * k / 20) for k in range(21)]
        useful = sum(contains(lane.area, p) or border_distance(lane.area, p, p) <= TOUCH for p in steps) / len(steps)
        if useful < 0.3:
            yield CheckLine(
                "warning", about, "its service_line only touches the area with one end", "lay it along the area's side"
            )
    if lane.service_area is not None:
        points = grid(lane.service_area)
        for what, shapes in (("mask", camera.mask), ("staff_area", lane.staff_area)):
            if all(any(contains(shape, p) for shape in shapes) for p in points):
                todo = f"make the {what} smaller"
                yield CheckLine("fault", about, f"nobody can be served: its service_area lies in the {what}", todo)
        inside = any(contains(lane.area, p) for p in grid(lane.service_area)) or any(
            contains(lane.service_area, p) for p in grid(lane.area)
        )
        sides = zip(lane.service_area, lane.service_area[1:] + lane.service_area[:1], strict=True)
        distance = min(border_distance(lane.area, a, b) for a, b in sides)
        if not inside and distance > TOUCH:
            yield CheckLine(
                "warning",
                about,
                f"its service_area lies {distance:.2f} of the picture away from the area",
                "draw it so that people step into it from the lane",
            )


def _shared(site: Site) -> Iterator[CheckLine]:
    """Two queues that count the same person."""
    lanes = [(queue.id, lane) for queue in site.queues for lane in queue.lanes]
    for (a, one), (b, two) in combinations(lanes, 2):
        if a == b or one.camera_id != two.camera_id:
            continue
        points = grid(one.area)
        share = sum(contains(two.area, p) for p in points) / max(len(points), 1)
        if share > 0.1:
            yield CheckLine(
                "warning", f"queues {a} and {b}", f"{share:.0%} of {a}'s area are {b}'s too", "draw them apart"
            )


def grid(shape: Polygon) -> list[Point]:
    """Points inside a polygon on a grid over its bounding box; at least one for any shape with an area."""
    xs, ys = [x for x, _ in shape], [y for _, y in shape]
    x0, y0 = min(xs), min(ys)
    dx, dy = (max(xs) - x0) / GRID, (max(ys) - y0) / GRID
    points = [(x0 + (i + 0.5) * dx, y0 + (j + 0.5) * dy) for i in range(GRID) for j in range(GRID)]
    return [p for p in points if contains(shape, p)] or [shape[0]]
