"""The same person under another track: who of those just lost is who of those just found."""

import math
from collections.abc import Sequence

from edge.queueing.paths import Path
from edge.vocabulary import Point

REACH_HEIGHTS = 0.5  # a track that breaks comes back this near, in body heights
REACH_SPEED = 0.6  # and so much farther with each second away (body heights a second: slow walking)
REACH_MOST = 1.5
MIDDLE = (0.2, 0.8)  # of a way: who stands there stands between its ends
FILE_HEIGHTS = 0.15  # body heights beside a way: farther off one stands in another file


def reach(path: Path, away_s: float) -> float:
    """How far from its last place a hidden person may appear again, picture heights."""
    return path.height * min(REACH_HEIGHTS + REACH_SPEED * max(away_s, 0.0), REACH_MOST)


def gap(path: Path, point: Point, at_s: float) -> float:
    """Distance of a place from where a hidden person would be: standing still or going on, whichever is nearer."""
    away_s = min(max(at_s - path.seen_s, 0.0), 2.0)
    still = math.dist(path.point, point)
    return min(still, math.dist(path.ahead(away_s), point))


def overtaken(a: Point, b: Point, standing: Sequence[Point], height: float) -> bool:
    """Does somebody stand in the middle of the way from a to b? Nobody passes the next one in a line."""
    way = (b[0] - a[0], b[1] - a[1])
    length = math.hypot(*way)
    for point in standing:
        off = (point[0] - a[0], point[1] - a[1])
        along, beside = off[0] * way[0] + off[1] * way[1], abs(off[0] * way[1] - off[1] * way[0])
        if MIDDLE[0] * length**2 < along < MIDDLE[1] * length**2 and beside < FILE_HEIGHTS * height * length:
            return True
    return False


def matches(
    hidden: Sequence[Path], found: Sequence[Point], at_s: float, standing: Sequence[Point] = ()
) -> list[tuple[int, int]]:
    """Pairs (index of hidden, index of found), each used once, nearest first; ties by place, never by order given.

    `standing`: where those of the line stand who are seen; nobody hidden is found on their other side.
    """
    pairs = []
    for i, path in enumerate(hidden):
        limit = reach(path, at_s - path.seen_s)
        for j, point in enumerate(found):
            distance = gap(path, point, at_s)
            if distance <= limit and not overtaken(path.point, point, standing, path.height):
                pairs.append((distance / path.height, path.point, point, i, j))
    pairs.sort()
    used_hidden: set[int] = set()
    used_found: set[int] = set()
    out = []
    for *_, i, j in pairs:
        if i not in used_hidden and j not in used_found:
            used_hidden.add(i)
            used_found.add(j)
            out.append((i, j))
    return out
