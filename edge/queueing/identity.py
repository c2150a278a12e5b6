"""The same person under another track: who of those just lost is who of those just found."""

import math
from collections.abc import Sequence

from edge.queueing.paths import Path
from edge.vocabulary import Point

REACH_HEIGHTS = 0.5  # a track that breaks comes back this near, in body heights
REACH_SPEED = 0.6  # and so much farther with each second away (body heights a second: slow walking)
REACH_MOST = 1.5


def reach(path: Path, away_s: float) -> float:
    """How far from its last place a hidden person may appear again, picture heights."""
    return path.height * min(REACH_HEIGHTS + REACH_SPEED * max(away_s, 0.0), REACH_MOST)


def gap(path: Path, point: Point, at_s: float) -> float:
    """Distance of a place from where a hidden person would be: standing still or going on, whichever is nearer."""
    away_s = min(max(at_s - path.seen_s, 0.0), 2.0)
    still = math.dist(path.point, point)
    return min(still, math.dist(path.ahead(away_s), point))


def matches(hidden: Sequence[Path], found: Sequence[Point], at_s: float) -> list[tuple[int, int]]:
    """Pairs (index of hidden, index of found), each used once, nearest first; ties by place, never by order given."""
    pairs = []
    for i, path in enumerate(hidden):
        limit = reach(path, at_s - path.seen_s)
        for j, point in enumerate(found):
            distance = gap(path, point, at_s)
            if distance <= limit:
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
