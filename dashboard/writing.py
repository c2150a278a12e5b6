"""The rows that a `Work` becomes, the same in every kind of store; the store has begun the transaction and ends it."""

from collections.abc import Callable, Iterable
from typing import Any, Protocol

from dashboard import hours, minute_rows
from dashboard.work import Work

Row = dict[str, Any]

KEYS = {
    "state": ("site", "queue"),
    "lines": ("site", "line"),
    "cameras": ("site", "camera"),
    "boxes": ("site", "box"),
    "events": ("box", "epoch", "seq"),
    "minutes": ("site", "box", "queue", "minute_s"),
    "hours": ("site", "box", "queue", "hour_s"),
    "line_minutes": ("site", "box", "line", "minute_s"),
    "line_hours": ("site", "box", "line", "hour_s"),
    "sources": ("box", "epoch"),
    "counts": ("name",),
}


class Tables(Protocol):
    """A store's tables; what a row's key is says KEYS."""

    def insert(self, table: str, rows: Iterable[Row]) -> None:
        """Adds rows."""

    def put(self, table: str, rows: Iterable[Row]) -> None:
        """Adds rows, each in the place of the one with the same key; no two of them have the same."""

    def known(self, table: str, rows: Iterable[Row]) -> list[Row]:
        """The rows that are there already under the keys of these."""


def write(tables: Tables, work: Work) -> None:
    """Writes all of it but the quarantine."""
    tables.put("state", work.states.values())
    tables.insert("readings", work.readings)
    tables.put("cameras", work.cameras.values())
    tables.put("boxes", work.boxes.values())
    tables.put("events", work.events)
    _add_up(tables, "minutes", minute_rows.of_queues(work.minutes), minute_rows.added)
    _add_up(tables, "hours", (*hours.of_minutes(work.minutes), *hours.of_visits(work.events)), hours.added)
    tables.put("lines", work.lines.values())
    _add_up(tables, "line_minutes", minute_rows.of_lines(work.line_minutes), minute_rows.lines_added)
    _add_up(tables, "line_hours", hours.of_lines(work.line_minutes), hours.lines_added)
    marks = ({"box": b, "epoch": e, "seq": m.seq, "missing": m.missing} for (b, e), m in work.marks.items())
    tables.put("sources", marks)
    counts = ({"name": name, "value": value} for name, value in work.counts.items())
    _add_up(tables, "counts", counts, lambda a, b: a | {"value": a["value"] + b["value"]})


def _add_up(tables: Tables, table: str, rows: Iterable[Row], add: Callable[[Row, Row], Row]) -> None:
    """Adds rows to those with the same key, new ones among each other too."""

    def key(row: Row) -> tuple[Any, ...]:
        return tuple(row[name] for name in KEYS[table])

    fresh: dict[tuple[Any, ...], Row] = {}
    for row in rows:
        fresh[key(row)] = add(fresh[key(row)], row) if key(row) in fresh else row
    for known in tables.known(table, list(fresh.values())):
        fresh[key(known)] = add(known, fresh[key(known)])
    tables.put(table, fresh.values())
