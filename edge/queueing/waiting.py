"""How long somebody who joins now will wait: people ahead over the rate at which people are served.

Everything is a function of visits. A headway is the time between two departures (services begun, or the service line
crossed) during which somebody was waiting all along, so that the server had work; only such time tells how fast the
service is. Stops of the server are left out.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from edge.queueing.changes import Change, last_change
from edge.queueing.intervals import HonestEnds, span
from edge.vocabulary import ServiceState, Visit

HEADWAYS = 40  # the latest ones make the rate, those since the last change of pace
MEMORY_S = 1800.0  # older ones say nothing about now
LEAST_HEADWAYS = 2  # with fewer no wait is told
STOP_LEAST_S = 30.0
STOP_FACTOR = 4.0  # a running headway so many times the usual is a stop for now ...
GAP_FACTOR = 6.0  # ... and a finished one so many times the others' mean was one
LEAST_FOR_STOP = 3
SHAPE_MOST = 4.0
SHAPE_BELIEF = 4.0  # headways' worth of belief that services are exponential (shape 1)


@dataclass(frozen=True)
class Headway:
    """Time between two departures with somebody waiting all the while, media seconds."""

    from_s: float
    to_s: float

    @property
    def lasting_s(self) -> float:
        """Its length."""
        return self.to_s - self.from_s


@dataclass(frozen=True)
class Rate:
    """What is known of the service: `departures` in `busy_s` seconds; `stopped`: it stands still now.

    `shape`: of the gamma law that its headways follow; 1 is exponential, more is more regular.
    """

    departures: int
    busy_s: float
    stopped: bool
    shape: float = 1.0

    @property
    def usual_s(self) -> float | None:
        """The mean headway, None without evidence."""
        return self.busy_s / self.departures if self.departures >= LEAST_HEADWAYS and self.busy_s > 0.0 else None


@dataclass(frozen=True)
class Wait:
    """A told wait, seconds. `high_s` None: no upper end is known ("at least")."""

    wait_s: float
    low_s: float
    high_s: float | None
    method: str

    def later(self, by_s: float) -> "Wait":
        """The same, so much later; the lower end stays."""
        return replace(self, wait_s=self.wait_s + by_s, high_s=None if self.high_s is None else self.high_s + by_s)


def headways(visits: Iterable[Visit], now_s: float, blind: Sequence[tuple[float, float]] = ()) -> list[Headway]:
    """Headways of the last MEMORY_S, oldest first.

    Args:
        visits: finished and open ones, in any order; departures are the served_s of visits that were served.
        now_s: the present; open visits wait until then.
        blind: (from_s, to_s) times without a usable picture; headways that touch one are left out.
    """
    visits = list(visits)
    departures = sorted(v.served_s for v in visits if v.served_s is not None and v.served_s >= now_s - MEMORY_S)
    waits = sorted((v.joined_s, _wait_end(v, now_s)) for v in visits)
    joined = [w[0] for w in waits]
    longest: list[float] = []  # the latest end among those who joined first
    for _, end_s in waits:
        longest.append(max(end_s, longest[-1]) if longest else end_s)
    out = []
    for from_s, to_s in pairwise(departures):
        before = bisect_right(joined, from_s)
        if before == 0 or longest[before - 1] < to_s:
            continue
        if not any(a < to_s and b > from_s for a, b in blind):
            out.append(Headway(from_s, to_s))
    return out


def waiting_since(visits: Iterable[Visit], now_s: float) -> float | None:
    """Since when somebody has been waiting without a departure; None if nobody waits now."""
    visits = list(visits)
    joined = [v.joined_s for v in visits if v.outcome is None and v.served_s is None]
    if not joined:
        return None
    last = max((v.served_s for v in visits if v.served_s is not None), default=min(joined))
    return min(max(min(joined), last), now_s)


def service_rate(runs: Sequence[Headway], idle_from_s: float | None, now_s: float) -> Rate:
    """The rate from the latest headways, stops left out.

    The time that runs now (since `idle_from_s`: nobody has departed although somebody waits) is a stop when it is
    longer than max(STOP_LEAST_S, STOP_FACTOR x the usual headway); the rate stays as it was then. A running time that
    is no stop counts as busy time without a departure as far as it is longer than usual.
    """
    kept = at_this_pace(runs)
    departures, busy_s, shape = len(kept), sum(kept), shape_of(kept)
    if idle_from_s is None:
        return Rate(departures, busy_s, stopped=False, shape=shape)
    running_s = now_s - idle_from_s
    if departures >= LEAST_FOR_STOP and running_s > _limit_s(kept, STOP_FACTOR):
        return Rate(departures, busy_s, stopped=True, shape=shape)
    usual_s = busy_s / departures if departures else 0.0
    return Rate(departures, busy_s + max(running_s - usual_s, 0.0), stopped=False, shape=shape)


def shape_of(lasting_s: Sequence[float]) -> float:
    """Shape of the gamma law of headways by their moments, 1 to SHAPE_MOST; few of them count as exponential ones."""
    n, mean_s = len(lasting_s), sum(lasting_s) / max(len(lasting_s), 1)
    if n < LEAST_HEADWAYS or mean_s <= 0.0:
        return 1.0
    spread = sum((s / mean_s - 1.0) ** 2 for s in lasting_s)
    return min(max((n - 1 + SHAPE_BELIEF) / (spread + SHAPE_BELIEF), 1.0), SHAPE_MOST)


def at_this_pace(runs: Sequence[Headway]) -> list[float]:
    """The latest headways, seconds, oldest first, without stops and since the last change of pace."""
    kept = without_stops([run.lasting_s for run in runs[-HEADWAYS:]])
    change = last_change(tuple(kept))
    return kept[change.start :] if change else kept


def pace_change(runs: Sequence[Headway]) -> tuple[Change | None, float | None]:
    """The last change of pace among the latest headways, and since when it has been so, media seconds."""
    latest = runs[-HEADWAYS:]
    kept = without_stops([run.lasting_s for run in latest])
    change = last_change(tuple(kept))
    if change is None:
        return None, None
    longest_s = max(kept)
    return change, [run.from_s for run in latest if run.lasting_s <= longest_s][change.start]


def last_stop_s(runs: Sequence[Headway]) -> float | None:
    """When the last stop among the latest headways was over, media seconds; None without one."""
    latest = runs[-HEADWAYS:]
    longest_s = max(without_stops([run.lasting_s for run in latest]), default=0.0)
    return max((run.to_s for run in latest if run.lasting_s > longest_s), default=None)


def without_stops(lasting_s: Sequence[float]) -> list[float]:
    """Headways without those that were stops: longer than max(STOP_LEAST_S, GAP_FACTOR x the mean of the others).

    Of exponential services one in 400 is longer than six times the mean, so leaving such out makes the mean 2 % too
    short; at four times it would be 7 %. The order stays.
    """
    rest = sorted(lasting_s)
    while len(rest) > LEAST_FOR_STOP and rest[-1] > _limit_s(rest[:-1], GAP_FACTOR):
        rest.pop()
    return [s for s in lasting_s if s <= rest[-1]] if rest else []


def is_free(waiting: int, in_service: int, servers: int) -> bool:
    """Is nobody waiting, and nobody served, or a server known to be free?"""
    return waiting == 0 and (in_service == 0 or 0 < in_service < servers)


def tell(
    waiting: float, rate: Rate, said_s: float | None = None, *, ends: HonestEnds | None = None, drift: float = 0.0
) -> Wait | None:
    """The wait of somebody who joins now with so many (expected) waiting ahead; None as long as there is no evidence.

    `said_s` is what an estimator says; None: the departures to come (one more than wait) times the usual headway. The
    interval is intervals.span between `ends`. While the server stands still no upper end is known.
    """
    usual_s = rate.usual_s
    if usual_s is None:
        return None
    k, a = (waiting + 1) * rate.shape, rate.departures * rate.shape
    ends = ends or HonestEnds()
    wait_s = (waiting + 1) * usual_s if said_s is None or rate.stopped else said_s
    low_s = min(span(wait_s, k, known=a, drift=drift, reach=-ends.low), wait_s)
    if rate.stopped:
        return Wait(wait_s, low_s, None, "at_least")
    return Wait(wait_s, low_s, max(span(wait_s, k, known=a, drift=drift, reach=ends.high), wait_s), "rate")


def state_now(inside: int, rate: Rate, *, closed: bool) -> ServiceState:
    """What the service does: closed (opening.py) or idle without people, stopped, or serving."""
    if inside == 0:
        return "closed" if closed else "idle"
    return "stopped" if rate.stopped else "serving"


def _limit_s(others_s: Sequence[float], factor: float) -> float:
    """How long a headway may be; the fewer others are known, the longer."""
    n = len(others_s)
    return max(STOP_LEAST_S, factor * sum(others_s) / n * (1.0 + 1.0 / n))


def _wait_end(v: Visit, now_s: float) -> float:
    if v.served_s is not None:
        return v.served_s
    return now_s if v.left_s is None else v.left_s
