"""What goes over MQTT: frozen models, one a topic; their JSON schemas stand in docs/schemas, checked by a test."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, PlainSerializer

from edge.vocabulary import Quality, ServiceState

SCHEMA = 1
STATE_EXPIRY_S = 30
QUALITIES_BEST_FIRST: tuple[Quality, ...] = ("ok", "warming", "degraded", "moved", "frozen", "blind", "stale", "config")


def utc(seconds: float) -> datetime:
    """Seconds since 1970 as an aware UTC datetime, to the millisecond."""
    return datetime.fromtimestamp(round(seconds, 3), UTC)


def _iso(value: datetime) -> str:
    text = value.astimezone(UTC).isoformat(timespec="milliseconds" if value.microsecond else "seconds")
    return text.replace("+00:00", "Z")


Instant = Annotated[AwareDatetime, PlainSerializer(_iso, return_type=str)]
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,40}$")]
Count = Annotated[int, Field(ge=0, le=2**53)]  # what JSON readers and SQLite alike hold exactly
Finite = Annotated[float, Field(allow_inf_nan=False)]


class Message(BaseModel):
    """Base: frozen, no unknown keys; the site is part of every message."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_: Literal[1] = Field(default=1, alias="schema", serialization_alias="schema")
    site: Name

    def to_json(self) -> bytes:
        """Canonical bytes: keys in field order, no spaces."""
        return self.model_dump_json(by_alias=True).encode()


class QueueReading(Message):
    """One queue, one second (design, section 5)."""

    queue: Name
    seq: Count
    pts_s: Finite
    at: Instant
    length: Count | None
    length_low: Count | None
    length_high: Count | None
    quality: Quality
    state: ServiceState
    wait_s: Finite | None
    wait_low_s: Finite | None
    wait_high_s: Finite | None
    wait_method: str | None
    arrivals_per_min: Finite | None
    served_per_min: Finite | None
    joined: Count
    served: Count
    left: Count
    lost: Count


class LineReading(Message):
    """One counting line, one second: crossings from its left (in) and from its right (out) since the counter started.

    `quality` is its camera's; while it is not ok or degraded, people may have crossed unseen.
    """

    line: Name
    pts_s: Finite
    at: Instant
    quality: Quality
    count_in: Count
    count_out: Count


class QueueEvent(Message):
    """Something that happened in a queue; a durable row. It carries no track id.

    told_s, told_low_s, told_high_s: the wait that the reading showed when somebody joined who is served now, beside the
    real one (`wait_s`); null where none was shown, the upper end also where it was "at least".
    """

    queue: Name
    kind: Literal["joined", "served", "left", "lost", "alert"]
    pts_s: Finite
    at: Instant
    wait_s: Finite | None = None
    stay_s: Finite | None = None
    ahead_on_joining: Count | None = None
    censored: bool = False
    text: str | None = None
    told_s: Finite | None = None
    told_low_s: Finite | None = None
    told_high_s: Finite | None = None


class OpenAlert(BaseModel):
    """An alert that goes on: its condition as the site file writes it, and since when it is told."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    condition: str
    since: Instant


class QueueAlerts(Message):
    """The alerts of one queue that are open now; none: an empty list. Each coming and going is a QueueEvent too."""

    queue: Name
    at: Instant
    open: tuple[OpenAlert, ...]


class QueueMinute(Message):
    """One queue, one minute of readings; a durable row. Unknown lengths are left out of the figures and counted.

    joined, served, left, lost are those of this minute. A counter that restarts within a minute makes two rows of it;
    the store adds them up.
    """

    queue: Name
    minute: Instant
    readings: Count
    unknown: Count
    length_mean: Finite | None
    length_max: Count | None
    wait_mean_s: Finite | None
    wait_max_s: Finite | None
    joined: Count
    served: Count
    left: Count
    lost: Count
    worst_quality: Quality


class LineMinute(Message):
    """One counting line, one minute; a durable row: the counts of this minute; `unknown` readings saw nothing.

    A counter that restarts within a minute makes two rows of it; the store adds them up.
    """

    line: Name
    minute: Instant
    readings: Count
    unknown: Count
    count_in: Count
    count_out: Count
    worst_quality: Quality


class GapNote(BaseModel):
    """Stands in the place of rows that will never come: all of `first` to `last`; its own row's seq is `last`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    first: Annotated[Count, Field(ge=1)]
    last: Annotated[Count, Field(ge=1)]
    reason: Annotated[str, Field(max_length=500)]


class Row(BaseModel):
    """One durable row in its envelope; `body` is a QueueEvent, a GapNote, or (kind minute) a QueueMinute or LineMinute.

    The two minutes are told apart by their key `queue` or `line`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    seq: Annotated[Count, Field(ge=1)]
    kind: Literal["event", "minute", "gap"]
    body: dict[str, Any]


class RowBatch(Message):
    """Durable rows of one box, in the order of their seq."""

    box: Name
    epoch: Annotated[str, Field(pattern=r"^[0-9a-f]{16,32}$")]
    rows: Annotated[tuple[Row, ...], Field(max_length=1000)]


class Ack(Message):
    """The collector's word that it has committed all rows of the epoch up to and including `seq`."""

    box: Name
    epoch: str
    seq: Count


class CameraHealth(Message):
    """One camera, told truly: measured rates and ages, never configured ones."""

    camera: Name
    at: Instant
    state: Literal["starting", "ok", "stalled", "lost", "auth_failed", "not_found", "failed", "stopped"]
    detail: str
    picture: Literal["ok", "frozen", "blind", "moved", "damaged"]
    frames_in_per_s: Finite
    frames_out_per_s: Finite
    age_s: Finite | None
    latency_s: Finite | None
    dropped: Count
    restarts: Count
    runtime: str
    model_sha256: str
    width: Count
    height: Count


class BoxStatus(Message):
    """The box's own word, and its last will.

    clock_unsynced: no time service keeps the box's wall clock, or it was never set: `at` of its messages and rows
    may be wrong (counts, waits and order are not: they go by the monotonic clock).
    disk_failing: the outbox can't be written: rows wait in the box's memory, and are given up when that is full.
    """

    box: Name
    at: Instant
    status: Literal["online", "offline"]
    version: str
    config_sha256: str
    epoch: str
    clock_unsynced: bool = False
    disk_failing: bool = False


def queue_state_topic(site: str, queue: str) -> str:
    """Topic of a queue's live reading."""
    return f"linewise/{site}/queue/{queue}/state"


def queue_alerts_topic(site: str, queue: str) -> str:
    """Topic of a queue's open alerts."""
    return f"linewise/{site}/queue/{queue}/alerts"


def line_state_topic(site: str, line: str) -> str:
    """Topic of a counting line's live reading."""
    return f"linewise/{site}/line/{line}/state"


def camera_health_topic(site: str, camera: str) -> str:
    """Topic of a camera's health."""
    return f"linewise/{site}/camera/{camera}/health"


def box_topic(site: str, box: str, leaf: Literal["status", "rows", "ack"]) -> str:
    """One of a box's topics."""
    return f"linewise/{site}/box/{box}/{leaf}"
