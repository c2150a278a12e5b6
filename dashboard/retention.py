"""How long a store keeps what: readings by arrival, minutes, visits and hours by their own time.

Only a part is taken out at a time, so that no transaction is long; hours hold what minutes held (dashboard/hours.py),
so nothing has to be moved before. "Now" is the earlier of the collector's clock and the newest row: a clock that jumps
ahead deletes nothing.
"""

from collections.abc import Callable, Iterator

from dashboard.light_sqlite import Database
from edge.settings import StoreSettings

DAY_S = 86_400.0
AT_ONCE = 5000
READINGS_AT_ONCE = 20_000  # a thousand boxes bring that many in a few seconds

Limit = tuple[str, str, float, int]


def limits(newest_s: Callable[[str, str], float | None], now_s: float, keep: StoreSettings) -> Iterator[Limit]:
    """(table, column, before when, how many at once) of what is to be deleted; `newest_s(table, column)` asks for it.

    As long as AT_ONCE rows or more are deleted there may be more to delete.
    """
    yield "readings", "received_s", now_s - keep.seconds_days * DAY_S, READINGS_AT_ONCE
    parts = [("minutes", "minute_s", keep.minutes_days), ("line_minutes", "minute_s", keep.minutes_days)]
    parts += [("events", "at_s", keep.minutes_days)]
    parts += [("hours", "hour_s", keep.hours_days), ("line_hours", "hour_s", keep.hours_days)]
    for table, column, days in parts:
        newest = newest_s(table, column) if days > 0 else None
        if newest is not None:
            yield table, column, min(now_s, newest) - days * DAY_S, AT_ONCE


def prune(db: Database, now_s: float, keep: StoreSettings) -> int:
    """Deletes the oldest rows of a SQLite store that are not to be kept; how many."""

    def newest_s(table: str, column: str) -> float | None:
        (newest,) = db.execute(f"SELECT max({column}) FROM {table}").fetchone()  # noqa: S608
        return None if newest is None else float(newest)

    return sum(_delete(db, *limit) for limit in limits(newest_s, now_s, keep))


def _delete(db: Database, table: str, column: str, before_s: float, at_once: int) -> int:
    old = f"SELECT rowid FROM {table} WHERE {column} < ? ORDER BY {column} LIMIT {at_once}"  # noqa: S608
    return int(db.execute(f"DELETE FROM {table} WHERE rowid IN ({old})", [before_s]).rowcount)  # noqa: S608
