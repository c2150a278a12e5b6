"""What one transaction of a store will write: messages sorted in, against what is known already. No I/O.

Rows of a box and epoch are taken strictly in the order of their numbers: `Mark.seq` is the number up to which all are
committed. A row before it is a duplicate, a row that leaves some out is not taken (the box sends again from there), a
gap note counts what will never come. Every kind of store writes the same `Work`.
"""

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from dashboard.intake import Refused, Stored, parsed
from edge.errors import LinewiseError
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

Source = tuple[str, str]  # box, epoch
READING_COLUMNS = (
    "site", "queue", "received_s", "length", "length_low", "length_high", "quality", "state",
    "wait_s", "wait_low_s", "wait_high_s", "joined", "served", "left", "lost",
)  # fmt: skip


MOST = 1e12  # no figure of a row is as large: sums of them stay numbers that every database holds


class NotStoredError(LinewiseError):
    """A store could not be written: nothing of what was to be stored is in it."""


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
class Known:
    """What is committed: the mark of each source, and when (`at`) each queue, line and camera last spoke; boxes."""

    marks: dict[Source, Mark] = field(default_factory=dict)
    states: dict[str, str] = field(default_factory=dict)
    lines: dict[str, str] = field(default_factory=dict)
    cameras: dict[str, str] = field(default_factory=dict)
    boxes: dict[str, dict[str, Any]] = field(default_factory=dict)

    def learn(self, work: "Work") -> None:
        """Takes in what has been committed."""
        self.marks.update(work.marks)
        self.states.update((queue, row["at"]) for queue, row in work.states.items())
        self.lines.update((line, row["at"]) for line, row in work.lines.items())
        self.cameras.update((camera, row["at"]) for camera, row in work.cameras.items())
        self.boxes.update(work.boxes)


@dataclass
class Work:
    """What one transaction will write; `now_s` is the collector's wall clock, seconds since 1970."""

    site: str
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
    accepted: list[tuple[Source, Row]] = field(default_factory=list)  # the rows that the marks pass, as they came
    refused: list[Refused] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    told: set[Source] = field(default_factory=set)  # sources that wait for a word

    def count(self, name: str, number: int = 1) -> None:
        """Adds to one of the store's counts."""
        self.counts[name] = self.counts.get(name, 0) + number


def sorted_in(taken: Sequence[Taken], work: Work, known: Known) -> Work:
    """The work with all these messages added."""
    for one in taken:
        sort_in(one, work, known)
    return work


def sort_in(taken: Taken, work: Work, known: Known) -> None:
    """Adds one message to the work."""
    match taken.item:
        case QueueReading() as reading:
            _state(reading, taken, work, known)
        case LineReading() as line:
            _line(line, taken, work, known)
        case CameraHealth() as health:
            if not (taken.retained and known.cameras.get(health.camera) == _row(health)["at"]):
                work.cameras[health.camera] = {**_row(health), "received_s": work.now_s}
        case BoxStatus() as status:
            _status(status, taken, work, known)
        case RowBatch() as batch:
            _rows(batch, work, known)
        case Refused() as refused:
            work.refused.append(refused)


def _state(reading: QueueReading, taken: Taken, work: Work, known: Known) -> None:
    row = _row(reading)
    known_at = work.states[reading.queue]["at"] if reading.queue in work.states else known.states.get(reading.queue)
    if known_at == row["at"] or _is_older(reading.at, known_at, taken):
        return
    row["received_s"] = work.now_s - _age_s(taken)
    work.states[reading.queue] = row
    work.readings.append({k: row[k] for k in READING_COLUMNS} | {"at_s": reading.at.timestamp()})


def _line(line: LineReading, taken: Taken, work: Work, known: Known) -> None:
    row = _row(line)
    known_at = work.lines[line.line]["at"] if line.line in work.lines else known.lines.get(line.line)
    if known_at != row["at"] and not _is_older(line.at, known_at, taken):
        work.lines[line.line] = {**row, "received_s": work.now_s - _age_s(taken)}


def _is_older(at: datetime, known_at: str | None, taken: Taken) -> bool:
    if not taken.retained or known_at is None:
        return False
    try:
        return datetime.fromisoformat(known_at) > at
    except ValueError:  # a damaged letter in the store
        return False


def _age_s(taken: Taken) -> float:
    """How long the broker has kept a retained state."""
    return max(STATE_EXPIRY_S - taken.expiry_s, 0) if taken.retained and taken.expiry_s is not None else 0


def _status(status: BoxStatus, taken: Taken, work: Work, known: Known) -> None:
    row = {**_row(status), "received_s": work.now_s}
    before = work.boxes.get(status.box, known.boxes.get(status.box))
    if before is not None:
        if status.status == "offline" and before["status"] == "online" and before["epoch"] != status.epoch:
            return  # the late will of an outbox that is no more
        if taken.retained and (before["at"], before["epoch"]) == (row["at"], status.epoch):
            return
    work.boxes[status.box] = row
    if status.status == "online":
        work.told.add((status.box, status.epoch))


def _rows(batch: RowBatch, work: Work, known: Known) -> None:
    source = (batch.box, batch.epoch)
    work.told.add(source)
    mark = work.marks.get(source, known.marks.get(source, Mark()))
    for row in batch.rows:
        if row.seq <= mark.seq:
            work.count("duplicates")
            continue
        note = parsed(GapNote, json.dumps(row.body).encode()) if row.kind == "gap" else None
        first = note.first if isinstance(note, GapNote) and note.last == row.seq else row.seq
        if first > mark.seq + 1:
            work.count("out_of_order")
            break
        work.accepted.append((source, row))
        if note is not None:
            lost = row.seq - mark.seq
            log.warning("store: %d rows of box %s are lost: %s", lost, batch.box, getattr(note, "reason", note))
            mark = Mark(row.seq, mark.missing + lost)
            continue
        mark = Mark(row.seq, mark.missing)
        _durable(row, batch, work)
    work.marks[source] = mark


def _durable(row: Row, batch: RowBatch, work: Work) -> None:
    payload = json.dumps(row.body).encode()
    body: QueueEvent | LineMinute | QueueMinute | str
    if row.kind == "event":
        body = parsed(QueueEvent, payload)
    else:
        body = parsed(LineMinute, payload) if "line" in row.body else parsed(QueueMinute, payload)
    topic = f"linewise/{work.site}/box/{batch.box}/rows"
    if isinstance(body, str):
        work.refused.append(Refused(topic, f"row {row.seq}: {body}", payload))
    elif body.site != work.site:
        work.refused.append(Refused(topic, f"row {row.seq}: its site is not the topic's", payload))
    elif (absurd := _absurd(body)) is not None:
        work.refused.append(Refused(topic, f"row {row.seq}: {absurd} is beyond {MOST:g}", payload))
    elif isinstance(body, QueueMinute):
        work.minutes.append((batch.box, body))
    elif isinstance(body, LineMinute):
        work.line_minutes.append((batch.box, body))
    else:
        event = body.model_dump(exclude={"schema_", "at"})
        source = {"box": batch.box, "epoch": batch.epoch, "seq": row.seq}
        work.events.append({**event, **source, "at_s": body.at.timestamp(), "censored": int(body.censored)})


def _absurd(body: QueueEvent | LineMinute | QueueMinute) -> str | None:
    """The name of a figure that no camera has seen; sums with it would be no numbers any more."""
    return next((name for name, v in body if isinstance(v, int | float) and abs(v) > MOST), None)


def _row(message: QueueReading | LineReading | CameraHealth | BoxStatus) -> dict[str, Any]:
    return message.model_dump(mode="json", exclude={"schema_"})
