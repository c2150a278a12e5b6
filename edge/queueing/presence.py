"""One person's stay in a lane, from the first step inside to the last: not yet a member, member, hidden, leaving.

The decisions here look at one person only; who is who and what is counted is membership.py's.
"""

import math
from dataclasses import dataclass, field

import numpy as np

from edge.queueing.lanes import LaneShape, Zone, crossing, signed_distance
from edge.queueing.paths import Path
from edge.vocabulary import LaneSettings, Outcome, Point, Polygon

MARGIN_HEIGHTS = 0.08  # a foot may tremble this far (body heights) over a border without any meaning
MARGIN_LEAST = 0.004  # ... but no less than this (picture heights)
AWAY_HEIGHTS = 0.35  # so far outside, a person has left
LEAVE_S = 1.5  # so long outside, a person has left
AWAY_S = 0.6  # ... or so long, when walking away
LEAP_HEIGHTS = 0.35  # body heights between two sights: longer than a step aside
WALK_SPEED = 0.5  # body heights a second: faster is walking, not standing in a line


@dataclass(frozen=True)
class Place:
    """One lane as its camera sees it.

    Attributes:
        queue: the queue's place in the site.
        lane: the lane's place in the queue, 0 is nearest to the service point.
        settings: the lane.
        count_served: the queue's.
        area_zone, service_zone: places in the camera's list of zones; service_zone None without service_area.
        borrowed: another camera's lane as this one sees it, by the floor: people who come from this camera's lanes are
            followed there, nobody begins there.
        behind: the next lane away from the service point as this camera sees it, where that is another camera's; ().
    """

    queue: int
    lane: int
    settings: LaneSettings
    count_served: bool
    area_zone: int
    service_zone: int | None
    borrowed: bool = False
    behind: Polygon = ()

    @property
    def marked(self) -> bool:
        """Has the lane a service line or area?"""
        return self.settings.service_line is not None or self.settings.service_area is not None


@dataclass(slots=True, eq=False)
class Presence:
    """Somebody in a lane.

    Attributes:
        path: where the person is and was.
        place: which lane (its place in the camera's list).
        queue, lane: as in Place.
        entered_s: when the lane was entered (the wait counts from here).
        at_start: already there at the first picture.
        number: the visit's number once counted, None before.
        borrowed: followed in another camera's lane, see Place.
        guest: another camera's sight of the person has opened the visit and goes on, see overlap.py.
        apart: was another camera's guest until the sights drifted apart.
        unexplained: counted, though the person began in the middle and nobody was missing then, see origins.py.
        hidden: not seen in the latest picture; at_exit: the first of the line, at the service line, when last seen.
        follower: who stood behind somebody now hidden, and how far from the service; see endings.odds_behind.
        stages: how far the person has been as a newcomer, see experience.py.
        in_s, in_point: when and where last seen inside the lane.
        out_since_s, out_point, out_s: outside since (decided at), where, and when the border was crossed.
        spot, spot_since_s: where the person has stood of late, and since when, see bystanders.py.
        crossed_s: when the service line was crossed outwards.
        service_s: when the service area was entered; served_s: the same, once stood there for min_service_s.
        away_since_s: outside the service area again since.
    """

    path: Path
    place: int
    queue: int
    lane: int
    entered_s: float
    at_start: bool = False
    number: int | None = None
    borrowed: bool = False
    guest: bool = False
    apart: bool = False
    unexplained: bool = False
    hidden: bool = False
    at_exit: bool = False
    follower: "tuple[Presence, float] | None" = None
    stages: set[tuple[int, bool]] = field(default_factory=set)
    in_s: float = 0.0
    in_point: Point = (0.0, 0.0)
    out_since_s: float | None = None
    out_point: Point = (0.0, 0.0)
    out_s: float | None = None
    spot: Point | None = None
    spot_since_s: float = 0.0
    crossed_s: float | None = None
    service_s: float | None = None
    served_s: float | None = None
    away_since_s: float | None = None


@dataclass(frozen=True)
class End:
    """How and when a stay ended."""

    outcome: Outcome
    at_s: float


def margin(path: Path, zone: Zone) -> float:
    """How far a foot may be over this border without meaning, picture heights; never a large part of a small zone."""
    return min(max(MARGIN_HEIGHTS * path.height, MARGIN_LEAST), 0.25 * zone.depth)


def inside(path: Path, place: Place) -> float:
    """Distance inside the lane (area or service area), picture heights; negative outside."""
    d = path.distance[place.area_zone]
    return d if place.service_zone is None else max(d, path.distance[place.service_zone])


def inside_lately(path: Path, place: Place) -> float:
    """The same, averaged."""
    d = path.average[place.area_zone]
    return d if place.service_zone is None else max(d, path.average[place.service_zone])


def is_in(path: Path, place: Place, shape: LaneShape) -> bool:
    """Clearly inside now, or on the inner side of the border for some time."""
    m = margin(path, shape.area)
    d = inside(path, place)
    return d > m or (d > -m and inside_lately(path, place) > m / 4.0)


def is_out(path: Path, place: Place, shape: LaneShape) -> bool:
    """Clearly outside now, or on the outer side of the border for some time."""
    m = margin(path, shape.area)
    d = inside(path, place)
    return d < -m or (d <= 0.0 and inside_lately(path, place) < -m / 4.0)


def entered_s(path: Path, place: Place) -> float:
    """When the lane was entered: the last crossing of its border, or the first sight."""
    zones = [place.area_zone] if place.service_zone is None else [place.area_zone, place.service_zone]
    times = [t for z in zones if path.distance[z] > 0.0 and (t := path.entered_s[z]) is not None]
    return min(times, default=path.seen_s)


def exited_s(path: Path, place: Place) -> float:
    """When the lane was left: the last crossing of its border outwards."""
    zones = [place.area_zone] if place.service_zone is None else [place.area_zone, place.service_zone]
    return max((t for z in zones if (t := path.exited_s[z]) is not None), default=path.seen_s)


def watch_line(p: Presence, shape: LaneShape) -> None:
    """Notes a crossing of the service line on the latest step; coming back takes it away."""
    line, path = shape.line, p.path
    if line is None:
        return
    at = crossing(path.previous_point, path.point, line.a, line.b)
    if at is None:
        return
    if line.side(path.point) < line.side(path.previous_point):
        p.crossed_s = path.previous_s + at * (path.seen_s - path.previous_s)
    else:
        p.crossed_s = None


def watch_service_area(p: Presence, place: Place, shape: LaneShape) -> None:
    """Notes standing in the service area; a stay shorter than min_service_s means nothing."""
    if place.service_zone is None or shape.service_area is None:
        return
    path, at_s = p.path, p.path.seen_s
    d = path.distance[place.service_zone]
    m = margin(path, shape.service_area)
    if d > m or (p.service_s is not None and d > -m):
        p.away_since_s = None
        if p.service_s is None:
            entered = path.entered_s[place.service_zone]
            p.service_s = at_s if entered is None else max(entered, p.entered_s)
        if p.served_s is None and at_s - p.service_s >= place.settings.min_service_s:
            p.served_s = p.service_s
    elif p.service_s is not None:
        if p.away_since_s is None:
            exited = path.exited_s[place.service_zone]
            p.away_since_s = at_s if exited is None else exited
        if p.served_s is None and (d < -AWAY_HEIGHTS * path.height or at_s - p.away_since_s >= LEAVE_S):
            p.service_s = p.away_since_s = None


def service_end(p: Presence, place: Place, shape: LaneShape) -> End | None:
    """Served and gone? Past the service line, or away from the service area after standing there."""
    path = p.path
    if p.crossed_s is not None and shape.line is not None and shape.line.side(path.point) < -margin(path, shape.area):
        return End("served", p.crossed_s)
    if p.served_s is not None:
        if not place.count_served:
            return End("served", p.served_s)
        if place.service_zone is not None and p.away_since_s is not None:
            far = path.distance[place.service_zone] < -AWAY_HEIGHTS * path.height
            if far or path.seen_s - p.away_since_s >= LEAVE_S:
                return End("served", p.away_since_s)
    return None


def watch_border(p: Presence, place: Place, shape: LaneShape) -> None:
    """Notes being outside the lane; coming back takes it away."""
    if is_out(p.path, place, shape):
        if p.out_since_s is None:
            p.out_since_s, p.out_point = p.path.seen_s, p.path.point
            p.out_s = exited_s(p.path, place)
    else:
        p.out_since_s = p.out_s = None
        p.in_s, p.in_point = p.path.seen_s, p.path.point


def leapt(p: Presence) -> bool:
    """Did the track get out of the lane by a step longer than people take in a line?"""
    return p.out_since_s is not None and math.dist(p.in_point, p.out_point) > LEAP_HEIGHTS * p.path.height


def border_end(p: Presence, place: Place, shape: LaneShape, now_s: float) -> End | None:
    """Gone over the border? Far outside, or outside for long enough (longer where another lane follows).

    After a leap a look or two outside are not enough: tracks go over to boxes that are nobody.
    """
    if p.out_since_s is None:
        return None
    doubtful = leapt(p)
    if doubtful and not p.hidden and p.path.seen_s - p.out_since_s < AWAY_S - 1e-9:
        return None
    patience_s = LEAVE_S if place.lane == 0 and not (doubtful and p.hidden) else max(LEAVE_S, place.settings.hold_s)
    away = AWAY_HEIGHTS * p.path.height
    far = place.lane == 0 and not (doubtful and p.hidden)
    far = far and (inside(p.path, place) < -away or _led_away(p, place, shape, now_s) > away)
    return outside_end(p, place) if far or now_s - p.out_since_s >= patience_s else None


def _led_away(p: Presence, place: Place, shape: LaneShape, now_s: float) -> float:
    """How far outside somebody in sight, who has been out for AWAY_S, will be in a second, picture heights."""
    if p.hidden or p.out_since_s is None or now_s - p.out_since_s < AWAY_S:
        return 0.0
    if p.path.speed() < WALK_SPEED / 2.0 or inside(p.path, place) > -margin(p.path, shape.area):
        return 0.0
    point = np.array([p.path.ahead(1.0)])
    zones = [z for z in (shape.area, shape.service_area) if z is not None]
    return min(float(-signed_distance(point, z.polygon)[0]) for z in zones)


def outside_end(p: Presence, place: Place) -> End:
    """The end of a stay that went over the border: served where that is what leaving means, else left."""
    at_s = p.out_s if p.out_s is not None else p.path.seen_s
    if p.crossed_s is not None:
        return End("served", p.crossed_s)
    if p.served_s is not None:
        return End("served", at_s if place.count_served else p.served_s)
    return End("left" if place.marked or place.lane > 0 else "served", at_s)
