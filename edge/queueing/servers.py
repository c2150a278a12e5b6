"""How many servers a line has, and how a lift fills its chairs: from visits alone."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from edge.queueing.waiting import MEMORY_S
from edge.vocabulary import Visit

LEAST_BUSY_S = 60.0  # of somebody waiting, before a number is told
SHARE = 0.1  # so much of that time must see a number of people served at once
TOGETHER_S = 2.5  # departures nearer than that went on one chair
LEAST_CHAIRS = 5


@dataclass(frozen=True)
class Chairs:
    """How a lift, or whatever takes people in batches, is filled.

    Attributes:
        seats: people on the fullest chairs (the nine-tenths quantile).
        people: people on a chair that takes anybody, on average.
        every_s: usual time between two such chairs, seconds.
    """

    seats: int
    people: float
    every_s: float

    @property
    def fill(self) -> float:
        """Share of the seats that are taken, 0 to 1."""
        return min(self.people / self.seats, 1.0)


def servers_seen(visits: Iterable[Visit], now_s: float) -> int:
    """People served at once while somebody waited, over the last half hour; 0: not known.

    Service lasts from served_s to left_s, which are apart only where a lane has a service area: with a service line
    alone nobody is seen in service. While somebody waits, all servers work but for the moments of walking up, so the
    number is the largest that a tenth of this time has seen; one seen more shortly is a crowd in passing. Fails where
    people stay beside the till after they have been served (too many), and where nobody ever waits (0).
    """
    changes: list[tuple[float, int, int]] = []  # when, change of those waiting, of those served
    since_s = now_s - MEMORY_S
    for v in visits:
        left_s = now_s if v.left_s is None else v.left_s
        if left_s < since_s or v.joined_s > now_s:
            continue
        waits_until_s = left_s if v.served_s is None else min(v.served_s, now_s)
        changes += [(max(v.joined_s, since_s), 1, 0), (max(waits_until_s, since_s), -1, 0)]
        if v.served_s is not None and v.served_s < now_s:
            changes += [(max(v.served_s, since_s), 0, 1), (min(left_s, now_s), 0, -1)]
    return _usual(sorted(changes))


def _usual(changes: Sequence[tuple[float, int, int]]) -> int:
    lasting_s: dict[int, float] = {}
    waiting = served = 0
    last_s = changes[0][0] if changes else 0.0
    for at_s, more_waiting, more_served in changes:
        if waiting > 0:
            lasting_s[served] = lasting_s.get(served, 0.0) + at_s - last_s
        last_s = at_s
        waiting, served = waiting + more_waiting, served + more_served
    whole_s = sum(lasting_s.values())
    if whole_s < LEAST_BUSY_S:
        return 0
    return max((n for n in lasting_s if sum(s for m, s in lasting_s.items() if m >= n) >= SHARE * whole_s), default=0)


def chairs_seen(departures_s: Iterable[float]) -> Chairs | None:
    """Departures (all lines of one lift together, media seconds) as chairs; None: too few, or one person at a time.

    A chair's people pass the gate within TOGETHER_S of each other. Assumes chairs farther apart than that; a gate that
    lets people through one by one all the time looks like few, very full chairs and is told as None (more than 12).
    """
    batches: list[list[float]] = []
    for at_s in sorted(departures_s):
        if batches and at_s - batches[-1][-1] <= TOGETHER_S:
            batches[-1].append(at_s)
        else:
            batches.append([at_s])
    sizes = sorted(len(b) for b in batches)
    if len(batches) < LEAST_CHAIRS:
        return None
    seats = sizes[min(int(0.9 * len(sizes)), len(sizes) - 1)]
    if not 2 <= seats <= 12:
        return None
    every_s = median(b[0] - a[0] for a, b in pairwise(batches))
    return Chairs(seats, sum(sizes) / len(sizes), every_s)
