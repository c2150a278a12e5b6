"""Messages as boxes send them, for the stores' tests."""

import json
from typing import Any

from dashboard.work import Taken
from edge.messages import (
    BoxStatus,
    GapNote,
    LineMinute,
    LineReading,
    Message,
    QueueEvent,
    QueueMinute,
    Row,
    RowBatch,
    utc,
)
from tests.dashboard.conftest import NOW_S

EPOCH = "0123456789abcdef"
SOURCE = ("b1", EPOCH)


def event(number: int, **changes: Any) -> QueueEvent:
    """A durable event of queue q1."""
    figures = {"site": "s", "queue": "q1", "kind": "joined", "pts_s": float(number), "at": utc(NOW_S + number)}
    return QueueEvent.model_validate({**figures, **changes})


def minute(number: int = 0, **changes: Any) -> QueueMinute:
    """A minute of queue q1."""
    figures = {
        "site": "s", "queue": "q1", "minute": utc(NOW_S + 60 * number), "readings": 60, "unknown": 0,
        "length_mean": 2.0, "length_max": 4, "wait_mean_s": 60.0, "wait_max_s": 90.0,
        "joined": 1, "served": 1, "left": 0, "lost": 0, "worst_quality": "ok",
    }  # fmt: skip
    return QueueMinute.model_validate({**figures, **changes})


def row(seq: int, body: Message | GapNote | None = None) -> Row:
    """A body in its envelope."""
    body = body or event(seq)
    kind = {QueueEvent: "event", QueueMinute: "minute", LineMinute: "minute", GapNote: "gap"}[type(body)]
    return Row(seq=seq, kind=kind, body=json.loads(body.model_dump_json(by_alias=True)))  # type: ignore[arg-type]


def batch(*rows: Row, epoch: str = EPOCH) -> Taken:
    """Rows of box b1."""
    return Taken(RowBatch(site="s", box="b1", epoch=epoch, rows=rows))


def gap(first: int, last: int) -> Row:
    """A gap note."""
    return row(last, GapNote(first=first, last=last, reason="the outbox was full"))


def status(word: str, epoch: str = EPOCH, number: int = 0) -> BoxStatus:
    """The word of box b1."""
    return BoxStatus.model_validate(
        {"site": "s", "box": "b1", "at": utc(NOW_S + number), "status": word, "version": "0.1",
         "config_sha256": "", "epoch": epoch}
    )  # fmt: skip


def line(number: int, count_in: int) -> LineReading:
    """A counting line's reading."""
    return LineReading(
        site="s", line="door", pts_s=float(number), at=utc(NOW_S + number), quality="ok", count_in=count_in, count_out=1
    )
