"""What moves with a shape that is dragged: a service line lies on its lane's side, and their common corners stay so."""

from dataclasses import replace

from calibration.draft import Spot
from edge.settings import Site
from edge.vocabulary import Polygon


def moved(site: Site, spot: Spot, points: Polygon) -> list[tuple[Spot, Polygon]]:
    """The shape where it was dragged to, and what of its lane goes along.

    A lane takes its service line's ends that lie on its corners along. One end of a service line takes the lane's
    corner along; a service line that is dragged whole leaves the lane: it goes to another side.

    Args:
        site: as it was before, with the lane.
        spot: what was dragged.
        points: where it is now, as many as before unless a corner was added or taken away.
    """
    dragged = [(spot, points)]
    if spot.kind not in ("area", "service_line"):
        return dragged
    lane = next((lane for q in site.queues if q.id == spot.owner for lane in q.lanes[spot.lane :]), None)
    if lane is None or lane.service_line is None:
        return dragged
    before, beside = (lane.area, lane.service_line) if spot.kind == "area" else (lane.service_line, lane.area)
    changed = {old: new for old, new in zip(before, points, strict=False) if old != new}
    if len(before) != len(points) or (spot.kind == "service_line" and len(changed) > 1):
        return dragged
    along = tuple(changed.get(corner, corner) for corner in beside)
    other = replace(spot, kind="service_line" if spot.kind == "area" else "area")
    return dragged if along == tuple(beside) else [*dragged, (other, along)]
