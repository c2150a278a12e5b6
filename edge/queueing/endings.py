"""How stays reach the visit book: counted once they last, ended when the person has gone or was not found again."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from edge.queueing import presence as rules
from edge.queueing.experience import stage
from edge.queueing.identity import gap, reach
from edge.queueing.lanes import LaneShape, Zone, signed_distance
from edge.queueing.paths import Path
from edge.queueing.presence import End, Place, Presence
from edge.queueing.visits import VisitBook
from edge.vocabulary import Point

AT_LINE_HEIGHTS = 0.5  # body heights from the service line: the first of a line stands there while being served
AHEAD_S = 1.0  # how far a vanished person's walk is continued
UP_HEIGHTS = 0.15  # body heights: the one behind has moved up by more
CLOSED_UP_ODDS = 10.0  # who stands still behind a place does so ten times as often when somebody is there
STILL_HEIGHTS = 0.15  # body heights: who has moved less stands
FRESH_S = 1.0  # ... if seen in the last second


def note_stage(stay: Presence, place: Place, now_s: float) -> None:
    """Notes how far a newcomer is; what came of it is learned later."""
    if stay.number is None:
        walking = stay.path.speed() >= rules.WALK_SPEED
        stay.stages.add(stage(now_s - stay.entered_s, walking=walking, min_stay_s=place.settings.min_stay_s))


def is_ripe(stay: Presence, place: Place, now_s: float) -> bool:
    """Is the person to be counted now? There at the start, or inside for min_stay_s and not just walking through."""
    if stay.number is not None or stay.hidden or stay.out_since_s is not None:
        return False
    if stay.at_start:
        return True
    return now_s - stay.entered_s >= place.settings.min_stay_s and stay.path.speed() < rules.WALK_SPEED


def count(stays: Iterable[Presence], shapes: Sequence[LaneShape], books: Sequence[VisitBook]) -> None:
    """Opens visits; who joined sooner, or at the same moment nearer to the service point, is first."""

    def order(p: Presence) -> tuple[float, int, float, Point]:
        distance = shapes[p.place].distance_to_service(p.path.point)
        return (p.entered_s, p.lane, distance or 0.0, p.path.point)

    for stay in sorted(stays, key=order):
        _open(stay, books[stay.queue])


def _open(stay: Presence, book: VisitBook) -> None:
    stay.number = book.join(stay.entered_s, stay.path.names, censored=stay.at_start)


def mark_service(stay: Presence, book: VisitBook) -> None:
    """Writes the beginning of service into the book."""
    if stay.number is not None and stay.served_s is not None:
        book.serve(stay.number, stay.served_s)


def finish(stay: Presence, place: Place, end: End, book: VisitBook) -> bool:
    """Ends a stay. One who was never counted leaves no trace, unless service shows that it was no passer-by: True."""
    fresh = stay.number is None
    if fresh:
        served_first_s = stay.served_s if stay.served_s is not None else end.at_s
        lasted = end.at_s - stay.entered_s >= place.settings.min_stay_s
        if end.outcome != "served" or not place.marked or not lasted or served_first_s < stay.entered_s:
            return False
        _open(stay, book)
    mark_service(stay, book)
    if stay.number is not None:
        book.close(stay.number, end.outcome, end.at_s)
    return fresh


def vanished(
    stay: Presence,
    place: Place,
    shape: LaneShape,
    *,
    zones: Sequence[Zone],
    others: Iterable[Path],
    first: bool = False,
) -> End:
    """How a stay ended whose person was not seen again: served or left where the walk shows it, else lost.

    The walk goes on to where somebody new appeared outside the lane meanwhile, within reach, or else as it went for
    AHEAD_S. A step over the service line is service, one over the border leaving. The first of the line (`first`) who
    stood at the service line and isn't found again went over it.
    """
    stay = replace(stay, path=stay.path.imagined())
    path, last_s = stay.path, stay.path.seen_s
    heir = _heir(path, place, others)
    if heir is not None:
        heir.spent = True
        at_s, point = heir.first_s, heir.first_point
    else:
        at_s, point = last_s + AHEAD_S, path.ahead(AHEAD_S)
    near_line = at_line(path, shape)
    distance = [float(signed_distance(np.array([point]), z.polygon)[0]) for z in zones]
    path.step(at_s, point, height=path.height, distance=distance, zones=zones)
    rules.watch_line(stay, shape)
    if stay.crossed_s is not None:
        return End("served", stay.crossed_s)
    if rules.inside(path, place) < 0.0:
        stay.out_s = stay.out_s if stay.out_s is not None else rules.exited_s(path, place)
        return rules.outside_end(stay, place)
    if stay.served_s is not None:
        return End("served", last_s if place.count_served else stay.served_s)
    if first and near_line and stay.number is not None:
        return End("served", last_s)
    return End("lost", last_s)


def odds_behind(stay: Presence, shape: LaneShape, now_s: float) -> float:
    """How much likelier somebody hidden is there for what the next one behind does: people in a line close up.

    Who still stands where they stood leaves room for the one in front; 1.0 where nobody behind is seen, or moved up.
    """
    if stay.follower is None:
        return 1.0
    behind, was = stay.follower
    now = shape.distance_to_service(behind.path.point)
    stands = now is not None and was - now <= UP_HEIGHTS * behind.path.height and behind.out_since_s is None
    return CLOSED_UP_ODDS if stands and now_s - behind.path.seen_s <= FRESH_S else 1.0


def at_line(path: Path, shape: LaneShape) -> bool:
    """Does the person stand at the service line?"""
    return shape.line is not None and shape.line.side(path.point) < AT_LINE_HEIGHTS * path.height


def _heir(path: Path, place: Place, others: Iterable[Path]) -> Path | None:
    """Somebody who began outside the lane within hold_s after this one was last seen, within reach, and walked on.

    Who stands there is another one, whose own track broke.
    """
    near = []
    for other in others:
        away_s = other.first_s - path.seen_s
        if other.spent or other.born_inside[place.area_zone] or not 0.0 < away_s <= place.settings.hold_s:
            continue
        distance, walked = gap(path, other.first_point, other.first_s), math.dist(other.first_point, other.point)
        if distance <= reach(path, away_s) and walked >= STILL_HEIGHTS * other.height:
            near.append((distance, other.first_s, other.first_point, other))
    return min(near, key=lambda n: n[:3])[3] if near else None
