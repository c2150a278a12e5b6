"""How long the store keeps what: readings by arrival, minutes, visits and hours by their own time.

Only a part is taken out at a time, so that no transaction is long; hours hold what minutes held (dashboard/hours.py),
so nothing has to be moved before. "Now" is the earlier of the collector's clock and the newest row: a clock that jumps
ahead deletes nothing.
"""

from dashboard.light_sqlite import Database
from edge.settings import StoreSettings

DAY_S = 86_400.0
AT_ONCE = 5000
READINGS_AT_ONCE = 20_000  # a thousand boxes bring that many in a few seconds


def prune(db: Database, now_s: float, keep: StoreSettings) -> int:
    """Deletes the oldest rows that are not to be kept, as many as one small transaction can hold; how many.

    As long as it deletes AT_ONCE or more there may be more to delete.
    """
    done = _delete(db, "readings", "received_s", now_s - keep.seconds_days * DAY_S, READINGS_AT_ONCE)
    parts = [("minutes", "minute_s", keep.minutes_days), ("line_minutes", "minute_s", keep.minutes_days)]
    parts += [("events", "at_s", keep.minutes_days)]
    parts += [("hours", "hour_s", keep.hours_days), ("line_hours", "hour_s", keep.hours_days)]
    for table, column, days in parts:
        (newest_s,) = db.execute(f"SELECT max({column}) FROM {table}").fetchone()  # noqa: S608
        if newest_s is not None and days > 0:
            done += _delete(db, table, column, min(now_s, newest_s) - days * DAY_S, AT_ONCE)
    return done


def _delete(db: Database, table: str, column: str, before_s: float, at_once: int) -> int:
    old = f"SELECT rowid FROM {table} WHERE {column} < ? ORDER BY {column} LIMIT {at_once}"  # noqa: S608
    return int(db.execute(f"DELETE FROM {table} WHERE rowid IN ({old})", [before_s]).rowcount)  # noqa: S608
