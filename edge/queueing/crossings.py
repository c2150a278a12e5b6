"""Counting lines: who went over a line, and which way. Places are in picture heights (see lanes.py).

What counts is the path between two places that lie clearly beside the line, not places near it: a person who trembles
on the line, turns back on it or appears on it has not crossed. Rules and figures: see docs/queue-science.md.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from edge.queueing.identity import matches
from edge.queueing.lanes import in_heights, segment_distance
from edge.queueing.paths import Key, Path
from edge.queueing.sight import Seen, measure
from edge.vocabulary import LineSettings, Point, Tracks

CLEAR_HEIGHTS = 0.15  # body heights: nearer to the line, a foot may be on either side of it
CLEAR_LEAST = 0.006  # ... but no less than this (picture heights)
FLICKER_S = 0.7  # clearly over and clearly back within so long: the box jumped, nobody does that
LINK_S = 3.0  # a track that ended so lately may go on under another id
FORGET_S = 10.0  # not seen for so long: a new person
BACK_S = 1.0  # pictures older than the latest by less are late ones; by more, the clock was set back


@dataclass(slots=True)
class _Walker:
    """One person beside one line.

    Attributes:
        path: where the person is and was.
        clear: has been clearly beside the line since it was first seen?
        over: net crossings since then, +1 from the line's left to its right.
        waiting: a crossing that may still turn out to be flicker: (+1 or -1, when).
    """

    path: Path
    clear: bool = False
    over: int = 0
    waiting: tuple[int, float] | None = None


class LineCounter:
    """One counting line.

    Attributes:
        settings: the line.
        count_in, count_out: crossings from its left and from its right, as one sees them going along its points.
    """

    def __init__(self, settings: LineSettings) -> None:
        self.settings = settings
        self.count_in = 0
        self.count_out = 0
        self._walkers: dict[Key, _Walker] = {}
        self._last_s: float | None = None
        self._aspect = 0.0
        self._line: tuple[Point, ...] = ()

    def update(self, tracks: Tracks) -> None:
        """Takes in one good picture's tracks of the line's camera; late pictures are passed over."""
        at_s = tracks.pts_s
        if self._last_s is not None:
            if self._last_s - BACK_S <= at_s <= self._last_s:
                return
            if not self._last_s < at_s <= self._last_s + FORGET_S:
                self._forget(math.inf)
        self._last_s = at_s
        self._fit(tracks.size_px[0] / max(tracks.size_px[1], 1))
        seen = measure(tracks, (), (), ())
        self._relink(seen, at_s)
        for s in seen:
            self._move(s, at_s)
        self.settle(at_s)
        self._forget(at_s)

    def settle(self, now_s: float) -> None:
        """Counts the crossings that are no flicker any more."""
        for walker in self._walkers.values():
            if walker.waiting is not None and now_s - walker.waiting[1] > FLICKER_S:
                self._count(walker)

    def _fit(self, aspect: float) -> None:
        if abs(aspect - self._aspect) > 1e-6:
            self._aspect = aspect
            self._line = tuple((float(x), float(y)) for x, y in in_heights(self.settings.points, aspect))

    def _relink(self, seen: Sequence[Seen], at_s: float) -> None:
        """A track that begins where another one has just ended is the same person."""
        now = {s.key for s in seen}
        ended = [k for k, w in self._walkers.items() if k not in now and at_s - w.path.seen_s <= LINK_S]
        new = [s for s in seen if s.key not in self._walkers]
        if not ended or not new:
            return
        for i, j in matches([self._walkers[k].path for k in ended], [s.point for s in new], at_s):
            walker = self._walkers.pop(ended[i])
            walker.path.rename(new[j].key)
            self._walkers[new[j].key] = walker

    def _move(self, s: Seen, at_s: float) -> None:
        walker = self._walkers.get(s.key)
        if walker is None:
            walker = self._walkers[s.key] = _Walker(Path(s.key, at_s, s.point, height=s.height, distance=()))
        else:
            walker.over += crossings(walker.path.point, s.point, self._line)
            walker.path.step(at_s, s.point, height=s.height, distance=(), zones=())
        if distance(s.point, self._line) <= max(CLEAR_HEIGHTS * walker.path.height, CLEAR_LEAST):
            return
        if walker.clear and walker.over:
            self._crossed(walker, 1 if walker.over > 0 else -1, at_s)
        walker.clear, walker.over = True, 0

    def _crossed(self, walker: _Walker, way: int, at_s: float) -> None:
        if walker.waiting is not None and walker.waiting[0] == -way and at_s - walker.waiting[1] <= FLICKER_S:
            walker.waiting = None
            return
        self._count(walker)
        walker.waiting = (way, at_s)

    def _count(self, walker: _Walker) -> None:
        if walker.waiting is not None:
            self.count_in += walker.waiting[0] > 0
            self.count_out += walker.waiting[0] < 0
            walker.waiting = None

    def _forget(self, now_s: float) -> None:
        for key, walker in list(self._walkers.items()):
            if now_s - walker.path.seen_s > FORGET_S:
                self._count(walker)
                del self._walkers[key]


def crossings(p: Point, q: Point, line: Sequence[Point]) -> int:
    """Net crossings of a polyline by the step p -> q: +1 from its left to its right (y grows downwards), -1 back.

    Places on the line belong to its right, corners of the line to one side of the step, so none is counted twice.
    """
    net = 0
    for a, b in pairwise(line):
        from_right, to_right = _turn(a, b, p) >= 0.0, _turn(a, b, q) >= 0.0
        if from_right != to_right and (_turn(p, q, a) >= 0.0) != (_turn(p, q, b) >= 0.0):
            net += 1 if to_right else -1
    return net


def _turn(a: Point, b: Point, p: Point) -> float:
    """Positive where p lies to the right of a -> b, as one sees it in a picture."""
    return (b[0] - a[0]) * (p[1] - a[1]) - (b[1] - a[1]) * (p[0] - a[0])


def distance(p: Point, line: Sequence[Point]) -> float:
    """Distance of a place from a polyline, in its unit."""
    return min(segment_distance(p, a, b) for a, b in pairwise(line))
