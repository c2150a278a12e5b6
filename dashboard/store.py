"""What the collector writes: one transaction for all that arrived together, each durable row exactly once.

Rows of a box and epoch are taken strictly in the order of their numbers: `sources.seq` is the number up to which all
are committed. A row before it is a duplicate, a row that leaves some out is not taken (the box sends again from there),
a gap note counts what will never come.
"""

import json
import logging
import os
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from dashboard import store_file
from dashboard.intake import Refused, Stored, parsed
from dashboard.light_sqlite import Database
from dashboard.store_rows import add_line_minute, add_minute, put
from edge.messages import (
    STATE_EXPIRY_S,
    BoxStatus,
    CameraHealth,
    GapNote,
    LineMinute,
    LineReading,
    QueueEvent,
    QueueMinute,
    QueueReading,
    Row,
    RowBatch,
)

log = logging.getLogger(__name__)

KEEP_READINGS_S = 86_400.0
MAX_QUARANTINE = 1000
QUARANTINE_PER_MINUTE = 100
Source = tuple[str, str]  # box, epoch


@dataclass(frozen=True)
class Mark:
    """How far a source's rows are committed, and how many of them are known to be lost."""

    seq: int = 0
    missing: int = 0


@dataclass(frozen=True)
class Taken:
    """One message as it was judged; `expiry_s` is what was left of a retained state's life."""

    item: Stored | Refused
    retained: bool = False
    expiry_s: int | None = None


@dataclass
class _Work:
    """What one transaction will write."""

    now_s: float
    states: dict[str, dict[str, Any]] = field(default_factory=dict)
    readings: list[dict[str, Any]] = field(default_factory=list)
    cameras: dict[str, dict[str, Any]] = field(default_factory=dict)
    boxes: dict[str, dict[str, Any]] = field(default_factory=dict)
    events: list[dict[str, Any]] = field(default_factory=list)
    minutes: list[tuple[str, QueueMinute]] = field(default_factory=list)
    lines: dict[str, dict[str, Any]] = field(default_factory=dict)
    line_minutes: list[tuple[str, LineMinute]] = field(default_factory=list)
    marks: dict[Source, Mark] = field(default_factory=dict)
    refused: list[Refused] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    told: set[Source] = field(default_factory=set)  # sources that wait for a word

    def count(self, name: str, number: int = 1) -> None:
        self.counts[name] = self.counts.get(name, 0) + number


class Store:
    """The store of one site, open for writing; one per file, whatever the process."""

    def __init__(self, path: Path, site: str, *, utc_s: Callable[[], float]) -> None:
        """Opens, migrates, or sets a corrupt file aside; InputError when another collector has it."""
        self.path = path
        self._site = site
        self._utc_s = utc_s
        self._quarantined = (0.0, 0)  # (since when, how many were stored since)
        self._lock = store_file.lock(path)
        try:
            self._load(store_file.open_or_replace(path, utc_s()))
        except BaseException:
            os.close(self._lock)
            raise

    def _load(self, db: Database) -> None:
        self._db = db
        self._marks = {(r["box"], r["epoch"]): Mark(r["seq"], r["missing"]) for r in db.table("sources").rows}
        self._states = {r["queue"]: r["at"] for r in db.table("state").rows_where("site = ?", [self._site])}
        self._lines = {r["line"]: r["at"] for r in db.table("lines").rows_where("site = ?", [self._site])}
        self._cameras = {r["camera"]: r["at"] for r in db.table("cameras").rows_where("site = ?", [self._site])}
        self._boxes = {r["box"]: r for r in db.table("boxes").rows_where("site = ?", [self._site])}

    def close(self) -> None:
        """Closes the file and lets another collector have it."""
        self._db.close()
        os.close(self._lock)

    def current_sources(self) -> set[Source]:
        """The source of each box that is known, as its last status told it."""
        return {(box, row["epoch"]) for box, row in self._boxes.items()}

    def mark(self, source: Source) -> Mark:
        """How far a source is committed."""
        return self._marks.get(source, Mark())

    def commit(self, taken: Sequence[Taken]) -> set[Source]:
        """Stores all of it in one transaction (synced to the disk); the sources to be told their mark.

        Raises:
            sqlite3.OperationalError: nothing was stored; the disk is full or the file is held (boxes send again).
        """
        work = _Work(self._utc_s())
        for one in taken:
            self._sort_in(one, work)
        try:
            with self._db.atomic():
                self._write(work)
        except sqlite3.DatabaseError as fault:
            if not store_file.is_broken(fault):
                raise
            self._replace(fault)
            return set()
        self._marks.update(work.marks)
        self._states.update((queue, row["at"]) for queue, row in work.states.items())
        self._lines.update((line, row["at"]) for line, row in work.lines.items())
        self._cameras.update((camera, row["at"]) for camera, row in work.cameras.items())
        self._boxes.update(work.boxes)
        return work.told

    def prune(self) -> int:
        """Deletes live readings that came more than a day ago, a part at a time; how many."""
        old = "SELECT rowid FROM readings WHERE received_s < ? ORDER BY received_s LIMIT 20000"
        with self._db.atomic():
            done = self._db.execute(
                f"DELETE FROM readings WHERE rowid IN ({old})",  # noqa: S608
                [self._utc_s() - KEEP_READINGS_S],
            )
        return int(done.rowcount)

    def _replace(self, fault: sqlite3.DatabaseError) -> None:
        log.critical("store: %s is corrupt (%s)", self.path, fault)
        self._db.close()
        store_file.quarantine(self.path, self._utc_s())
        self._load(store_file.open_or_replace(self.path, self._utc_s()))

    def _sort_in(self, taken: Taken, work: _Work) -> None:
        match taken.item:
            case QueueReading() as reading:
                self._state(reading, taken, work)
            case LineReading() as line:
                self._line(line, taken, work)
            case CameraHealth() as health:
                if not (taken.retained and self._cameras.get(health.camera) == _row(health)["at"]):
                    work.cameras[health.camera] = {**_row(health), "received_s": work.now_s}
            case BoxStatus() as status:
                self._status(status, taken, work)
            case RowBatch() as batch:
                self._rows(batch, work)
            case Refused() as refused:
                work.refused.append(refused)

    def _state(self, reading: QueueReading, taken: Taken, work: _Work) -> None:
        row = _row(reading)
        known_at = work.states[reading.queue]["at"] if reading.queue in work.states else self._states.get(reading.queue)
        if known_at == row["at"]:
            return
        if taken.retained and known_at is not None and datetime.fromisoformat(known_at) > reading.at:
            return
        age_s = STATE_EXPIRY_S - taken.expiry_s if taken.retained and taken.expiry_s is not None else 0
        row["received_s"] = work.now_s - max(age_s, 0)
        work.states[reading.queue] = row
        work.readings.append({k: row[k] for k in _READING_COLUMNS} | {"at_s": reading.at.timestamp()})

    def _line(self, line: LineReading, taken: Taken, work: _Work) -> None:
        row = _row(line)
        known_at = work.lines[line.line]["at"] if line.line in work.lines else self._lines.get(line.line)
        older = known_at is not None and datetime.fromisoformat(known_at) > line.at
        if known_at != row["at"] and not (taken.retained and older):
            age_s = STATE_EXPIRY_S - taken.expiry_s if taken.retained and taken.expiry_s is not None else 0
            work.lines[line.line] = {**row, "received_s": work.now_s - max(age_s, 0)}

    def _status(self, status: BoxStatus, taken: Taken, work: _Work) -> None:
        row = {**_row(status), "received_s": work.now_s}
        known = work.boxes.get(status.box, self._boxes.get(status.box))
        if known is not None:
            if status.status == "offline" and known["status"] == "online" and known["epoch"] != status.epoch:
                return  # the late will of an outbox that is no more
            if taken.retained and (known["at"], known["epoch"]) == (row["at"], status.epoch):
                return
        work.boxes[status.box] = row
        if status.status == "online":
            work.told.add((status.box, status.epoch))

    def _rows(self, batch: RowBatch, work: _Work) -> None:
        source = (batch.box, batch.epoch)
        work.told.add(source)
        mark = work.marks.get(source, self.mark(source))
        for row in batch.rows:
            if row.seq <= mark.seq:
                work.count("duplicates")
                continue
            note = parsed(GapNote, json.dumps(row.body).encode()) if row.kind == "gap" else None
            first = note.first if isinstance(note, GapNote) and note.last == row.seq else row.seq
            if first > mark.seq + 1:
                work.count("out_of_order")
                break
            if note is not None:
                lost = row.seq - mark.seq
                log.warning("store: %d rows of box %s are lost: %s", lost, batch.box, getattr(note, "reason", note))
                mark = Mark(row.seq, mark.missing + lost)
                continue
            mark = Mark(row.seq, mark.missing)
            self._row(row, batch, work)
        work.marks[source] = mark

    def _row(self, row: Row, batch: RowBatch, work: _Work) -> None:
        payload = json.dumps(row.body).encode()
        body: QueueEvent | LineMinute | QueueMinute | str
        if row.kind == "event":
            body = parsed(QueueEvent, payload)
        else:
            body = parsed(LineMinute, payload) if "line" in row.body else parsed(QueueMinute, payload)
        topic = f"linewise/{self._site}/box/{batch.box}/rows"
        if isinstance(body, str):
            work.refused.append(Refused(topic, f"row {row.seq}: {body}", payload))
        elif body.site != self._site:
            work.refused.append(Refused(topic, f"row {row.seq}: its site is not the topic's", payload))
        elif isinstance(body, QueueMinute):
            work.minutes.append((batch.box, body))
        elif isinstance(body, LineMinute):
            work.line_minutes.append((batch.box, body))
        else:
            event = body.model_dump(exclude={"schema_", "at"})
            source = {"box": batch.box, "epoch": batch.epoch, "seq": row.seq}
            work.events.append({**event, **source, "at_s": body.at.timestamp(), "censored": int(body.censored)})

    def _write(self, work: _Work) -> None:
        db = self._db
        put(db, "state", work.states.values(), ("site", "queue"))
        if work.readings:
            db.table("readings").insert_all(work.readings)
        put(db, "cameras", work.cameras.values(), ("site", "camera"))
        put(db, "boxes", work.boxes.values(), ("site", "box"))
        put(db, "events", work.events, ("box", "epoch", "seq"))
        for box, minute in work.minutes:
            add_minute(db, box, minute)
        put(db, "lines", work.lines.values(), ("site", "line"))
        for box, line_minute in work.line_minutes:
            add_line_minute(db, box, line_minute)
        rows = [{"box": b, "epoch": e, "seq": m.seq, "missing": m.missing} for (b, e), m in work.marks.items()]
        put(db, "sources", rows, ("box", "epoch"))
        self._quarantine(work)
        for name, number in work.counts.items():
            db.execute(
                "INSERT INTO counts VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = value + excluded.value",
                [name, number],
            )

    def _quarantine(self, work: _Work) -> None:
        if not work.refused:
            return
        work.count("quarantined", len(work.refused))
        since_s, stored = self._quarantined
        if not 0.0 <= work.now_s - since_s < 60.0:
            since_s, stored = work.now_s, 0
        kept = work.refused[: QUARANTINE_PER_MINUTE - stored]
        self._quarantined = (since_s, stored + len(kept))
        for one in kept:
            log.warning("store: refused on %.200s: %s", one.topic, one.reason)
        self._db.table("quarantine").insert_all(
            {"received_s": work.now_s, "topic": one.topic[:500], "reason": one.reason, "payload": one.payload[:2048]}
            for one in kept
        )
        oldest = "(SELECT max(rowid) FROM quarantine)"
        self._db.execute(f"DELETE FROM quarantine WHERE rowid <= {oldest} - ?", [MAX_QUARANTINE])  # noqa: S608


_READING_COLUMNS = (
    "site", "queue", "received_s", "length", "length_low", "length_high", "quality", "state",
    "wait_s", "wait_low_s", "wait_high_s", "joined", "served", "left", "lost",
)  # fmt: skip


def _row(message: QueueReading | LineReading | CameraHealth | BoxStatus) -> dict[str, Any]:
    return message.model_dump(mode="json", exclude={"schema_"})
