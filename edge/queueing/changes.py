"""Where the pace of service last changed, and how much it tends to change in this queue.

The latest headways of one pace are those that tell about now. A queue whose pace has changed of late may change again
while somebody waits: its intervals are wider.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from math import log

LEAST_AFTER = 3  # headways on either side of a change
EVIDENCE = 4.5  # log likelihood ratio
SHAPE_MOST = 3.0

MEMORY_S = 7200.0  # changes older than that are forgotten
MOST = 32
BELIEF_S = 900.0  # so many seconds' worth of belief ...
BELIEF = 0.1**2 / 3600.0  # ... that the logarithm of the pace moves by 0.1 (a standard deviation) in an hour


@dataclass(frozen=True)
class Change:
    """A change of pace among headways, oldest first.

    Attributes:
        start: index of the first headway after it.
        log_ratio: logarithm of the mean headway after it over that before.
        noise: variance of that logarithm.
        weight: headways on the side that has fewer.
    """

    start: int
    log_ratio: float
    noise: float
    weight: int


@lru_cache(maxsize=64)  # headways change with departures only, readings come once a second
def last_change(lasting_s: tuple[float, ...]) -> Change | None:
    """The last change of pace in headways (seconds, oldest first).

    Generalised likelihood ratio for a change of a gamma law's mean (Basseville & Nikiforov 1993, section 2.4.3), the
    shape being that of the spread within the two parts, 1 (exponential) to SHAPE_MOST: of all splits the likeliest, if
    its evidence is enough; then the same again in what follows it.
    """
    start, found = 0, None
    while (split := _likeliest(lasting_s[start:])) is not None:
        m, shape = split
        before, after = lasting_s[start : start + m], lasting_s[start + m :]
        ratio = log(sum(after) / len(after)) - log(sum(before) / m)
        noise = (1.0 / m + 1.0 / len(after)) / shape
        start += m
        found = Change(start, ratio, noise, min(m, len(after)))
    return found


class PaceDrift:
    """How much the pace of one queue moves, from the changes that were found in it."""

    def __init__(self) -> None:
        self._changes: deque[tuple[float, float, Change]] = deque(maxlen=MOST)  # since when, found when
        self._since_s: float | None = None

    def note(self, change: Change | None, change_s: float | None, now_s: float) -> None:
        """Takes in the last change among the present headways.

        Args:
            change: None without one.
            change_s: since when the pace has been as it is, media seconds.
            now_s: when the last departure was. Earlier than before: the clock was set back, all is forgotten.
        """
        if self._since_s is None or now_s < self._since_s:
            self._since_s = now_s
            self._changes.clear()
        if change is None or change_s is None:
            return
        if not self._changes or change_s > self._changes[-1][1]:
            self._changes.append((change_s, now_s, change))
        elif change.weight > self._changes[-1][2].weight:  # the same one, better seen
            self._changes[-1] = (change_s, self._changes[-1][1], change)

    def per_s(self, now_s: float) -> float:
        """Variance of the logarithm of the pace in a second."""
        if self._since_s is None:
            return BELIEF
        recent = [c for since_s, _, c in self._changes if since_s > now_s - MEMORY_S]
        # What chance alone has to reach to be found (its log likelihood ratio is log_ratio^2 / (2 noise)) is taken off.
        moved = sum(max(c.log_ratio**2 - 2.0 * EVIDENCE * c.noise, 0.0) for c in recent)
        known_s = min(max(now_s - self._since_s, 0.0), MEMORY_S)
        return (BELIEF * BELIEF_S + moved) / (BELIEF_S + known_s)


def _likeliest(lasting_s: Sequence[float]) -> tuple[int, float] | None:
    """(headways before the likeliest change, the shape of the headways' law); None without enough evidence."""
    n = len(lasting_s)
    sums = [0.0, *accumulate(lasting_s)]
    squares = [0.0, *accumulate(s * s for s in lasting_s)]
    if n < 2 * LEAST_AFTER or sums[n] <= 0.0:
        return None
    best, found = EVIDENCE, None
    for m in range(LEAST_AFTER, n - LEAST_AFTER + 1):
        before_s, after_s = sums[m] / m, (sums[n] - sums[m]) / (n - m)
        if before_s <= 0.0 or after_s <= 0.0:
            continue
        # The squared coefficient of variation within the parts; two degrees of freedom went into their means.
        spread = (squares[m] / before_s**2 - m + (squares[n] - squares[m]) / after_s**2 - (n - m)) / (n - 2)
        shape = min(max(1.0 / max(spread, 1e-9), 1.0), SHAPE_MOST)
        ratio = shape * (n * log(sums[n] / n) - m * log(before_s) - (n - m) * log(after_s))
        if ratio > best:
            best, found = ratio, (m, shape)
    return found
