"""What was: lengths, waits, arrivals and departures of a queue in the slots of a period, from the store.

Slots come from the minutes; where minutes are no longer kept, from the hours. Real waits come from the visits, or,
where those are no longer kept, from the hours' bins (half a minute wide up to half an hour).
"""

import json
import math
import sqlite3
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from dashboard.hours import HOUR_S, bin_width_s
from dashboard.periods import Period


@dataclass(frozen=True)
class Slot:
    """One slot: means and maxima of what was known (None: nothing was), sums of what was counted."""

    length: float | None = None
    length_max: int | None = None
    wait_s: float | None = None
    wait_max_s: float | None = None
    joined: int = 0
    served: int = 0
    left: int = 0
    lost: int = 0
    known: float = 0.0


@dataclass(frozen=True)
class Waits:
    """Real waits of people who were served: (wait_s, how many, over how many seconds the bin goes), sorted."""

    bins: tuple[tuple[float, int, float], ...] = ()

    @property
    def n(self) -> int:
        """How many people."""
        return sum(count for _, count, _ in self.bins)

    def percentile_s(self, share: float) -> float | None:
        """The wait that this share of people did not exceed, linear within a bin; None without people."""
        if not self.bins:
            return None
        rank, passed = share * self.n, 0
        for lower_s, count, width_s in self.bins:
            if passed + count >= rank:
                return lower_s + width_s * (rank - passed) / count
            passed += count
        return self.bins[-1][0] + self.bins[-1][2]

    def share_within(self, target_s: float) -> float | None:
        """The share of people who waited at most `target_s`; None without people."""
        if not self.bins:
            return None
        inside = 0.0
        for lower_s, count, width_s in self.bins:
            if lower_s + width_s <= target_s:
                inside += count
            elif lower_s < target_s:
                inside += count * (target_s - lower_s) / width_s
        return inside / self.n


@dataclass(frozen=True)
class Past:
    """One queue in a period: its slots, and the real waits of those who were served in it."""

    queue: str
    period: Period
    slots: tuple[Slot, ...]
    waits: Waits

    def total(self, figure: str) -> int:
        """The sum of joined, served, left or lost."""
        return sum(getattr(slot, figure) for slot in self.slots)

    @property
    def known(self) -> bool:
        """Is anything known of it?"""
        return any(slot.known for slot in self.slots)


def gave_up(past: Past) -> tuple[float, float] | None:
    """Between which shares of those who came gave up: those who were seen to leave, and these with those lost."""
    ended = past.total("served") + past.total("left") + past.total("lost")
    if not ended:
        return None
    return past.total("left") / ended, (past.total("left") + past.total("lost")) / ended


def read_past(db: sqlite3.Connection, site: str, queue: str, of: Period) -> Past:
    """One queue in a period."""
    slots = _slots(db, site, queue, of)
    return Past(queue, of, slots, _waits(db, site, queue, of))


def queues(db: sqlite3.Connection, site: str) -> tuple[str, ...]:
    """Ids of all queues that the store has heard of, sorted."""
    rows = db.execute(
        "SELECT queue FROM state WHERE site = ? UNION SELECT DISTINCT queue FROM hours WHERE site = ? ORDER BY 1",
        (site, site),
    )
    return tuple(str(row[0]) for row in rows)


def named_queues(db: sqlite3.Connection, site: str, given: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Names by id: the given ones (of the site file) first, then those that only the store has heard of."""
    named = dict(given)
    return named | {queue: queue for queue in queues(db, site) if queue not in named}


_KNOWN = "CASE WHEN length_mean IS NULL THEN 0 ELSE max(readings - unknown, 1) END"
_TIMED = "CASE WHEN wait_mean_s IS NULL THEN 0 ELSE max(readings - unknown, 1) END"
_FROM_MINUTES = f"""
SELECT CAST((minute_s - :start) / :slot AS INTEGER) AS slot, sum(length_mean * {_KNOWN}) AS length_sum,
    sum({_KNOWN}) AS known, max(length_max) AS length_max, sum(wait_mean_s * {_TIMED}) AS wait_sum_s,
    sum({_TIMED}) AS timed, max(wait_max_s) AS wait_max_s, sum(joined) AS joined, sum(served) AS served,
    sum("left") AS "left", sum(lost) AS lost
FROM minutes WHERE site = :site AND queue = :queue AND minute_s >= :start AND minute_s < :end GROUP BY slot
"""  # noqa: S608
_FROM_HOURS = """
SELECT CAST((hour_s - :start) / :slot AS INTEGER) AS slot, sum(length_sum) AS length_sum,
    sum(length_readings) AS known, max(length_max) AS length_max, sum(wait_sum_s) AS wait_sum_s,
    sum(wait_readings) AS timed, max(wait_max_s) AS wait_max_s, sum(joined) AS joined, sum(served) AS served,
    sum("left") AS "left", sum(lost) AS lost
FROM hours WHERE site = :site AND queue = :queue AND hour_s >= :start AND hour_s < :end GROUP BY slot
"""


def _slots(db: sqlite3.Connection, site: str, queue: str, of: Period) -> tuple[Slot, ...]:
    asked = {"site": site, "queue": queue, "start": of.start_s, "end": of.end_s, "slot": of.slot_s}
    # Whole hours are sums of their minutes (dashboard/hours.py), so a week need not read ten thousand of these.
    whole = of.slot_s == HOUR_S and of.start_s % HOUR_S == 0
    first, then = (_FROM_HOURS, _FROM_MINUTES) if whole else (_FROM_MINUTES, _FROM_HOURS)
    rows = db.execute(first, asked).fetchall() or db.execute(then, asked).fetchall()
    found = {
        int(r["slot"]): Slot(
            length=r["length_sum"] / r["known"] if r["known"] else None,
            length_max=r["length_max"],
            wait_s=r["wait_sum_s"] / r["timed"] if r["timed"] else None,
            wait_max_s=r["wait_max_s"],
            joined=r["joined"],
            served=r["served"],
            left=r["left"],
            lost=r["lost"],
            known=r["known"],
        )
        for r in rows
    }
    return tuple(found.get(number, Slot()) for number in range(of.slots))


def _waits(db: sqlite3.Connection, site: str, queue: str, of: Period) -> Waits:
    asked = (site, queue, of.start_s, of.end_s)
    exact: list[float] = [
        row[0]
        for row in db.execute(
            "SELECT wait_s FROM events WHERE site = ? AND queue = ? AND at_s >= ? AND at_s < ? AND kind = 'served' "
            "AND wait_s IS NOT NULL ORDER BY wait_s",
            asked,
        )
    ]
    first_hour_s = math.floor(of.start_s / HOUR_S) * HOUR_S
    binned: Counter[int] = Counter()
    for (text,) in db.execute(
        "SELECT waits FROM hours WHERE site = ? AND queue = ? AND hour_s >= ? AND hour_s < ?",
        (site, queue, first_hour_s, of.end_s),
    ):
        binned.update({int(lower): count for lower, count in json.loads(text).items()})
    # Half an hour of a place whose zone has half hours may be in a neighbour's hour: then exact has a few less.
    if len(exact) >= 0.9 * binned.total():
        return Waits(tuple((wait_s, 1, 0.0) for wait_s in exact))
    return Waits(tuple((float(lower), count, float(bin_width_s(lower))) for lower, count in sorted(binned.items())))


def together(pasts: Sequence[Past]) -> Past:
    """Several queues as one: lengths and counts add up; waits are those of everybody. `pasts` is not empty."""
    slots = []
    for parts in zip(*(p.slots for p in pasts), strict=True):
        lengths = [s.length for s in parts if s.length is not None]
        timed = [(s.wait_s, s.joined + s.served + 1) for s in parts if s.wait_s is not None]
        slots.append(
            Slot(
                length=sum(lengths) if lengths else None,
                wait_s=sum(w * n for w, n in timed) / sum(n for _, n in timed) if timed else None,
                **{f: sum(getattr(s, f) for s in parts) for f in ("joined", "served", "left", "lost", "known")},
            )
        )
    waits = sorted(one for p in pasts for one in p.waits.bins)
    return Past("", pasts[0].period, tuple(slots), Waits(tuple(waits)))
