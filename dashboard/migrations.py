"""The store's schema, step by step: each step is one transaction together with the note that it was done.

The tables are told in docs/architecture.md, "The store". A step that has been released is never edited: add a new one.
"""

from typing import Any

from dashboard.backfill import fill_hours
from dashboard.light_sqlite import Database, Migrations

migrations = Migrations("linewise")

_READING: dict[str, Any] = {
    "length": int,
    "length_low": int,
    "length_high": int,
    "quality": str,
    "state": str,
    "wait_s": float,
    "wait_low_s": float,
    "wait_high_s": float,
    "joined": int,
    "served": int,
    "left": int,
    "lost": int,
}
_STATE: dict[str, Any] = {
    "site": str,
    "queue": str,
    "received_s": float,
    "seq": int,
    "pts_s": float,
    "at": str,
    **_READING,
    "wait_method": str,
    "arrivals_per_min": float,
    "served_per_min": float,
}
_CAMERA: dict[str, Any] = {
    "site": str,
    "camera": str,
    "received_s": float,
    "at": str,
    "state": str,
    "detail": str,
    "picture": str,
    "frames_in_per_s": float,
    "frames_out_per_s": float,
    "age_s": float,
    "latency_s": float,
    "dropped": int,
    "restarts": int,
    "runtime": str,
    "model_sha256": str,
    "width": int,
    "height": int,
}
_MINUTE: dict[str, Any] = {
    "site": str,
    "box": str,
    "queue": str,
    "minute_s": float,
    "readings": int,
    "unknown": int,
    "length_mean": float,
    "length_max": int,
    "wait_mean_s": float,
    "wait_max_s": float,
    "joined": int,
    "served": int,
    "left": int,
    "lost": int,
    "worst_quality": str,
}
_EVENT: dict[str, Any] = {
    "site": str,
    "box": str,
    "epoch": str,
    "seq": int,
    "queue": str,
    "kind": str,
    "at_s": float,
    "pts_s": float,
    "wait_s": float,
    "stay_s": float,
    "ahead_on_joining": int,
    "censored": int,
    "text": str,
}


_LINE_READING: dict[str, Any] = {
    "site": str,
    "line": str,
    "received_s": float,
    "pts_s": float,
    "at": str,
    "quality": str,
    "count_in": int,
    "count_out": int,
}
_LINE_MINUTE: dict[str, Any] = {
    "site": str,
    "box": str,
    "line": str,
    "minute_s": float,
    "readings": int,
    "unknown": int,
    "count_in": int,
    "count_out": int,
    "worst_quality": str,
}


_HOUR: dict[str, Any] = {
    "site": str,
    "box": str,
    "queue": str,
    "hour_s": float,
    "readings": int,
    "unknown": int,
    "length_sum": float,
    "length_readings": int,
    "length_max": int,
    "wait_sum_s": float,
    "wait_readings": int,
    "wait_max_s": float,
    "joined": int,
    "served": int,
    "left": int,
    "lost": int,
    "worst_quality": str,
    "waits": str,
}
_LINE_HOUR: dict[str, Any] = {
    "site": str,
    "box": str,
    "line": str,
    "hour_s": float,
    "readings": int,
    "unknown": int,
    "count_in": int,
    "count_out": int,
}


@migrations()
def m001_live(db: Database) -> None:
    """What is true now: a row a queue, camera and box; and a day of readings."""
    db.table("state").create(
        _STATE,
        pk=("site", "queue"),
    )
    readings = db.table("readings")
    readings.create({"site": str, "queue": str, "at_s": float, "received_s": float, **_READING})
    readings.create_index(["site", "queue", "at_s"])
    readings.create_index(["received_s"])  # old ones are removed by the collector's own clock
    db.table("cameras").create(
        _CAMERA,
        pk=("site", "camera"),
    )
    db.table("boxes").create(
        {
            "site": str,
            "box": str,
            "received_s": float,
            "at": str,
            "status": str,
            "version": str,
            "config_sha256": str,
            "epoch": str,
        },
        pk=("site", "box"),
    )


@migrations()
def m002_durable(db: Database) -> None:
    """What is kept: minutes and events, and how far each box's rows are committed."""
    db.table("minutes").create(
        _MINUTE,
        pk=("site", "box", "queue", "minute_s"),
    )
    events = db.table("events")
    events.create(
        _EVENT,
        pk=("box", "epoch", "seq"),
    )
    events.create_index(["site", "queue", "at_s"])
    db.table("sources").create(
        {"box": str, "epoch": str, "seq": int, "missing": int},
        pk=("box", "epoch"),
        not_null={"seq", "missing"},
        defaults={"seq": 0, "missing": 0},
    )


@migrations()
def m003_refused(db: Database) -> None:
    """What could not be taken: the newest few thousand, for a person to look at; all of them counted."""
    db.table("quarantine").create({"received_s": float, "topic": str, "reason": str, "payload": bytes})
    db.table("counts").create({"name": str, "value": int}, pk="name", not_null={"value"}, defaults={"value": 0})


@migrations()
def m004_lines(db: Database) -> None:
    """Counting lines: what each says now, and its minutes."""
    db.table("lines").create(_LINE_READING, pk=("site", "line"))
    db.table("line_minutes").create(_LINE_MINUTE, pk=("site", "box", "line", "minute_s"))


@migrations()
def m005_hours(db: Database) -> None:
    """Hours, filled from what is there; and ways to find a queue's minutes, alerts, and what is too old."""
    db.table("hours").create(_HOUR, pk=("site", "box", "queue", "hour_s"))
    db.table("line_hours").create(_LINE_HOUR, pk=("site", "box", "line", "hour_s"))
    fill_hours(db)
    db.table("hours").create_index(["site", "queue", "hour_s"])
    db.table("hours").create_index(["hour_s"])
    db.table("line_hours").create_index(["hour_s"])
    db.table("minutes").create_index(["site", "queue", "minute_s"])
    db.table("minutes").create_index(["minute_s"])
    db.table("line_minutes").create_index(["minute_s"])
    db.table("events").create_index(["at_s"])
    db.execute("CREATE INDEX idx_events_alerts ON events (site, at_s) WHERE kind = 'alert'")


@migrations()
def m006_told(db: Database) -> None:
    """What people were told beside what came: of each visit, and summed up by the hour."""
    for name in ("told_s", "told_low_s", "told_high_s"):
        db.table("events").add_column(name, float)
    for name in ("told", "told_off_s", "told_more_s", "told_short", "told_covered"):
        kind = float if name.endswith("_s") else int
        db.table("hours").add_column(name, kind, not_null_default=0)


@migrations()
def m007_spool(db: Database) -> None:
    """Rows that a chain's database does not have yet, in the order in which they came."""
    db.execute(
        "CREATE TABLE spool (box TEXT NOT NULL, epoch TEXT NOT NULL, seq INTEGER NOT NULL, kind TEXT NOT NULL, "
        "body TEXT NOT NULL, UNIQUE (box, epoch, seq))"
    )


@migrations()
def m008_clock(db: Database) -> None:
    """Whether a box's wall clock is kept by a time service."""
    db.table("boxes").add_column("clock_unsynced", int)


@migrations()
def m009_disk(db: Database) -> None:
    """Whether a box's disk takes its rows."""
    db.table("boxes").add_column("disk_failing", int)
