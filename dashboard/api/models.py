"""What the API answers: frozen pydantic models; FastAPI makes the OpenAPI document of them.

Seconds and people, instants in UTC; what is not known is null, never 0. Ages are told as instants, so that an answer
stays the same (and its ETag with it) until something new has come.
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from edge.messages import Instant

Seen = Literal["fresh", "late", "silent", "never"]


class Answer(BaseModel):
    """Base: frozen."""

    model_config = ConfigDict(frozen=True)


class Box(Answer):
    """One box by its own word, or its last will."""

    box: str
    status: Literal["online", "offline"]
    last_heard: Instant | None
    version: str
    rows_missing: int = Field(description="Durable rows of it that are known to be lost.")
    clock_unsynced: bool = Field(description="No time service keeps its clock: times of its rows may be wrong.")
    disk_failing: bool = Field(description="Its disk can't be written: its history waits in memory.")


class SiteAnswer(Answer):
    """The site."""

    site: str
    name: str
    timezone: str
    queues: tuple[str, ...]
    cameras: tuple[str, ...]
    boxes: tuple[Box, ...]


class QueueNow(Answer):
    """One queue as it is now; figures are null unless they can be trusted to be of now."""

    queue: str
    name: str
    seen: Seen = Field(description="fresh; late: older than 5 s; silent: so old that nothing is known; never heard.")
    last_heard: Instant | None
    length: int | None = Field(description="People in the queue.")
    length_low: int | None
    length_high: int | None
    wait_s: float | None = Field(description="Wait of somebody who joins now, seconds.")
    wait_low_s: float | None
    wait_high_s: float | None = Field(description='Null beside a wait: "at least".')
    quality: str = Field(description="ok, warming, degraded, moved, frozen, blind, stale or config.")
    state: str = Field(description='serving, idle, stopped, closed; "" before the first reading.')
    room: int = Field(description="People that the line has room for; 0: not told.")


class QueuesAnswer(Answer):
    """All queues of the site, in the site file's order."""

    site: str
    queues: tuple[QueueNow, ...]


class Slot(Answer):
    """One minute or hour of a queue: means and maxima of what was known, sums of what was counted."""

    start: Instant
    length_mean: float | None
    length_max: int | None
    wait_mean_s: float | None
    wait_max_s: float | None
    joined: int
    served: int
    left: int
    lost: int


class HistoryAnswer(Answer):
    """A page of a queue's slots, oldest first; a slot that is left out was never told."""

    site: str
    queue: str
    slot_s: int
    slots: tuple[Slot, ...]
    next: str | None = Field(description="Where the next page is, relative to this one; null: this is the last.")


class Camera(Answer):
    """One camera's health, as it was told last."""

    camera: str
    name: str
    seen: Seen
    last_heard: Instant | None
    state: str
    picture: str
    detail: str
    last_picture: Instant | None
    frames_in_per_s: float | None
    frames_out_per_s: float | None
    latency_s: float | None
    dropped: int
    restarts: int
    runtime: str
    width: int
    height: int


class CamerasAnswer(Answer):
    """All cameras of the site."""

    site: str
    cameras: tuple[Camera, ...]


class Line(Answer):
    """One counting line today, in the site's time zone."""

    line: str
    name: str
    quality: str
    count_in: int | None
    count_out: int | None
    unknown: bool = Field(description="Parts of the day are not known: people may have crossed unseen.")


class LinesAnswer(Answer):
    """All counting lines of the site."""

    site: str
    lines: tuple[Line, ...]


class Alert(Answer):
    """One alert; `id` is the one that webhooks call `alert`."""

    id: str
    queue: str
    name: str
    condition: str
    since: Instant
    ended: Instant | None
    ended_known: bool = Field(description="False: nobody told its end; it is taken for past.")
    acknowledged_by: str | None
    acknowledged: Instant | None


class AlertsAnswer(Answer):
    """Alerts, newest first."""

    site: str
    alerts: tuple[Alert, ...]


class Accuracy(Answer):
    """What people of one queue were told against what they really waited."""

    queue: str
    n: int = Field(description="People who were served and had been told a wait.")
    mae_s: float | None
    bias_s: float | None = Field(description="Mean of told minus real: below 0 is told too short.")
    too_short: float | None = Field(description="Share that was told less than it waited, 0 to 1.")
    coverage: float | None = Field(description="Share whose wait was in the told range, which aims at 0.8.")


class AccuracyAnswer(Answer):
    """Each queue's own errors in a period."""

    site: str
    start: Instant
    end: Instant
    queues: tuple[Accuracy, ...]
