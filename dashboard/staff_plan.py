"""How many servers a queue needs: in the next hour, in each hour of a recorded day, and that day served again. Pure.

Hours are taken as steady, and nobody gives up.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dashboard.demand import Asked, Pace
from dashboard.periods import Period
from edge.staffing import Demand, Expected, Replayed, expected, servers_for, what_if

HOUR_S = 3600.0
MOST = 30  # servers that are thought of
GOOD = 0.9  # share of people who should wait at most the target when a day is served again
LEAST_REPEATS, MOST_REPEATS, VISITS = 3, 20, 20_000  # a day is played so often that about so many visits are


@dataclass(frozen=True)
class Need:
    """So many servers, the mean wait with them (seconds, as the site tells waits; inf: the line grows for ever), and
    the share of their time that they work.
    """

    servers: int
    wait_s: float
    used: float


@dataclass(frozen=True)
class Hour:
    """One hour of a day: how many came, the fewest servers with a mean wait under the target; None: MOST miss it."""

    start_s: float
    came: int
    needed: Need | None


@dataclass(frozen=True)
class Ahead:
    """The next hour: the fewest servers for what is expected, and if so many more come as forecasts are usually off."""

    people: float
    off: float | None
    needed: Need | None
    needed_if_more: Need | None
    fewer: Need | None


def hours(asked: Asked, of: Period, pace: Pace, target_s: float) -> tuple[Hour, ...]:
    """Each hour of the day in which somebody came, as if it were steady; nobody gives up."""
    came = Counter(int((at_s - of.start_s) // HOUR_S) for at_s in asked.arrivals_s)
    return tuple(Hour(of.start_s + n * HOUR_S, came[n], fewest(came[n], pace, target_s)) for n in sorted(came))


def ahead(people: float, off: float | None, pace: Pace, target_s: float) -> Ahead:
    """The next hour.

    Args:
        people: how many are expected in it.
        off: by how many such a forecast of an hour is usually off; None: not known.
        pace: of one server.
        target_s: the mean wait that is still good.
    """
    needed = fewest(people, pace, target_s)
    more = None if off is None else fewest(people + off, pace, target_s)
    fewer = with_servers(people, pace, needed.servers - 1) if needed is not None and needed.servers > 1 else None
    return Ahead(people, off, needed, more, fewer)


def fewest(people: float, pace: Pace, target_s: float) -> Need | None:
    """The fewest servers of an hour of so many people with a mean wait of at most target_s; None: MOST miss it."""
    told = servers_for(_demand(people, pace), target_s - _own_s(pace), most=MOST)
    return None if told is None else _need(told, pace)


def with_servers(people: float, pace: Pace, servers: int) -> Need:
    """An hour of so many people with that many servers."""
    return _need(expected(_demand(people, pace), servers), pace)


def _demand(people: float, pace: Pace) -> Demand:
    return Demand(people / 60.0, pace.service_s, pace.cv)


def _own_s(pace: Pace) -> float:
    return pace.service_s if pace.in_wait else 0.0


def _need(told: Expected, pace: Pace) -> Need:
    return Need(told.servers, told.wait_s + _own_s(pace), told.used)


def again(asked: Asked, pace: Pace, servers: Sequence[int], target_s: float, seed: int) -> tuple[Replayed, ...]:
    """The day's arrivals served again by each number of servers; the same chance for all of them."""
    repeats = min(max(VISITS // len(asked.arrivals_s), LEAST_REPEATS), MOST_REPEATS)
    return tuple(
        what_if(
            asked.arrivals_s,
            pace.services_s,
            n,
            target_wait_s=target_s,
            rng=np.random.default_rng(seed),
            repeats=repeats,
            own_service=pace.in_wait,
        )
        for n in servers
    )


def enough(played: Sequence[Replayed]) -> Replayed | None:
    """The fewest servers with whom GOOD of the people wait at most the target; None: none of those played."""
    return next((one for one in sorted(played, key=lambda p: p.servers) if one.share_over_target <= 1 - GOOD), None)
