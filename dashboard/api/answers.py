"""From the store to the API's answers: pure functions of a read-only connection, the site's names and the clock."""

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from dashboard.accuracy import wait_errors
from dashboard.alert_book import open_ones, read_alerts, told
from dashboard.api import models
from dashboard.desk import Key
from dashboard.page import CameraRow, Names, QueueCard, Slow
from dashboard.reading import read_page, read_slow
from edge.messages import utc


@dataclass(frozen=True)
class Asked:
    """A slice of time, seconds since 1970, and how many at most."""

    start_s: float
    end_s: float
    limit: int


def site(db: sqlite3.Connection, names: Names, now_s: float) -> models.SiteAnswer:
    """The site and its boxes."""
    page = read_page(db, names, Slow({}, ()), now_s)
    boxes = tuple(
        models.Box(
            box=b.box, status=_online(b.status), last_heard=_ago(now_s, b.heard_s), version=b.version,
            rows_missing=b.missing, clock_unsynced=b.clock_unsynced,
            disk_failing=b.disk_failing,
        )
        for b in page.boxes
    )  # fmt: skip
    return models.SiteAnswer(
        site=page.site,
        name=page.name,
        timezone=page.timezone,
        queues=tuple(card.queue for card in page.cards),
        cameras=tuple(camera.camera for camera in page.cameras),
        boxes=boxes,
    )


def queues(db: sqlite3.Connection, names: Names, now_s: float) -> models.QueuesAnswer:
    """All queues now."""
    page = read_page(db, names, Slow({}, ()), now_s)
    return models.QueuesAnswer(site=page.site, queues=tuple(queue_now(card, now_s) for card in page.cards))


def queue_now(card: QueueCard, now_s: float) -> models.QueueNow:
    """One queue now."""
    fields = ("queue", "name", "seen", "length", "length_low", "length_high", "wait_s", "wait_low_s", "wait_high_s")
    same = {field: getattr(card, field) for field in (*fields, "quality", "state", "room")}
    return models.QueueNow(last_heard=_ago(now_s, card.heard_s), **same)


def cameras(db: sqlite3.Connection, names: Names, now_s: float) -> models.CamerasAnswer:
    """All cameras."""
    page = read_page(db, names, Slow({}, ()), now_s)
    return models.CamerasAnswer(site=page.site, cameras=tuple(_camera(row, now_s) for row in page.cameras))


def _camera(row: CameraRow, now_s: float) -> models.Camera:
    fields = ("camera", "name", "seen", "state", "picture", "detail", "frames_in_per_s", "frames_out_per_s")
    same = {field: getattr(row, field) for field in (*fields, "latency_s", "dropped", "restarts", "runtime")}
    told_ago_s = (row.heard_s or 0.0) if row.state == "ok" else 0.0  # the age of others grows in the row itself
    age_s = None if row.picture_age_s is None else round(row.picture_age_s + told_ago_s)
    return models.Camera(
        last_heard=_ago(now_s, row.heard_s),
        last_picture=None if age_s is None else utc(round(now_s - age_s)),
        width=row.width,
        height=row.height,
        **same,
    )


def lines(db: sqlite3.Connection, names: Names, now_s: float) -> models.LinesAnswer:
    """All counting lines today."""
    page = read_page(db, names, read_slow(db, names, now_s), now_s)
    found = tuple(
        models.Line(
            line=row.line, name=row.name, quality=row.quality, count_in=row.count_in, count_out=row.count_out,
            unknown=row.unknown,
        )
        for row in page.lines
    )  # fmt: skip
    return models.LinesAnswer(site=page.site, lines=found)


def alerts(
    db: sqlite3.Connection, names: Names, asked: Asked, seen: Mapping[Key, tuple[str, float]], *, only: str
) -> models.AlertsAnswer:
    """Alerts raised since `asked.start_s`; `only`: open, ended or all."""
    found = told(read_alerts(db, names.site, asked.start_s), dict(names.queues), seen)
    chosen = open_ones(found) if only == "open" else tuple(a for a in found if only == "all" or a.ended_s is not None)
    answers = tuple(
        models.Alert(
            id=".".join((names.site, *map(str, one.key))),
            queue=one.queue,
            name=one.name,
            condition=one.text,
            since=utc(one.at_s),
            ended=None if one.ended_s is None else utc(one.ended_s),
            ended_known=one.ended_known,
            acknowledged_by=one.seen_by or None,
            acknowledged=None if one.seen_s is None else utc(one.seen_s),
        )
        for one in chosen[: asked.limit]
    )
    return models.AlertsAnswer(site=names.site, alerts=answers)


def accuracy(db: sqlite3.Connection, names: Names, asked: Asked) -> models.AccuracyAnswer:
    """Each queue's own errors over the whole hours of the period."""
    found = tuple(_accuracy(db, names.site, queue, asked) for queue, _ in names.queues)
    return models.AccuracyAnswer(site=names.site, start=utc(asked.start_s), end=utc(asked.end_s), queues=found)


def _accuracy(db: sqlite3.Connection, site_id: str, queue: str, asked: Asked) -> models.Accuracy:
    errors = wait_errors(db, site_id, queue, asked.start_s, asked.end_s)
    fields = ("mae_s", "bias_s", "too_short", "coverage")
    figures = {field: None if errors is None else round(getattr(errors, field), 4) for field in fields}
    return models.Accuracy(queue=queue, n=0 if errors is None else errors.n, **figures)


_KNOWN = "CASE WHEN length_mean IS NULL THEN 0 ELSE max(readings - unknown, 1) END"
_TIMED = "CASE WHEN wait_mean_s IS NULL THEN 0 ELSE max(readings - unknown, 1) END"
_MINUTES = f"sum(length_mean * {_KNOWN}), sum({_KNOWN}), sum(wait_mean_s * {_TIMED}), sum({_TIMED})"
_HOURS = "sum(length_sum), sum(length_readings), sum(wait_sum_s), sum(wait_readings)"
_SLOTS = {
    60: ("minutes", "minute_s", _MINUTES),
    3600: ("hours", "hour_s", _HOURS),
}


def slots(db: sqlite3.Connection, site_id: str, queue: str, slot_s: int, asked: Asked) -> Sequence[models.Slot]:
    """A queue's minutes (slot_s 60) or hours (3600) that were told, one more than `limit` where there are more."""
    table, start, sums = _SLOTS[slot_s]
    rows = db.execute(
        f"SELECT {start}, {sums}, max(length_max), max(wait_max_s), sum(joined), sum(served), "  # noqa: S608
        f'sum("left"), sum(lost) FROM {table} WHERE site = ? AND queue = ? AND {start} >= ? AND {start} < ? '
        f"GROUP BY {start} ORDER BY {start} LIMIT ?",
        (site_id, queue, asked.start_s, asked.end_s, asked.limit + 1),
    )
    return [_slot(tuple(row)) for row in rows]


def _slot(row: tuple[float | None, ...]) -> models.Slot:
    start_s, length_sum, known, wait_sum_s, timed, length_max, wait_max_s, *counted = row
    joined, served, left, lost = (int(n or 0) for n in counted)
    return models.Slot(
        start=utc(start_s or 0.0),
        length_mean=round(length_sum / known, 3) if known and length_sum is not None else None,
        length_max=None if length_max is None else int(length_max),
        wait_mean_s=round(wait_sum_s / timed, 1) if timed and wait_sum_s is not None else None,
        wait_max_s=wait_max_s,
        joined=joined,
        served=served,
        left=left,
        lost=lost,
    )


def _online(status: str) -> Literal["online", "offline"]:
    return "online" if status == "online" else "offline"


def _ago(now_s: float, heard_s: float | None) -> datetime | None:
    return None if heard_s is None else utc(now_s - heard_s)
