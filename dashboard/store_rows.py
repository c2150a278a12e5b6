"""How single rows are put into the store's tables."""

from collections.abc import Iterable
from typing import Any

from dashboard.light_sqlite import Database
from edge.messages import QUALITIES_BEST_FIRST, LineMinute, QueueMinute


def put(db: Database, table: str, rows: Iterable[dict[str, Any]], key: tuple[str, ...]) -> None:
    """Inserts rows, each in the place of the one with the same key."""
    rows = list(rows)
    if rows:
        db.table(table).insert_all(rows, pk=key, replace=True)


def add_minute(db: Database, box: str, minute: QueueMinute) -> None:
    """A second row of the same minute (the counter was restarted within it) is added to the first."""
    row = minute.model_dump(exclude={"schema_", "minute"}) | {"box": box, "minute_s": minute.minute.timestamp()}
    key = [row["site"], box, row["queue"], row["minute_s"]]
    where = "site = ? AND box = ? AND queue = ? AND minute_s = ?"
    for known in db.table("minutes").rows_where(where, key):
        row = _sum_of(known, row)
    put(db, "minutes", [row], ("site", "box", "queue", "minute_s"))


def add_line_minute(db: Database, box: str, minute: LineMinute) -> None:
    """The same for a counting line's minute."""
    row = minute.model_dump(exclude={"schema_", "minute"}) | {"box": box, "minute_s": minute.minute.timestamp()}
    key = [row["site"], box, row["line"], row["minute_s"]]
    for known in db.table("line_minutes").rows_where("site = ? AND box = ? AND line = ? AND minute_s = ?", key):
        row |= {name: known[name] + row[name] for name in ("readings", "unknown", "count_in", "count_out")}
        row["worst_quality"] = max(known["worst_quality"], row["worst_quality"], key=QUALITIES_BEST_FIRST.index)
    put(db, "line_minutes", [row], ("site", "box", "line", "minute_s"))


def _sum_of(a: dict[str, Any], b: dict[str, Any]) -> dict[str, Any]:
    total = dict(b)
    for name in ("readings", "unknown", "joined", "served", "left", "lost"):
        total[name] = a[name] + b[name]
    for name in ("length_max", "wait_max_s"):
        total[name] = max((v[name] for v in (a, b) if v[name] is not None), default=None)
    for name in ("length_mean", "wait_mean_s"):
        parts = [(v[name], max(v["readings"] - v["unknown"], 1)) for v in (a, b) if v[name] is not None]
        total[name] = sum(m * n for m, n in parts) / sum(n for _, n in parts) if parts else None
    total["worst_quality"] = max(a["worst_quality"], b["worst_quality"], key=QUALITIES_BEST_FIRST.index)
    return total
