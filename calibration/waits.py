"""Wait estimators against the simulator's truth: visits go through a book and a teller as they do in the counter."""

import math
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean

from calibration.simulator.visits import TrueVisit
from edge.chairs import people_at_once
from edge.queueing.estimators import ESTIMATORS
from edge.queueing.experience import DWELLS, Newcomers, stage
from edge.queueing.teller import Moment, WaitTeller
from edge.queueing.visits import VisitBook
from edge.queueing.waiting import Wait

LAST_TEN = "last_ten"  # the mean of the last ten waits, which many systems tell
FIVE_MINUTES = "five_minutes"  # people ahead over the departures of the last five minutes
COMPARED = (*ESTIMATORS, LAST_TEN, FIVE_MINUTES)
_WINDOW_S = 300.0


@dataclass(frozen=True)
class Told:
    """What somebody was told at joining, and how long the wait really was; seconds."""

    joined_s: float
    real_s: float
    wait: Wait
    others_s: dict[str, float]  # what each of COMPARED would have told; `wait` itself where it had nothing to say

    @property
    def covered(self) -> bool:
        """Was the real wait inside the told interval?"""
        return self.wait.low_s <= self.real_s <= (math.inf if self.wait.high_s is None else self.wait.high_s)


def tell_all(visits: Sequence[TrueVisit], *, servers: int = 0, min_stay_s: float = 0.0) -> list[Told]:
    """What everybody of one queue was told by the reading before joining, one reading a second; only those served.

    A visit counts min_stay_s after joining, as in the counter; before, it is one of those expected (`coming`). Readings
    at which nothing has happened and that nobody is about to look at are not made: they would change nothing.
    """
    book, teller, lived = VisitBook("q"), WaitTeller(), Newcomers()
    together = 1.0
    numbers: dict[int, int] = {}
    told: dict[int, tuple[Wait, dict[str, float]]] = {}
    shown: tuple[Wait, dict[str, float]] | None = None
    lately: deque[float] = deque(maxlen=10)
    for at_s, happened, newcomers in _ticks(visits, min_stay_s):
        for what, i in happened:
            visit = visits[i]
            if what == "counts":
                numbers[i] = book.join(visit.joined_s, (), censored=False)
                lived.ended(
                    {stage(s, walking=False, min_stay_s=min_stay_s) for s in _dwells_s(min_stay_s)}, stayed=True
                )
            elif i in numbers and visit.ended_s is not None:
                book.close(numbers[i], "served" if visit.served_s is not None else "left", visit.ended_s)
                if visit.served_s is not None:
                    lately.append(visit.served_s - visit.joined_s)
        joined, closed = book.drain()
        everybody = [*book.closed, *book.open_visits()]
        new_s = [at_s - v.joined_s for v in visits if at_s - min_stay_s < v.joined_s <= at_s]
        coming = sum(lived.chance(s, walking=False, min_stay_s=min_stay_s) for s in new_s)
        if closed:
            together = people_at_once(v.served_s for v in book.closed if v.served_s is not None)
        moment = Moment(at_s, everybody, servers, known=True, coming=coming, together=together)
        _, wait = teller.tell(moment, joined, closed)
        shown = None if wait is None else (wait, _others(book, teller, wait, lately, at_s))
        if shown is not None:
            told.update(dict.fromkeys(newcomers, shown))
    return [
        Told(v.joined_s, v.served_s - v.joined_s, *told[i])
        for i, v in enumerate(visits)
        if v.served_s is not None and i in told
    ]


def _dwells_s(min_stay_s: float) -> list[float]:
    return [min_stay_s * k / DWELLS for k in range(DWELLS)]


def _ticks(visits: Sequence[TrueVisit], min_stay_s: float) -> Iterator[tuple[float, list[tuple[str, int]], list[int]]]:
    """(second, what has happened since the one before, who joins in the next second)."""
    happened: dict[int, list[tuple[float, str, int]]] = {}
    newcomers: dict[int, list[int]] = {}
    for i, v in enumerate(visits):
        newcomers.setdefault(math.floor(v.joined_s), []).append(i)
        counts_s = v.joined_s + min_stay_s
        if v.ended_s is None or v.ended_s >= counts_s:
            happened.setdefault(math.floor(counts_s) + 1, []).append((counts_s, "counts", i))
        if v.ended_s is not None:
            happened.setdefault(math.floor(v.ended_s) + 1, []).append((v.ended_s, "ends", i))
    for second in sorted({*happened, *newcomers}):
        events = sorted(happened.get(second, []), key=lambda e: (e[0], e[1] == "ends"))
        yield float(second), [(what, i) for _, what, i in events], newcomers.get(second, [])


def _others(book: VisitBook, teller: WaitTeller, wait: Wait, lately: Sequence[float], at_s: float) -> dict[str, float]:
    others_s: dict[str, float] = {**dict.fromkeys(COMPARED, wait.wait_s), **teller.estimates_s}
    if lately:
        others_s[LAST_TEN] = fmean(lately)
    departures = sum(v.served_s is not None and v.served_s > at_s - _WINDOW_S for v in book.closed)
    if wait.method != "free" and departures:
        others_s[FIVE_MINUTES] = (len(book.open) + 1) * min(at_s, _WINDOW_S) / departures
    return others_s
