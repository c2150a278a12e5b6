"""Who tells the wait of one queue: every estimator is asked, the one that has been best of late speaks.

What is remembered changes with visits only, never with the mere passing of a tick: how often readings are made changes
no wait.
"""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from edge.queueing import waiting
from edge.queueing.changes import PaceDrift
from edge.queueing.estimators import ESTIMATORS, Line
from edge.queueing.free import FreeWaits
from edge.queueing.intervals import HonestEnds
from edge.queueing.ledger import Ledger
from edge.queueing.servers import servers_seen
from edge.queueing.waiting import Headway, Rate, Wait
from edge.vocabulary import Visit

TICKS_KEPT = 64  # told waits that newcomers may have seen: a person counts only some seconds after joining
PENDING_KEPT = 512  # people who wait and were told something


@dataclass(frozen=True)
class Moment:
    """What the teller is told of a queue: media seconds.

    `blind`: (from_s, to_s) times without a usable picture. `coming`: how many people are expected to be in the line
    already who don't count yet: the sum of their probabilities to stay. `together`: people who depart at once.
    """

    now_s: float
    visits: Sequence[Visit]
    servers: int
    known: bool
    blind: Sequence[tuple[float, float]] = ()
    coming: float = 0.0
    together: float = 1.0


@dataclass(frozen=True)
class _Told:
    at_s: float
    wait: Wait
    estimates_s: Mapping[str, float]
    people: int  # waiting and served at that moment


class WaitTeller:
    """The wait of one queue, and its record."""

    def __init__(self) -> None:
        self.ledger = Ledger()
        self.ends = HonestEnds()
        self.free = FreeWaits()
        self.drift = PaceDrift()
        self.estimates_s: Mapping[str, float] = {}  # what each estimator said at the last `tell`
        self._told: deque[_Told] = deque(maxlen=TICKS_KEPT)
        self._pending: dict[tuple[float, int], _Told] = {}
        self._settled: dict[tuple[float, int], Wait] = {}
        self._stop_s: float | None = None  # when the last stop was over
        self._change_s: float | None = None  # since when the pace is as it is

    def tell(self, moment: Moment, joined: Iterable[Visit], closed: Iterable[Visit]) -> tuple[Rate, Wait | None]:
        """The pace of service now, and the wait of somebody who joins now; None while nothing can be told.

        joined, closed: the visits that were opened and that ended since the last call.
        """
        runs = waiting.headways(moment.visits, moment.now_s, moment.blind)
        self._stop_s = waiting.last_stop_s(runs)
        self._regime(runs)
        self._note(joined, closed)
        idle_from_s = waiting.waiting_since(moment.visits, moment.now_s) if moment.known else None
        rate = waiting.service_rate(runs, idle_from_s, moment.now_s)
        if self._told and moment.now_s < self._told[-1].at_s:
            self._told.clear()  # media time went back
        if not moment.known:
            return rate, None
        pace = waiting.at_this_pace(runs)
        line = Line(moment.now_s, moment.visits, rate, pace, idle_from_s, self._stop_s, moment.coming, moment.together)
        wait, self.estimates_s = self._speak(line, moment.servers)
        if wait is not None:
            self._told.append(_Told(moment.now_s, wait, self.estimates_s, len(line.waiting) + line.in_service))
        return rate, wait

    def told(self, visit: Visit) -> Wait | None:
        """What one of those `closed` in the last `tell` had been told at joining, if that can be scored."""
        return self._settled.get(_key(visit))

    def _regime(self, runs: Sequence[Headway]) -> None:
        change, change_s = waiting.pace_change(runs)
        if runs:
            self.drift.note(change, change_s, runs[-1].to_s)
        if change_s is not None and (self._change_s is None or change_s > self._change_s):
            self.ledger.forget()
        self._change_s = change_s

    def _note(self, joined: Iterable[Visit], closed: Iterable[Visit]) -> None:
        for visit in joined:
            seen = next((t for t in reversed(self._told) if t.at_s <= visit.joined_s), None)
            if seen is not None and not visit.censored:
                self._pending[_key(visit)] = seen
                if len(self._pending) > PENDING_KEPT:
                    del self._pending[next(iter(self._pending))]
        self._settled.clear()
        for visit in closed:
            told = self._pending.pop(_key(visit), None)
            if told is not None and visit.served_s is not None and not visit.censored:
                self._settled[_key(visit)] = told.wait
                self._score(told, visit, visit.served_s - visit.joined_s)

    def _speak(self, line: Line, servers: int) -> tuple[Wait | None, dict[str, float]]:
        people = len(line.waiting)
        in_service = line.in_service
        if servers == 0 and people == 0 and in_service:  # only then the number decides anything
            servers = servers_seen(line.visits, line.now_s)
        known = partial(waiting.tell, ends=self.ends, drift=self.drift.per_s(line.now_s))
        if waiting.is_free(people, in_service, servers):
            one = known(line.coming, line.rate)
            free = self.free.tell(0.0 if one is None or one.high_s is None else one.high_s, shape=line.rate.shape)
            return free.later(line.coming * (line.rate.usual_s or self.free.usual_s)), {}
        wait = known(people + line.coming, line.rate)
        if wait is None or wait.high_s is None:
            return wait, {}
        asked = {name: estimator(line) for name, estimator in ESTIMATORS.items()}
        estimates_s = {name: max(said_s, 0.0) for name, said_s in asked.items() if said_s is not None}
        speaker = self.ledger.speaker if self.ledger.speaker in estimates_s else "rate"
        wait = known(people + line.coming, line.rate, estimates_s[speaker])
        return wait and self.free.at_least(replace(wait, method=speaker), shape=line.rate.shape), estimates_s

    def _score(self, told: _Told, visit: Visit, real_s: float) -> None:
        wait, ahead = told.wait, visit.ahead_on_joining
        high_s = float("inf") if wait.high_s is None else wait.high_s
        self.ledger.publish(wait.wait_s, real_s, covered=wait.low_s <= real_s <= high_s)
        if wait.high_s is None or (self._stop_s is not None and self._stop_s >= visit.joined_s):
            return  # a stop is nobody's fault: it says nothing of who estimates well
        if wait.method == "free":
            if ahead <= told.people:  # others who joined just before were not counted yet: no empty line was found
                self.free.learn(real_s)
        elif told.estimates_s:
            self.ends.learn(real_s, wait.low_s, high_s, ahead=ahead)
            if self._change_s is None or visit.joined_s > self._change_s:
                self.ledger.score(told.estimates_s, real_s, ahead=ahead)


def _key(visit: Visit) -> tuple[float, int]:
    """Names a visit for as long as it is open: of those who join at one moment each has another number ahead."""
    return visit.joined_s, visit.ahead_on_joining
