"""How a lift, or whatever takes people in batches, fills its chairs: from departures alone. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

TOGETHER_S = 2.5  # departures nearer than that went on one chair
APART = 0.2  # gaps up to twice that, a short one, at most
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


def people_at_once(departures_s: Iterable[float]) -> float:
    """How many depart at once on average: a chair's people where there are chairs, else 1."""
    chairs = chairs_seen(departures_s)
    return 1.0 if chairs is None else chairs.people


def chairs_seen(departures_s: Iterable[float]) -> Chairs | None:
    """Departures (all lines of one lift together, media seconds) as chairs; None: too few, or one person at a time.

    A chair's people pass the gate within TOGETHER_S of each other, and chairs are clearly farther apart: where as many
    gaps are a little longer as a few of the short ones (APART), people only happened to go together, as at several
    tills. A gate that lets people through one by one all the time looks like few, very full chairs: None (over 12).
    """
    times_s = sorted(departures_s)
    gaps_s = [b - a for a, b in pairwise(times_s)]
    together = sum(gap_s <= TOGETHER_S for gap_s in gaps_s)
    if sum(TOGETHER_S < gap_s <= 2.0 * TOGETHER_S for gap_s in gaps_s) > APART * together:
        return None
    batches: list[list[float]] = []
    for at_s in times_s:
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
