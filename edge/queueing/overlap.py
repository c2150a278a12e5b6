"""Views that overlap: who is seen by two cameras at once is one person of the queue.

Each camera's four floor marks make a homography from its picture to the floor. Somebody who is not counted yet, and
stands where another camera sees a member of the same queue, is that member: both sights share one visit, which lasts as
long as one of them does. Cameras without floor marks are not compared.
"""

import math
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from edge.queueing.lanes import Array
from edge.queueing.paths import Path
from edge.queueing.presence import Presence
from edge.queueing.visits import VisitBook
from edge.vocabulary import Point

SAME_M = 0.9  # sights of one person are this near each other; people in a line stand 0.6 to 1 m apart
APART_M = 2.0  # so far apart, they were two people
LEAST_S = 1.0  # in the lane, before somebody is compared


def homography(image: Sequence[Point], metres: Sequence[Point]) -> Array:
    """(3, 3) from fractions of the picture to metres on the floor, exact at four marks, no three in a row.

    The direct linear transform with the last element 1 (Hartley & Zisserman 2004, section 4.1); LinAlgError where the
    marks determine none.
    """
    rows, right = [], []
    for (x, y), (u, v) in zip(image, metres, strict=True):
        rows += [[x, y, 1.0, 0.0, 0.0, 0.0, -u * x, -u * y], [0.0, 0.0, 0.0, x, y, 1.0, -v * x, -v * y]]
        right += [u, v]
    return np.append(np.linalg.solve(np.array(rows), np.array(right)), 1.0).reshape(3, 3)


def on_floor(path: Path, grounds: Mapping[str, Array]) -> Point | None:
    """Where a person stands on the floor, metres; None where the camera has no floor marks, or at its horizon."""
    to_floor = grounds.get(path.key[0])
    if to_floor is None:
        return None
    x, y, w = to_floor @ (path.point[0], path.point[1], 1.0)
    return None if abs(w) < 1e-9 else (float(x / w), float(y / w))


def apart_m(a: Path, b: Path, grounds: Mapping[str, Array]) -> float | None:
    """Distance of two people on the floor, None where it is not known."""
    p, q = on_floor(a, grounds), on_floor(b, grounds)
    return None if p is None or q is None else math.dist(p, q)


def link(
    mine: Iterable[Presence],
    others: Sequence[Presence],
    grounds: Mapping[str, Array],
    *,
    now_s: float,
    books: Sequence[VisitBook],
) -> None:
    """Gives those of one camera who are not counted yet the visits of members that other cameras see there.

    Nearest pairs first, and no two of `mine` get one visit. Sights that have drifted apart are two people again.
    """
    mine = list(mine)
    _unlink(mine, others, grounds)
    taken: set[tuple[int, int | None]] = {(p.queue, p.number) for p in mine if p.number is not None}
    new = [p for p in mine if p.number is None and not p.hidden and (p.at_start or now_s - p.entered_s >= LEAST_S)]
    pairs = []
    for i, stay in enumerate(new):
        for j, other in enumerate(others):
            if other.queue != stay.queue or other.number is None or other.hidden:
                continue
            distance = apart_m(stay.path, other.path, grounds)
            if distance is not None and distance <= SAME_M:
                pairs.append((distance, stay.path.point, other.path.point, i, j))
    for *_, i, j in sorted(pairs):
        queue, number = others[j].queue, others[j].number
        if number is not None and new[i].number is None and (queue, number) not in taken:
            new[i].number = number
            taken.add((queue, number))
            books[queue].follow(number, new[i].path.names[-1])


def _unlink(mine: Iterable[Presence], others: Sequence[Presence], grounds: Mapping[str, Array]) -> None:
    for stay in mine:
        sights = [o for o in others if o.number == stay.number and o.queue == stay.queue and stay.number is not None]
        gaps = [apart_m(stay.path, o.path, grounds) for o in sights if not o.hidden and not stay.hidden]
        if any(gap is not None and gap > APART_M for gap in gaps):
            stay.number = None


def other_sights(stay: Presence, everybody: Iterable[Presence]) -> list[Presence]:
    """The same visit as other cameras see it."""
    if stay.number is None:
        return []
    return [p for p in everybody if p is not stay and p.number == stay.number and p.queue == stay.queue]
