"""The geometry of a lane, in picture heights.

The site file gives fractions of the picture; here x is multiplied by the aspect (width / height), so that a distance is
the same in both directions and a stream that changes its size changes nothing.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.vocabulary import LaneSettings, Point, Polygon

Array = NDArray[np.float64]
_TINY = 1e-12
_AT_BORDER = 1e-3  # of the picture: a corner so near to the picture's border lies on it
_BEYOND = 0.02  # ... and is moved so far out: whose feet the border cuts stands in a lane that ends there
_LINE_OVERHANG = 0.1  # a service line is this much longer at both ends: feet pass beside its drawn ends


def in_heights(points: Polygon | Array, aspect: float) -> Array:
    """(P, 2) fractions of the picture -> (P, 2) float64 picture heights."""
    return np.asarray(points, np.float64).reshape(-1, 2) * (aspect, 1.0)


def signed_distance(points: Array, polygon: Array) -> Array:
    """Distance of (N, 2) points to the polygon's (E, 2) border, (N,) in their unit: positive inside (even-odd rule)."""
    start, end = polygon, np.roll(polygon, -1, axis=0)
    edge = end - start
    rel = points[:, None] - start  # (N, E, 2)
    along = np.clip((rel * edge).sum(-1) / np.maximum((edge * edge).sum(-1), _TINY), 0.0, 1.0)  # (N, E)
    gap = rel - along[..., None] * edge
    distance = np.sqrt((gap * gap).sum(-1)).min(axis=1)
    x, y = points[:, :1], points[:, 1:]
    spans = (start[:, 1] > y) != (end[:, 1] > y)  # (N, E)
    rise = np.where(edge[:, 1] == 0.0, 1.0, edge[:, 1])
    left_of = x < start[:, 0] + (y - start[:, 1]) * edge[:, 0] / rise
    inside = (spans & left_of).sum(axis=1) % 2 == 1
    return np.asarray(np.where(inside, distance, -distance))


def crossing(p: Point, q: Point, a: Point, b: Point) -> float | None:
    """Where the step p -> q meets the segment a-b, as a fraction of the step; None if it doesn't."""
    rx, ry = q[0] - p[0], q[1] - p[1]
    sx, sy = b[0] - a[0], b[1] - a[1]
    turn = rx * sy - ry * sx
    if abs(turn) < _TINY:
        return None
    ox, oy = a[0] - p[0], a[1] - p[1]
    along_step = (ox * sy - oy * sx) / turn
    along_edge = (ox * ry - oy * rx) / turn
    return along_step if 0.0 <= along_step <= 1.0 and 0.0 <= along_edge <= 1.0 else None


def border_crossing(p: Point, q: Point, border: tuple[Point, ...]) -> float:
    """Where a step between the inside and the outside last meets the polygon's border, as a fraction of the step."""
    last = -1.0
    a = border[-1]
    for b in border:
        at = crossing(p, q, a, b)
        if at is not None and at > last:
            last = at
        a = b
    return last if last >= 0.0 else 1.0


@dataclass(frozen=True, eq=False)
class Zone:
    """A polygon ready for use.

    Attributes:
        polygon: (E, 2) picture heights.
        border: the same as tuples.
        depth: distance of its deepest point from the border (found on a 24 x 24 grid).
    """

    polygon: Array
    border: tuple[Point, ...]
    depth: float


def zone(points: Polygon, aspect: float) -> Zone:
    """Prepares a polygon given in fractions of a picture of that aspect; it goes on beyond the picture."""
    corners = np.asarray(points, np.float64)
    corners = np.where(np.abs(corners) <= _AT_BORDER, -_BEYOND, corners)
    corners = np.where(np.abs(corners - 1.0) <= _AT_BORDER, 1.0 + _BEYOND, corners)
    polygon = in_heights(corners, aspect)
    low, high = polygon.min(axis=0), polygon.max(axis=0)
    grid = np.stack(np.meshgrid(*np.linspace(low, high, 24).T), axis=-1).reshape(-1, 2)
    depth = float(max(signed_distance(grid, polygon).max(), 0.0))
    return Zone(polygon, tuple((float(x), float(y)) for x, y in polygon), depth)


@dataclass(frozen=True, eq=False)
class ServiceLine:
    """A service line: its ends, and the unit normal that points to the lane's side."""

    a: Point
    b: Point
    normal: Point

    def side(self, p: Point) -> float:
        """Distance of p from the line through both ends: positive on the lane's side."""
        return (p[0] - self.a[0]) * self.normal[0] + (p[1] - self.a[1]) * self.normal[1]


def service_line(points: Polygon, area: Zone, aspect: float) -> ServiceLine | None:
    """The line with its sides told apart by where most of the area lies; None for a line without length."""
    a, b = in_heights(points, aspect)
    along = b - a
    length = float(np.hypot(*along))
    if length < _TINY:
        return None
    normal = np.array([-along[1], along[0]]) / length
    if _centroid(area.polygon) @ normal < a @ normal:
        normal = -normal
    a, b = a - _LINE_OVERHANG * along, b + _LINE_OVERHANG * along
    return ServiceLine((float(a[0]), float(a[1])), (float(b[0]), float(b[1])), (float(normal[0]), float(normal[1])))


def _centroid(polygon: Array) -> Array:
    """Centre of mass of a polygon (shoelace formula); the mean of its corners where it has no area."""
    nxt = np.roll(polygon, -1, axis=0)
    cross = polygon[:, 0] * nxt[:, 1] - nxt[:, 0] * polygon[:, 1]
    if abs(cross.sum()) < _TINY:
        return np.asarray(polygon.mean(axis=0))
    return np.asarray(((polygon + nxt) * cross[:, None]).sum(axis=0) / (3.0 * cross.sum()))


@dataclass(frozen=True, eq=False)
class LaneShape:
    """One lane's geometry for one aspect.

    Attributes:
        area, service_area, staff: polygons; service_area None and staff empty where the site has none.
        line: the service line, None where the site has none.
        towards: points to which the order along the lane is measured (what is nearer is served sooner); None: unknown.
    """

    area: Zone
    service_area: Zone | None
    staff: tuple[Zone, ...]
    line: ServiceLine | None
    towards: Array | None

    def distance_to_service(self, p: Point) -> float | None:
        """How far p is from the service point; None where the lane has none."""
        return None if self.towards is None else self.distances_to_service([p])[0]

    def distances_to_service(self, points: Sequence[Point]) -> list[float]:
        """How far each place is from the service point; [] where the lane has none."""
        if self.towards is None or not points:
            return []
        if len(self.towards) == 2:
            a, b = self.towards.tolist()
            return [segment_distance(p, a, b) for p in points]
        far: list[float] = (-signed_distance(np.array(points), self.towards)).tolist()
        return far


def segment_distance(p: Point, a: Point, b: Point) -> float:
    """Distance of a place from a straight piece; plain numbers, since this is asked for every pair of a long line."""
    dx, dy = b[0] - a[0], b[1] - a[1]
    length2 = dx * dx + dy * dy
    share = 0.0 if length2 == 0.0 else ((p[0] - a[0]) * dx + (p[1] - a[1]) * dy) / length2
    share = min(max(share, 0.0), 1.0)
    return math.hypot(p[0] - a[0] - share * dx, p[1] - a[1] - share * dy)


def lane_shape(settings: LaneSettings, next_lane: LaneSettings | None, aspect: float) -> LaneShape:
    """Prepares a lane; `next_lane` is the one nearer to the service point (None for the last lane).

    The order is measured to the service line, else to the service area, else to the next lane on the same camera.
    """
    area = zone(settings.area, aspect)
    service = zone(settings.service_area, aspect) if settings.service_area else None
    line = service_line(settings.service_line, area, aspect) if settings.service_line else None
    towards: Array | None = None
    if line is not None and settings.service_line is not None:
        towards = in_heights(settings.service_line, aspect)
    elif service is not None:
        towards = service.polygon
    elif next_lane is not None and next_lane.camera_id == settings.camera_id:
        towards = in_heights(next_lane.area, aspect)
    staff = tuple(zone(p, aspect) for p in settings.staff_area)
    return LaneShape(area, service, staff, line, towards)
