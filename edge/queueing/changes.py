"""Where the pace of service last changed: the latest headways of one pace are those that tell about now."""

from collections.abc import Sequence
from functools import lru_cache
from itertools import accumulate
from math import log

LEAST_AFTER = 3  # headways on either side of a change
EVIDENCE = 4.5  # log likelihood ratio
SHAPE_MOST = 3.0


@lru_cache(maxsize=64)  # headways change with departures only, readings come once a second
def last_change(lasting_s: tuple[float, ...]) -> int:
    """Index of the first headway (seconds, oldest first) after the last change of pace; 0 without one.

    Generalised likelihood ratio for a change of a gamma law's mean (Basseville & Nikiforov 1993, section 2.4.3), the
    shape being that of the spread within the two parts, 1 (exponential) to SHAPE_MOST: of all splits the likeliest, if
    its evidence is enough; then the same again in what follows it.
    """
    start = 0
    while (split := _likeliest(lasting_s[start:])) is not None:
        start += split
    return start


def _likeliest(lasting_s: Sequence[float]) -> int | None:
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
            best, found = ratio, m
    return found
