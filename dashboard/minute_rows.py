"""Minutes as rows of a store. A counter that is restarted within a minute makes two rows of it: they add up."""

from collections.abc import Iterable
from typing import Any

from edge.messages import QUALITIES_BEST_FIRST, LineMinute, QueueMinute


def of_queues(minutes: Iterable[tuple[str, QueueMinute]]) -> list[dict[str, Any]]:
    """(box, minute) as rows of `minutes`."""
    return [_row(box, minute) for box, minute in minutes]


def of_lines(minutes: Iterable[tuple[str, LineMinute]]) -> list[dict[str, Any]]:
    """(box, minute) as rows of `line_minutes`."""
    return [_row(box, minute) for box, minute in minutes]


def _row(box: str, minute: QueueMinute | LineMinute) -> dict[str, Any]:
    return minute.model_dump(exclude={"schema_", "minute"}) | {"box": box, "minute_s": minute.minute.timestamp()}


def added(a: dict[str, Any], b: dict[str, Any]) -> dict[str, Any]:
    """Two rows of the same queue's minute as one: sums, maxima, means weighed by the readings that knew one."""
    total = dict(b)
    for name in ("readings", "unknown", "joined", "served", "left", "lost"):
        total[name] = a[name] + b[name]
    for name in ("length_max", "wait_max_s"):
        total[name] = max((v[name] for v in (a, b) if v[name] is not None), default=None)
    for name in ("length_mean", "wait_mean_s"):
        parts = [(v[name], max(v["readings"] - v["unknown"], 1)) for v in (a, b) if v[name] is not None]
        total[name] = sum(m * n for m, n in parts) / sum(n for _, n in parts) if parts else None
    total["worst_quality"] = _worse(a, b)
    return total


def lines_added(a: dict[str, Any], b: dict[str, Any]) -> dict[str, Any]:
    """The same for a counting line's minute."""
    sums = {name: a[name] + b[name] for name in ("readings", "unknown", "count_in", "count_out")}
    return b | sums | {"worst_quality": _worse(a, b)}


def _worse(a: dict[str, Any], b: dict[str, Any]) -> str:
    return str(max(a["worst_quality"], b["worst_quality"], key=QUALITIES_BEST_FIRST.index))
