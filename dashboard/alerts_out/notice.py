"""What somebody is told of an alert: a notice each time it is opened, repeated or ended; its JSON is the webhook's.

The schema stands in docs/schemas/webhook/AlertNotice.json.
"""

from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from dashboard import words
from edge.messages import Instant, Name, utc

Kind = Literal["open", "repeated", "ended"]
KINDS: tuple[Kind, ...] = ("open", "repeated", "ended")
_MARKS: dict[str, Kind] = {"over: ": "ended", "still: ": "repeated"}
LONGEST = 200  # characters of a condition; a site file's has no more


class AlertNotice(BaseModel):
    """One notice, as it is posted.

    Attributes:
        id: of this notice; the same in every try, so that a receiver can leave out what it has.
        alert: of the alert: the same in the notices that it was opened, repeated and ended.
        condition, text: as the site file writes it, and in words.
        at: when it was told, by the box's clock.
        since: when the alert was opened; null where that was before anybody followed.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_: Literal[1] = Field(default=1, alias="schema", serialization_alias="schema")
    type: Literal["alert.open", "alert.repeated", "alert.ended"]
    id: str
    alert: str
    site: Name
    site_name: str
    box: Name
    queue: Name
    queue_name: str
    condition: str
    text: str
    at: Instant
    since: Instant | None

    @property
    def kind(self) -> Kind:
        """open, repeated or ended."""
        return next(kind for kind in KINDS if self.type == f"alert.{kind}")


@dataclass(frozen=True)
class AlertEvent:
    """An alert's row in the store: its place among the box's rows, and what it said.

    Attributes:
        at_s: seconds since 1970, the box's clock.
    """

    box: str
    epoch: str
    seq: int
    queue: str
    kind: Kind
    condition: str
    at_s: float

    @property
    def id(self) -> str:
        """Of the row; boxes' names have no dots."""
        return f"{self.box}.{self.epoch}.{self.seq}"


def alert_event(row: tuple[str, str, int, str, str | None, float]) -> AlertEvent:
    """(box, epoch, seq, queue, text, at_s) as the store has them; `text` came over MQTT and is made one short line."""
    box, epoch, seq, queue, text, at_s = row
    said = " ".join((text or "").split())
    kind: Kind = "open"
    for mark, marked in _MARKS.items():
        if said.startswith(mark):
            kind, said = marked, said.removeprefix(mark)
    return AlertEvent(box, epoch, seq, queue, kind, said[:LONGEST], at_s)


def notice_of(
    event: AlertEvent, opened: AlertEvent | None, *, site: str, site_name: str, names: dict[str, str]
) -> AlertNotice:
    """The notice of an event; `opened` is the one that opened the alert, where it is known."""
    return AlertNotice(
        type=f"alert.{event.kind}",  # type: ignore[arg-type]
        id=f"{site}.{event.id}",
        alert=f"{site}.{(opened or event).id}",
        site=site,
        site_name=site_name,
        box=event.box,
        queue=event.queue,
        queue_name=names.get(event.queue, event.queue),
        condition=event.condition,
        text=words.alert_words(event.condition),
        at=utc(event.at_s),
        since=None if opened is None else utc(opened.at_s),
    )
