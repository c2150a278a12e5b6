"""What can be drawn, and how what is drawn looks: the editor's shapes and tools, made of a site and a spot."""

from dataclasses import dataclass
from typing import Any

from calibration.draft import Draft, Kind, Spot
from edge.config_faults import Fault
from edge.settings import Site
from edge.vocabulary import LaneSettings, Polygon

COLOURS = ("#46aaff", "#ff963c", "#5ad278", "#e66ec8", "#f0d246")  # those of `replay --overlay`
STAFF, MASK, LINE, FLOOR, NOBODY = "#e05252", "#cfd6df", "#27d3c3", "#b79bff", "#d5dbe3"


@dataclass(frozen=True)
class Tool:
    """One thing to draw.

    Attributes:
        label: in the list of tools.
        hint: what to do, shown on the picture.
        least, most: points (most 0: any number).
        closed: a polygon; else a line.
        of_lane: belongs to a lane.
    """

    label: str
    hint: str
    least: int
    most: int
    closed: bool
    of_lane: bool = False


TOOLS: dict[str, Tool] = {
    "": Tool(
        "Look and move",
        "Drag a corner or a shape; double-click a side for one more corner; Delete takes it away.",
        0,
        0,
        False,
    ),
    "area": Tool(
        "A queue's lane",
        "Click around the floor where people stand (their feet). Click the first point again, or Enter, to close.",
        3,
        0,
        True,
    ),
    "service_line": Tool(
        "Service line", "Click both ends of the side that people leave by when they are served.", 2, 2, False, True
    ),
    "service_area": Tool(
        "Service area", "Click around the floor where the person being served stands.", 3, 0, True, True
    ),
    "staff_area": Tool("Staff area", "Click around the floor where staff stand.", 3, 0, True, True),
    "mask": Tool("Mask", "Click around what nobody may see: windows, screens, mirrors.", 3, 0, True),
    "line": Tool("Counting line", "Click both ends; in is from its left, out from its right.", 2, 2, False),
    "floor": Tool(
        "Floor: four points", "Click a rectangle's corners on the floor: near left, near right, far right, far left.",
        4, 4, True,
    ),
}  # fmt: skip


def key_of(spot: Spot) -> str:
    """The spot as the editor names it."""
    return f"{spot.kind}|{spot.owner}|{spot.lane}|{spot.number}"


def spot_of(key: Any) -> Spot | None:
    """And back; None if it names none."""
    parts = key.split("|") if isinstance(key, str) else []
    if len(parts) != 4 or not all(part.isdecimal() and len(part) < 4 for part in parts[2:]):
        return None
    kinds: dict[str, Kind] = {
        "area": "area", "service_line": "service_line", "service_area": "service_area", "staff_area": "staff_area",
        "mask": "mask", "line": "line", "floor": "floor",
    }  # fmt: skip
    kind = kinds.get(parts[0])
    return None if kind is None else Spot(kind, parts[1], int(parts[2]), int(parts[3]))


def colour_of(site: Site, queue_id: str) -> str:
    """A queue's colour."""
    ids = [queue.id for queue in site.queues]
    return COLOURS[ids.index(queue_id) % len(COLOURS)] if queue_id in ids else NOBODY


def shapes_of(site: Site, camera_id: str) -> list[dict[str, Any]]:
    """Everything drawn on a camera, as the editor takes it."""
    shapes: list[dict[str, Any]] = []
    camera = site.camera(camera_id)
    shapes += [_shape(Spot("mask", camera_id, 0, n), mask, "masked", MASK) for n, mask in enumerate(camera.mask)]
    if camera.floor is not None:
        shapes.append(_shape(Spot("floor", camera_id), camera.floor.image, "floor", FLOOR))
    for queue in site.queues:
        for number, lane in enumerate(queue.lanes):
            if lane.camera_id == camera_id:
                label = queue.name if len(queue.lanes) == 1 else f"{queue.name}, lane {number + 1}"
                shapes += _lane(Spot("area", queue.id, number), lane, label, colour_of(site, queue.id))
    lines = [line for line in site.lines if line.camera_id == camera_id]
    return shapes + [_shape(Spot("line", line.id), line.points, line.id, LINE) for line in lines]


def _lane(area: Spot, lane: LaneSettings, label: str, colour: str) -> list[dict[str, Any]]:
    shapes = [_shape(area, lane.area, label, colour)]
    for n, staff in enumerate(lane.staff_area):
        shapes.append(_shape(Spot("staff_area", area.owner, area.lane, n), staff, "staff", STAFF))
    if lane.service_line is not None:
        shapes.append(_shape(Spot("service_line", area.owner, area.lane), lane.service_line, "served", colour))
    if lane.service_area is not None:
        shapes.append(_shape(Spot("service_area", area.owner, area.lane), lane.service_area, "served", colour))
    return shapes


def _shape(spot: Spot, points: Polygon, label: str, colour: str) -> dict[str, Any]:
    closed = spot.kind not in ("service_line", "line")
    least = 4 if spot.kind == "floor" else 3 if closed else 2
    return {
        "key": key_of(spot), "kind": spot.kind, "points": [list(p) for p in points], "label": label, "colour": colour,
        "closed": closed, "least": least,
    }  # fmt: skip


def draw(draft: Draft, tool: str, points: Polygon, *, camera_id: str, lane: Spot | None, new_id: str) -> Spot | None:
    """Puts what was drawn into the draft; where it stands now, None for a tool that lacks its lane."""
    if tool == "area":
        return draft.add_lane(draft.free_id("queue", new_id), camera_id, points)
    if tool == "line":
        return draft.add_line(draft.free_id("line", new_id), camera_id, points)
    if tool == "mask":
        spot = Spot("mask", camera_id, 0, 99)  # past the end: one more
    elif lane is None:
        return None
    else:
        kind = spot_of(f"{tool}|{lane.owner}|{lane.lane}|{99 if tool == 'staff_area' else 0}")
        if kind is None:
            return None
        spot = kind
    draft.put(spot, points)
    return spot


def trial(draft: Draft, tool: str, points: Polygon, *, camera_id: str, lane: Spot | None) -> tuple[Fault, ...]:
    """What would be wrong if this were drawn, by the site file's own rules; the draft is as it was."""
    least = TOOLS[tool].least
    if len(points) < max(least, 2) or tool in ("", "floor"):
        return ()
    before = {fault.message for fault in draft.checked()[1]}
    draw(draft, tool, points, camera_id=camera_id, lane=lane, new_id="trial")
    faults = draft.checked()[1]
    draft.undo()
    return tuple(fault for fault in faults if fault.message not in before)
