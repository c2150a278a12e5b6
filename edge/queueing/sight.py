"""One picture's tracks as the lanes of its camera see them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from edge.queueing.lanes import Array, LaneShape, Zone, signed_distance
from edge.queueing.paths import Key
from edge.queueing.presence import Place
from edge.queueing.projection import seen_from
from edge.vocabulary import LaneSettings, Point, Polygon, QueueSettings, Tracks

_LEAST_HEIGHT = 0.02  # picture heights; a box without height must not make every margin nothing


@dataclass(frozen=True)
class Seen:
    """One person in one picture.

    Attributes:
        key: camera, run and id of the track.
        point: where the person stands, picture heights.
        height: of the box, picture heights.
        distance: from the border of each of the camera's zones, positive inside.
        staff: in a staff area of any lane?
    """

    key: Key
    point: Point
    height: float
    distance: list[float]
    staff: bool


def measure(tracks: Tracks, places: Sequence[Place], shapes: Sequence[LaneShape], zones: Sequence[Zone]) -> list[Seen]:
    """Observed people with usable places, in an order that doesn't depend on the one given."""
    width, height = tracks.size_px
    ground = tracks.ground.astype(np.float64) * (width / max(height, 1), 1.0)  # (N, 2) picture heights
    with np.errstate(invalid="ignore"):  # boxes that are no numbers are left out below
        tall = (tracks.boxes[:, 3].astype(np.float64) - tracks.boxes[:, 1]) / max(height, 1)
    usable = tracks.observed & np.isfinite(ground).all(axis=1) & np.isfinite(tall)
    rows = np.flatnonzero(usable)
    points = ground[rows]
    by_zone = [signed_distance(points, z.polygon) for z in zones]
    distance = np.stack(by_zone, axis=1) if by_zone else np.zeros((len(rows), 0))  # (n, Z)
    staff = _cut_staff(points, distance, places, shapes)
    out: dict[Key, Seen] = {}
    for k, row in enumerate(rows):
        key = (tracks.camera_id, tracks.run, int(tracks.track_ids[row]))
        point = (float(points[k, 0]), float(points[k, 1]))
        out[key] = Seen(key, point, max(float(tall[row]), _LEAST_HEIGHT), distance[k].tolist(), bool(staff[k]))
    return sorted(out.values(), key=lambda s: (s.point, s.height, s.key))


def _cut_staff(points: Array, distance: Array, places: Sequence[Place], shapes: Sequence[LaneShape]) -> Array:
    """Staff areas are no part of their lane; says who stands in one, (n,) 0 or 1."""
    anywhere = np.zeros(len(points))
    for place, shape in zip(places, shapes, strict=True):
        for area in shape.staff:
            depth = signed_distance(points, area.polygon)
            anywhere = np.maximum(anywhere, depth > 0.0)
            for z in (place.area_zone, place.service_zone):
                if z is not None:
                    distance[:, z] = np.minimum(distance[:, z], -depth)
    return anywhere


def places_on(camera_id: str, queues: Sequence[QueueSettings], floors: Mapping[str, Array]) -> list[Place]:
    """A camera's lanes with the places of their zones in one flat list (area, then service area, lane by lane).

    Behind them stand the borrowed ones: lanes of other cameras nearer to the service point than this camera's own.
    """
    lanes = [(q, k, lane, False) for q, queue in enumerate(queues) for k, lane in enumerate(queue.lanes)
             if lane.camera_id == camera_id]  # fmt: skip
    lanes += [(q, k, lane, True) for q, queue in enumerate(queues) for k, lane in borrowed(camera_id, queue, floors)]
    out, zones = [], 0
    for q, k, lane, is_borrowed in lanes:
        service = zones + 1 if lane.service_area else None
        behind = _behind(camera_id, queues[q], k, floors)
        out.append(Place(q, k, lane, queues[q].count_served, zones, service, is_borrowed, behind))
        zones += 1 if service is None else 2
    return out


def _behind(camera_id: str, queue: QueueSettings, k: int, floors: Mapping[str, Array]) -> Polygon:
    """The lane behind a queue's k-th as the camera sees it; () where there is none, or it is the camera's own."""
    mine = floors.get(camera_id)
    farther = queue.lanes[k + 1] if k + 1 < len(queue.lanes) else None
    if mine is None or farther is None or farther.camera_id == camera_id or farther.camera_id not in floors:
        return ()
    return seen_from(farther.area, floors[farther.camera_id], mine)


def borrowed(camera_id: str, queue: QueueSettings, floors: Mapping[str, Array]) -> list[tuple[int, LaneSettings]]:
    """(place in the queue, lane as this camera sees it) of other cameras' lanes before this one's; [] without marks."""
    own = [k for k, lane in enumerate(queue.lanes) if lane.camera_id == camera_id]
    mine, out = floors.get(camera_id), []
    for k, lane in enumerate(queue.lanes[: max(own, default=0)]):
        theirs = floors.get(lane.camera_id)
        if k in own or mine is None or theirs is None or lane.camera_id == camera_id:
            continue
        area = seen_from(lane.area, theirs, mine)
        line = () if lane.service_line is None else seen_from(lane.service_line, theirs, mine)
        if len(area) >= 3:
            ends = (line[0], line[1]) if line else None
            here = replace(lane, camera_id=camera_id, area=area, service_line=ends, service_area=None, staff_area=())
            out.append((k, here))
    return out
