"""What somebody waits who finds a free server: nobody is ahead, and still it takes the walk and, with a service line,
a service of one's own. Learned from those who found it free.
"""

from collections import deque
from dataclasses import replace
from statistics import median

from edge.queueing.intervals import LEVEL
from edge.queueing.waiting import Wait

KEPT = 32
LEAST = 3  # before so many are known: 0


class FreeWaits:
    """The latest real waits of those who found a free server."""

    def __init__(self) -> None:
        self._real_s: deque[float] = deque(maxlen=KEPT)

    def learn(self, real_s: float) -> None:
        """Takes in one more, seconds."""
        self._real_s.append(real_s)

    @property
    def usual_s(self) -> float:
        """The median; no wait is shorter than this, however short the line. 0 before LEAST are known."""
        return median(self._real_s) if len(self._real_s) >= LEAST else 0.0

    def tell(self, headway_high_s: float) -> Wait:
        """The wait with its interval: of n known ones, and one more, all orders are alike (order statistics).

        `headway_high_s`: the upper end for one departure at the present pace; it stays the upper end until the known
        ones are enough for one of their own.
        """
        if len(self._real_s) < LEAST:
            return Wait(0.0, 0.0, headway_high_s, "free")
        known = sorted(self._real_s)
        out = int((0.5 - LEVEL / 2.0) * (len(known) + 1))  # ranks that may be left out at either end
        if out:
            return Wait(self.usual_s, known[out - 1], known[-out], "free")
        return Wait(self.usual_s, known[0], max(known[-1], headway_high_s), "free")

    def at_least(self, wait: Wait) -> Wait:
        """A told wait, no shorter than it takes where nobody is ahead.

        Several servers look like one fast one, which is right for those behind a full line only: one who comes while a
        server is free takes a whole service.
        """
        if wait.wait_s >= self.usual_s or wait.high_s is None:
            return wait
        return replace(wait, wait_s=self.usual_s, high_s=max(wait.high_s, self.tell(wait.high_s).high_s or 0.0))
