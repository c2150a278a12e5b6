"""How many servers keep the wait under a target, and how a recorded day would have gone with another number. Pure.

Closed forms for a steady hour: Erlang (1917) for people who stay, Palm's M/M/c+M (Erlang A; Palm 1957, Garnett,
Mandelbaum & Reiman 2002) for people who give up; services that are not exponential by Allen and Cunneen's factor
(1 + cv^2) / 2 (Allen 1990). For a day whose arrivals rise and fall the recorded arrivals are served again (Kiefer &
Wolfowitz 1955), services drawn from the recorded ones.
"""

import heapq
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

MOST_SERVERS = 50
TINY = 1e-12


@dataclass(frozen=True)
class Demand:
    """A steady stretch of a queue.

    Attributes:
        arrivals_per_min: people who come.
        service_s: mean time that one server needs for one person.
        service_cv: standard deviation of that time over its mean; 1 is exponential, 0 always the same.
        patience_s: mean time after which a waiting person gives up; None: nobody does.
    """

    arrivals_per_min: float
    service_s: float
    service_cv: float = 1.0
    patience_s: float | None = None


@dataclass(frozen=True)
class Expected:
    """What so many servers bring: mean wait of all who come (seconds, inf where the line grows for ever), people who
    wait on average, share that gives up, and share of the servers' time that is used.
    """

    servers: int
    wait_s: float
    waiting: float
    gave_up: float
    used: float


def expected(demand: Demand, servers: int) -> Expected:
    """The steady state with that many servers; ValueError for figures that no queue has."""
    _check(demand, servers)
    arrivals, pace = demand.arrivals_per_min / 60.0, 1.0 / demand.service_s
    give_up = 0.0 if demand.patience_s is None else 1.0 / demand.patience_s
    load = arrivals / pace
    if not give_up and load >= servers:
        return Expected(servers, math.inf, math.inf, 0.0, 1.0)
    if arrivals == 0.0:
        return Expected(servers, 0.0, 0.0, 0.0, 0.0)
    waiting = _mean_waiting(arrivals, pace, give_up, servers=servers) * (1.0 + demand.service_cv**2) / 2.0
    gave_up = min(give_up * waiting / arrivals, 1.0)
    return Expected(servers, waiting / arrivals, waiting, gave_up, min(load * (1.0 - gave_up) / servers, 1.0))


def servers_for(demand: Demand, target_wait_s: float, *, most: int = MOST_SERVERS) -> Expected | None:
    """The fewest servers with a mean wait of at most target_wait_s; None if `most` are not enough."""
    tried = (expected(demand, servers) for servers in range(1, most + 1))
    return next((one for one in tried if one.wait_s <= target_wait_s), None)


@dataclass(frozen=True)
class Replayed:
    """A recorded day with another number of servers: waits of those who come (seconds), over all repetitions."""

    servers: int
    mean_s: float
    p90_s: float
    share_over_target: float
    longest_line: float


def what_if(
    arrivals_s: Sequence[float],
    services_s: Sequence[float],
    servers: int,
    *,
    target_wait_s: float,
    rng: np.random.Generator,
    repeats: int = 20,
    own_service: bool = False,
) -> Replayed:
    """Serves the recorded arrivals again, first come first served, by `servers`; nobody gives up.

    Args:
        arrivals_s: when people joined, media seconds in any order; at least one.
        services_s: recorded times that one server needed for one person, at least one; each service is one of them,
            drawn anew in each repetition.
        servers: how many serve at once, from 1.
        target_wait_s: a wait that is still good.
        rng: chance.
        repeats: how often the day is played.
        own_service: a wait ends with a person's own service, as where people cross the service line when it is over.
    """
    if not len(arrivals_s) or not len(services_s) or servers < 1 or min(services_s) < 0.0:
        raise ValueError("a day is served again with at least one arrival, one service of 0 s or more, and one server")
    arrivals = np.sort(np.asarray(arrivals_s, float))
    waits, longest = [], []
    for _ in range(repeats):
        services = rng.choice(np.asarray(services_s, float), len(arrivals))
        own = _waits_s(arrivals, services, servers)
        waits.append(own + services if own_service else own)
        begun = np.sort(arrivals + own)
        longest.append(float((np.arange(1, len(arrivals) + 1) - np.searchsorted(begun, arrivals, "right")).max()))
    everybody = np.concatenate(waits)
    return Replayed(
        servers,
        float(everybody.mean()),
        float(np.quantile(everybody, 0.9)),
        float((everybody > target_wait_s).mean()),
        float(np.mean(longest)),
    )


def _waits_s(arrivals_s: np.ndarray, services_s: np.ndarray, servers: int) -> np.ndarray:
    free_s = [-math.inf] * servers
    out = np.empty(len(arrivals_s))
    for k, (at_s, lasting_s) in enumerate(zip(arrivals_s, services_s, strict=True)):
        begin_s = max(float(at_s), heapq.heappop(free_s))
        heapq.heappush(free_s, begin_s + float(lasting_s))
        out[k] = begin_s - at_s
    return out


def _mean_waiting(arrivals: float, pace: float, give_up: float, *, servers: int) -> float:
    """Mean number of those who wait, by the birth and death chain's balance."""
    weight, total, waiting, n = 1.0, 1.0, 0.0, 0
    while True:
        n += 1
        beyond = max(n - servers, 0)
        ratio = arrivals / (min(n, servers) * pace + beyond * give_up)
        weight *= ratio
        total += weight
        waiting += beyond * weight
        if total > 1e200:  # numbers stay in range
            weight, total, waiting = weight / total, 1.0, waiting / total
        if beyond and ratio < 1.0 and weight * (beyond + 1.0 / (1.0 - ratio)) / (1.0 - ratio) < TINY * total:
            return waiting / total


def _check(demand: Demand, servers: int) -> None:
    patience_s = math.inf if demand.patience_s is None else demand.patience_s
    good = demand.arrivals_per_min >= 0.0 and demand.service_s > 0.0 and demand.service_cv >= 0.0 and patience_s > 0.0
    if not good or servers < 1:
        raise ValueError(f"no queue is like {demand} with {servers} servers")
