"""How long somebody who joins now will wait: people ahead over the rate at which people are served.

Everything is a function of visits. A headway is the time between two departures (services begun, or the service line
crossed) during which somebody was waiting all along, so that the server had work; only such time tells how fast the
service is. Stops of the server are left out.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from scipy.special import fdtri

from edge.queueing.changes import last_change
from edge.queueing.intervals import HonestTails
from edge.vocabulary import ServiceState, Visit

LEVEL = 0.8  # share of waits that the interval should hold
HEADWAYS = 40  # the latest ones make the rate, those since the last change of pace
MEMORY_S = 1800.0  # older ones say nothing about now
LEAST_HEADWAYS = 2  # with fewer no wait is told
STOP_LEAST_S = 30.0
STOP_FACTOR = 4.0  # a running headway so many times the usual is a stop for now ...
GAP_FACTOR = 6.0  # ... and a finished one so many times the others' mean was one
LEAST_FOR_STOP = 3
CLOSED_S = 1800.0  # nobody for so long: closed


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
    """What is known of the service: `departures` in `busy_s` seconds; `stopped`: it stands still now."""

    departures: int
    busy_s: float
    stopped: bool

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
    departures, busy_s = len(kept), sum(kept)
    if idle_from_s is None:
        return Rate(departures, busy_s, stopped=False)
    running_s = now_s - idle_from_s
    if departures >= LEAST_FOR_STOP and running_s > _limit_s(kept, STOP_FACTOR):
        return Rate(departures, busy_s, stopped=True)
    usual_s = busy_s / departures if departures else 0.0
    return Rate(departures, busy_s + max(running_s - usual_s, 0.0), stopped=False)


def at_this_pace(runs: Sequence[Headway]) -> list[float]:
    """The latest headways, seconds, oldest first, without stops and since the last change of pace."""
    kept = without_stops([run.lasting_s for run in runs[-HEADWAYS:]])
    return kept[last_change(tuple(kept)) :]


def last_change_s(runs: Sequence[Headway]) -> float | None:
    """Since when the pace has been as it is, media seconds; None without a change among the latest headways."""
    latest = runs[-HEADWAYS:]
    kept = without_stops([run.lasting_s for run in latest])
    start = last_change(tuple(kept))
    longest_s = max(kept, default=0.0)
    return [run.from_s for run in latest if run.lasting_s <= longest_s][start] if start else None


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


def tell(waiting: int, in_service: int, servers: int, rate: Rate, tails: HonestTails | None = None) -> Wait | None:
    """The wait of somebody who joins now, `tails` left out on either side; None as long as there is no evidence.

    With a departures in b busy seconds and k = people waiting ahead + 1 departures to come,
    wait * a / (b k) ~ F(2k, 2a) for services of exponential length (the ratio of two gamma variables); regular services
    make it narrower than told.
    Nobody waiting and nobody served (or a server known to be free): 0, whatever is known of the rate.
    """
    low_tail, high_tail = (tails.low, tails.high) if tails else (0.5 - LEVEL / 2.0, 0.5 - LEVEL / 2.0)
    usual_s = rate.usual_s
    if is_free(waiting, in_service, servers):
        high_s = _quantile(1, rate, 1.0 - high_tail) if usual_s is not None else 0.0
        return Wait(0.0, 0.0, high_s, "free")
    if usual_s is None:
        return None
    k = waiting + 1
    low_s, high = _quantile(k, rate, low_tail), _quantile(k, rate, 1.0 - high_tail)
    wait_s = k * usual_s
    if rate.stopped:
        return Wait(wait_s, min(low_s, wait_s), None, "at_least")
    return Wait(wait_s, min(low_s, wait_s), max(high, wait_s), "rate")


def state_now(inside: int, rate: Rate, empty_s: float) -> ServiceState:
    """What the service does: closed after CLOSED_S without anybody, idle without people, stopped, or serving."""
    if inside == 0:
        return "closed" if empty_s >= CLOSED_S else "idle"
    return "stopped" if rate.stopped else "serving"


def _quantile(k: int, rate: Rate, p: float) -> float:
    """Quantile of the wait for k departures, seconds."""
    return rate.busy_s * k / rate.departures * f_quantile(2 * k, 2 * rate.departures, p)


@lru_cache(maxsize=4096)
def f_quantile(dfn: int, dfd: int, p: float) -> float:
    """Quantile of the F distribution."""
    return float(fdtri(dfn, dfd, p))


def _limit_s(others_s: Sequence[float], factor: float) -> float:
    """How long a headway may be; the fewer others are known, the longer."""
    n = len(others_s)
    return max(STOP_LEAST_S, factor * sum(others_s) / n * (1.0 + 1.0 / n))


def _wait_end(v: Visit, now_s: float) -> float:
    if v.served_s is not None:
        return v.served_s
    return now_s if v.left_s is None else v.left_s
