"""Hours of queues and lines, for ever: each is added to in the transaction that stores a minute or a visit. Pure.

There is no job that rolls minutes up, so none can be missed or counted twice: what is committed is in both, what is
repeated is in neither, in any order, however late, whatever the clock does. Sums of hours are those of all minutes that
ever came, also of those that are no longer kept.
"""

import json
from collections import Counter
from collections.abc import Iterable
from typing import Any

from edge.messages import QUALITIES_BEST_FIRST, LineMinute, QueueMinute

HOUR_S = 3600.0
BIN_S = 30  # waits are counted in bins so wide, up to
FINE_S = 1800  # this; above, in bins of
COARSE_S = 300
TOLD = ("told", "told_off_s", "told_more_s", "told_short", "told_covered")  # what was told beside what came
SUMS = (
    "readings", "unknown", "length_sum", "length_readings", "wait_sum_s", "wait_readings",
    "joined", "served", "left", "lost", *TOLD,
)  # fmt: skip
LINE_SUMS = ("readings", "unknown", "count_in", "count_out")


def hour_of(at_s: float) -> float:
    """The beginning of the hour (UTC), seconds since 1970."""
    return at_s // HOUR_S * HOUR_S


def bin_of(wait_s: float) -> int:
    """The lower edge of the bin that a wait is counted in, seconds."""
    width_s = BIN_S if wait_s < FINE_S else COARSE_S
    return int(max(wait_s, 0.0) // width_s) * width_s


def bin_width_s(lower_s: int) -> int:
    """How wide the bin with this lower edge is."""
    return BIN_S if lower_s < FINE_S else COARSE_S


def of_minutes(minutes: Iterable[tuple[str, QueueMinute]]) -> list[dict[str, Any]]:
    """(box, minute) as rows of `hours`."""
    return [_hour(box, minute) for box, minute in minutes]


def _hour(box: str, minute: QueueMinute) -> dict[str, Any]:
    """One minute as a row of `hours`. A mean is kept as a sum and the readings behind it, so that hours add up."""
    known = max(minute.readings - minute.unknown, 1)
    row: dict[str, Any] = {
        "site": minute.site,
        "box": box,
        "queue": minute.queue,
        "hour_s": hour_of(minute.minute.timestamp()),
        "length_max": minute.length_max,
        "wait_max_s": minute.wait_max_s,
        "length_sum": (minute.length_mean or 0.0) * known,
        "length_readings": 0 if minute.length_mean is None else known,
        "wait_sum_s": (minute.wait_mean_s or 0.0) * known,
        "wait_readings": 0 if minute.wait_mean_s is None else known,
        "worst_quality": minute.worst_quality,
        "waits": "{}",
    }
    row |= {name: getattr(minute, name) for name in ("readings", "unknown", "joined", "served", "left", "lost")}
    return row | dict.fromkeys(TOLD, 0)


def added(a: dict[str, Any], b: dict[str, Any]) -> dict[str, Any]:
    """Two rows of `hours` with the same key as one."""
    total = dict(a) | {name: a[name] + b[name] for name in SUMS}
    for name in ("length_max", "wait_max_s"):
        total[name] = max((v[name] for v in (a, b) if v[name] is not None), default=None)
    total["worst_quality"] = max(a["worst_quality"], b["worst_quality"], key=QUALITIES_BEST_FIRST.index)
    waits = Counter(json.loads(a["waits"])) + Counter(json.loads(b["waits"]))
    total["waits"] = json.dumps(dict(sorted(waits.items(), key=lambda item: int(item[0]))), separators=(",", ":"))
    return total


def of_visits(events: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows of `events` as rows of `hours`: the real waits of those who were served."""
    empty = dict.fromkeys(SUMS, 0) | {"length_max": None, "wait_max_s": None, "worst_quality": "ok"}
    return [
        {
            **empty,
            **{name: event[name] for name in ("site", "box", "queue")},
            "hour_s": hour_of(event["at_s"]),
            "waits": json.dumps({str(bin_of(event["wait_s"])): 1}),
            **(told_sums(event) if event["told_s"] is not None else {}),
        }
        for event in events
        if event["kind"] == "served" and event["wait_s"] is not None
    ]


def told_sums(event: dict[str, Any]) -> dict[str, float]:
    """What a served visit that had been told a wait adds to its hour; TOLD are the keys (see dashboard/accuracy.py)."""
    told_s, real_s = event["told_s"], event["wait_s"]
    low_s, high_s = event["told_low_s"], event["told_high_s"]
    covered = (low_s is None or low_s <= real_s) and (high_s is None or real_s <= high_s)
    return {
        "told": 1,
        "told_off_s": abs(told_s - real_s),
        "told_more_s": told_s - real_s,
        "told_short": int(told_s < real_s),
        "told_covered": int(covered),
    }


def of_lines(minutes: Iterable[tuple[str, LineMinute]]) -> list[dict[str, Any]]:
    """(box, minute) of counting lines as rows of `line_hours`."""
    return [
        {"site": minute.site, "box": box, "line": minute.line, "hour_s": hour_of(minute.minute.timestamp())}
        | {name: getattr(minute, name) for name in LINE_SUMS}
        for box, minute in minutes
    ]


def lines_added(a: dict[str, Any], b: dict[str, Any]) -> dict[str, Any]:
    """Two rows of `line_hours` with the same key as one."""
    return a | {name: a[name] + b[name] for name in LINE_SUMS}
