"""Waiting times in the words of airports: ACI's ACRIS Passenger Wait Times Standard, version 1.6.0.

Followed: the names, units and meanings of QueueMeasurement and PassengerQueue. Not followed: its paths by airport and
checkpoint, its UUIDs, its OAuth, and all that is about airports, which a canteen has not: see docs/integrations.md.
"""

import sqlite3

from pydantic import BaseModel, ConfigDict, Field

from dashboard.page import Names, QueueCard, Slow
from dashboard.reading import read_page
from edge.messages import Instant

HOUR_S = 3600.0
LEAST_MINUTES = 55  # of the past hour that must be known
FIVE_MINUTES_S = 300.0


class Part(BaseModel):
    """Base: frozen; keys in the standard's capitals."""

    model_config = ConfigDict(frozen=True)


class AcrisStatus(Part):
    """Open or Closed."""

    Name: str


class AcrisQueue(Part):
    """A line of people."""

    Identifier: str
    Name: str
    QueueStatus: AcrisStatus | None = None


class AcrisPeriod(Part):
    """When it was measured."""

    EndTime: Instant


class QueueMeasurement(Part):
    """One queue; what is not known is left out."""

    PassengerQueue: AcrisQueue
    MeasurementTimePeriod: AcrisPeriod | None = None
    Occupancy: int | None = Field(default=None, description="People in the queue.")
    ProjectedWaitTime: float | None = Field(default=None, description="Expected wait on entering, seconds.")
    Throughput: int | None = Field(default=None, description="People served in the past hour.")
    WaitTime: float | None = Field(default=None, description="Mean real wait of those served in the last 5 min, s.")


def measurements(db: sqlite3.Connection, names: Names, now_s: float) -> list[QueueMeasurement]:
    """All queues."""
    page = read_page(db, names, Slow({}, ()), now_s)
    ends = {str(queue): str(at) for queue, at in db.execute("SELECT queue, at FROM state WHERE site = ?", (page.site,))}
    return [_measurement(db, page.site, card, ends.get(card.queue), now_s=now_s) for card in page.cards]


def _measurement(
    db: sqlite3.Connection, site: str, card: QueueCard, end: str | None, *, now_s: float
) -> QueueMeasurement:
    known = card.seen in ("fresh", "late") and card.length is not None
    status = AcrisStatus(Name="Closed" if card.state == "closed" else "Open") if known else None
    return QueueMeasurement(
        PassengerQueue=AcrisQueue(Identifier=card.queue, Name=card.name, QueueStatus=status),
        MeasurementTimePeriod=None if end is None else AcrisPeriod.model_validate({"EndTime": end}),
        Occupancy=card.length,
        ProjectedWaitTime=card.wait_s,
        Throughput=_throughput(db, site, card.queue, now_s),
        WaitTime=_real_wait_s(db, site, card.queue, now_s),
    )


def _throughput(db: sqlite3.Connection, site: str, queue: str, now_s: float) -> int | None:
    minutes, served = db.execute(
        "SELECT count(DISTINCT minute_s), sum(served) FROM minutes "
        "WHERE site = ? AND queue = ? AND minute_s >= ? AND minute_s < ? AND unknown < readings",
        (site, queue, now_s - HOUR_S - 60.0, now_s - 60.0),
    ).fetchone()
    return int(served) if minutes >= LEAST_MINUTES else None


def _real_wait_s(db: sqlite3.Connection, site: str, queue: str, now_s: float) -> float | None:
    (mean_s,) = db.execute(
        "SELECT avg(wait_s) FROM events WHERE site = ? AND queue = ? AND at_s >= ? AND at_s <= ? "
        "AND kind = 'served' AND wait_s IS NOT NULL",
        (site, queue, now_s - FIVE_MINUTES_S, now_s),
    ).fetchone()
    return None if mean_s is None else round(mean_s, 1)
