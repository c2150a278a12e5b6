"""Forecasts of a day's quarters of an hour from the store: the next 60 minutes, and those that were made before.

Days are laid beside each other by their local clock, so that a quarter is compared with the same quarter also across
the nights when clocks are changed: a skipped hour is not known, a doubled one is the mean of its two.
"""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from dashboard.forecast import Day, Forecast, forecast
from dashboard.periods import Period, period, zone

Figure = Literal["joined", "length"]
WEEKS = 6  # of the same weekday that a forecast looks back to
AHEAD = 4  # slots of a quarter of an hour: 60 minutes
QUARTER_S = 900.0
QUARTERS = 96
LEAST = 0.5  # less is forecast as nobody

_SQL: dict[Figure, str] = {
    "joined": "CASE WHEN sum(readings - unknown) > 0 THEN sum(joined) END",
    "length": "sum(length_mean * max(readings - unknown, 1)) / "
    "sum(CASE WHEN length_mean IS NULL THEN 0 ELSE max(readings - unknown, 1) END)",
}


@dataclass(frozen=True)
class Outlook:
    """A day's forecasts beside what came, a value a slot of the day.

    Attributes:
        made: what was expected of each slot when its hour began (the next 60 minutes: now); None: nothing.
        ahead: the next 60 minutes with the error that such forecasts have had; None: it is not the day that runs.
        first: the slot that `ahead` begins with.
        off: mean of |made - came| over the day's slots that are over (without those that were empty, and forecast so:
            nights would flatter it); None: there is none.
        compared: over how many slots.
    """

    made: tuple[float | None, ...]
    ahead: Forecast | None = None
    first: int = 0
    off: float | None = None
    compared: int = 0


def history(
    db: sqlite3.Connection, site: str, queues: Sequence[str], of: Period, *, timezone: str, figure: Figure
) -> list[list[float | None]]:
    """The last WEEKS days of the same weekday before the day `of`, oldest first: 96 quarters by the clock each."""
    days = [period("day", of.first - timedelta(days=7 * n), timezone) for n in range(WEEKS, 0, -1)]
    return [by_clock(_day(db, site, queues, day, figure), day, timezone) for day in days]


def outlook(earlier: Sequence[Day], came: Day, of: Period, timezone: str, now_s: float) -> Outlook:
    """The forecasts of the day `of`.

    Args:
        earlier: what `history` gave.
        came: what came in each slot of the day, None where it is not known; slots that are not over are not looked at.
        of: a day.
        timezone: the place's.
        now_s: seconds since 1970.
    """
    clock, over = clock_quarters(of, timezone), min(max(int((now_s - of.start_s) // QUARTER_S), 0), of.slots)
    made: list[float | None] = [None] * of.slots
    for begin in range(0, over, AHEAD):
        _put(made, forecast(earlier, _until(came, clock, begin), AHEAD), clock, range(begin, min(begin + AHEAD, over)))
    pairs = [(m, c) for m, c in zip(made[:over], came[:over], strict=True) if m is not None and c is not None]
    off = [abs(m - c) for m, c in pairs if m >= LEAST or c > 0]
    ahead = None
    if of.start_s <= now_s < of.end_s and over < of.slots:
        ahead = forecast(earlier, _until(came, clock, over), AHEAD)
        _put(made, ahead, clock, range(over, min(over + AHEAD, of.slots)))
    return Outlook(tuple(made), ahead, over, sum(off) / len(off) if off else None, len(off))


def clock_quarters(of: Period, timezone: str) -> list[int]:
    """Which quarter of the local clock (0 to 95) each slot of a day begins in."""
    where = zone(timezone)
    local = [datetime.fromtimestamp(start_s, UTC).astimezone(where) for start_s in of.slot_starts_s()]
    return [at.hour * 4 + at.minute // 15 for at in local]


def by_clock(values: Day, of: Period, timezone: str) -> list[float | None]:
    """A day's slots as 96 quarters of its clock."""
    found: dict[int, list[float]] = {}
    for quarter, value in zip(clock_quarters(of, timezone), values, strict=True):
        if value is not None:
            found.setdefault(quarter, []).append(value)
    return [sum(found[q]) / len(found[q]) if q in found else None for q in range(QUARTERS)]


def _until(came: Day, clock: Sequence[int], slot: int) -> list[float | None]:
    """The day's quarters by the clock before `slot`; its last ones are the slots before."""
    quarters: list[float | None] = [None] * (clock[slot] if slot < len(clock) else QUARTERS)
    for n in range(slot):
        if clock[n] < len(quarters):
            quarters[clock[n]] = came[n]
    return quarters


def _put(made: list[float | None], told: Forecast, clock: Sequence[int], slots: range) -> None:
    """A forecast goes by the clock; a slot whose hour comes twice gets it twice, a skipped one never."""
    for slot in slots:
        n = clock[slot] - clock[slots.start]
        if 0 <= n < len(told.expected):
            made[slot] = told.expected[n]


def _day(db: sqlite3.Connection, site: str, queues: Sequence[str], of: Period, figure: Figure) -> list[float | None]:
    """Several queues as one: their figures add up; None where none of them is known."""
    total: list[float | None] = [None] * of.slots
    for queue in queues:
        rows = db.execute(
            f"SELECT CAST((minute_s - ?) / ? AS INTEGER), {_SQL[figure]} FROM minutes "  # noqa: S608 (our own words)
            "WHERE site = ? AND queue = ? AND minute_s >= ? AND minute_s < ? GROUP BY 1",
            (of.start_s, of.slot_s, site, queue, of.start_s, of.end_s),
        )
        for slot, value in rows:
            if value is not None:
                total[slot] = (total[slot] or 0.0) + value
    return total
