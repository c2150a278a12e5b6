"""What somebody waits who finds a free server: nobody is ahead, and still it takes the walk and, with a service line,
a service of one's own. Learned from those who found it free.
"""

from collections import deque
from dataclasses import replace
from statistics import fmean

from edge.queueing.intervals import LEVEL, NOMINAL, span
from edge.queueing.waiting import Wait, without_stops

KEPT = 32


class FreeWaits:
    """The latest real waits of those who found a free server."""

    def __init__(self) -> None:
        self._real_s: deque[float] = deque(maxlen=KEPT)

    def learn(self, real_s: float) -> None:
        """Takes in one more, seconds."""
        self._real_s.append(real_s)

    @property
    def known_s(self) -> list[float]:
        """Those waits in order of length, without stops (people who stayed to talk)."""
        return without_stops(sorted(self._real_s))

    @property
    def usual_s(self) -> float:
        """The mean, as of all that is told; no wait is shorter, however short the line. 0 before one is known."""
        return fmean(known_s) if (known_s := self.known_s) else 0.0

    def tell(self, headway_high_s: float, *, shape: float = 1.0) -> Wait:
        """The wait with its interval: of n known ones, and one more, all orders are alike (order statistics).

        Too few for that: the interval of one more of a gamma law of that shape, n known (intervals.span).
        `headway_high_s`: the upper end for one departure at the present pace, told as long as nothing is known.
        """
        known, wait_s = self.known_s, self.usual_s
        if not known:
            return Wait(0.0, 0.0, headway_high_s, "free")
        out = int((0.5 - LEVEL / 2.0) * (len(known) + 1) + 1e-9)  # ranks that may be left out at either end
        if out:
            return Wait(wait_s, min(known[out - 1], wait_s), max(known[-out], wait_s), "free")
        low_s, high_s = (
            span(wait_s, shape, known=len(known) * shape, drift=0.0, reach=reach) for reach in (-NOMINAL, NOMINAL)
        )
        return Wait(wait_s, min(low_s, wait_s), max(high_s, wait_s), "free")

    def at_least(self, wait: Wait, *, shape: float = 1.0) -> Wait:
        """A told wait, no shorter than it takes where nobody is ahead.

        Several servers look like one fast one, which is right for those behind a full line only: one who comes while a
        server is free takes a whole service.
        """
        if wait.wait_s >= self.usual_s or wait.high_s is None:
            return wait
        high_s = self.tell(wait.high_s, shape=shape).high_s or 0.0
        return replace(wait, wait_s=self.usual_s, high_s=max(wait.high_s, high_s))
