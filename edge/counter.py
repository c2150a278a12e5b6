"""The counter: tracks in, a reading a second and queue out. No I/O, no clock.

Cameras' tracks go through edge/queueing/membership.py into the visit books; `tick` makes readings of the books.
"""

import math
from dataclasses import dataclass, field

from edge.alerts import AlertWatch
from edge.chairs import people_at_once
from edge.floor_marks import to_floor
from edge.line_counts import LineCounts
from edge.messages import CameraHealth, LineReading, OpenAlert, QueueAlerts, QueueEvent, QueueReading, utc
from edge.overload import too_slow
from edge.queueing import waiting
from edge.queueing.balance import Balance
from edge.queueing.floor import Floor
from edge.queueing.ledger import Errors
from edge.queueing.length import Section, length_of
from edge.queueing.membership import CameraLanes
from edge.queueing.opening import Opening
from edge.queueing.presence import Presence
from edge.queueing.sections import sections
from edge.queueing.teller import Moment, WaitTeller
from edge.queueing.visits import VisitBook
from edge.queueing.watch import CameraWatch, KnownTime, together
from edge.settings import Site
from edge.vocabulary import LaneState, Quality, QueueSettings, ServiceState, Tracks, Visit

FLOW_S = 300.0  # arrivals and services a minute are of so long
FLOW_LEAST_S = 60.0
EVENT_AGE_MOST_S = 120.0  # an event can't be told longer ago than this: the clock has jumped


@dataclass(frozen=True)
class Tick:
    """What one second brings: a reading for each queue and line, and what happened since the last tick."""

    readings: list[QueueReading]
    events: list[QueueEvent]
    visits: list[Visit]
    lines: list[LineReading] = field(default_factory=list)


@dataclass(frozen=True)
class _Now:
    """The moment of a tick: media seconds, and seconds since 1970."""

    pts_s: float
    utc_s: float

    def utc_of(self, pts_s: float) -> float:
        ago_s = self.pts_s - pts_s
        return self.utc_s - ago_s if 0.0 <= ago_s <= EVENT_AGE_MOST_S else self.utc_s


class _Queue:
    """What is remembered of one queue beside its book."""

    def __init__(self, settings: QueueSettings, book: VisitBook) -> None:
        self.settings = settings
        self.book = book
        self.known = KnownTime()
        self.teller = WaitTeller()
        self.seq = 0
        self.at_once = 1.0
        self.state: ServiceState = "idle"
        self.opening = Opening(settings.lanes)
        self.balance = Balance()


class Counter:
    """All queues of a site."""

    def __init__(self, site: Site) -> None:
        self._site = site.id
        books = [VisitBook(q.id) for q in site.queues]
        self._queues = [_Queue(q, b) for q, b in zip(site.queues, books, strict=True)]
        self._floor = Floor(books, several=_on_several_cameras(site))
        used = {lane.camera_id for q in site.queues for lane in q.lanes}
        self._watches = {c.id: CameraWatch(c.detect_fps) for c in site.cameras}
        floors = {c.id: ground for c in site.cameras if (ground := to_floor(c.floor)) is not None}
        known = [c.id for c in site.cameras if c.id in used]
        self._lanes = {c: CameraLanes(c, site.queues, self._floor, floors=floors) for c in known}
        self._alerts = [AlertWatch(a, site.timezone) for a in site.alerts]
        self._cameras: dict[str, str] = {}  # the state that each camera's health told last
        self._lines = LineCounts(site)

    def on_tracks(self, tracks: Tracks) -> None:
        """Takes in one picture's tracks; those of an unknown camera or a useless picture change nobody's stay."""
        watch = self._watches.get(tracks.camera_id)
        if watch is None or not math.isfinite(tracks.pts_s):
            return
        watch.saw(tracks.pts_s, tracks.picture)
        self._lines.on_tracks(tracks)
        lanes = self._lanes.get(tracks.camera_id)
        if lanes is not None and tracks.picture in ("ok", "damaged"):
            lanes.update(tracks)
            for queue in self._queues:
                queue.opening.saw(tracks)

    def on_health(self, health: CameraHealth) -> None:
        """What a camera's process says of itself; alerts on cameras and the quality of readings look at it."""
        self._cameras[health.camera] = health.state
        if (watch := self._watches.get(health.camera)) is not None and health.latency_s is not None:
            watch.slow = too_slow(health.frames_in_per_s, health.frames_out_per_s, watch.fps)

    def tick(self, pts_s: float, utc_s: float) -> Tick:
        """The readings of this moment, and everything that happened since the last tick."""
        now = _Now(pts_s, utc_s)
        for lanes in self._lanes.values():
            lanes.expire(pts_s)
        out = Tick([], [], [], self._lines.readings(pts_s, utc_s, self._watches))
        for q, queue in enumerate(self._queues):
            drift = queue.balance.check(queue.book, self._floor.in_queue(q), pts_s)
            joined, closed = queue.book.drain()
            out.events.extend(self._joined(queue, v, now) for v in joined)
            out.visits.extend(closed)
            reading = self._reading(q, queue, now, (joined, closed))
            out.events.extend(self._ended(queue, v, now) for v in closed)
            out.readings.append(reading)
            out.events.extend([_alert(reading, drift)] if drift else [])
            out.events.extend(self._due_alerts(queue, reading))
        return out

    def open_visits(self) -> list[Visit]:
        """Visits that go on, queue by queue."""
        return [v for queue in self._queues for v in queue.book.open_visits()]

    def open_alerts(self, utc_s: float) -> list[QueueAlerts]:
        """The alerts that go on, of each queue that has any in the site file."""
        found: dict[str, list[OpenAlert]] = {watch.alert.queue_id: [] for watch in self._alerts}
        for watch in self._alerts:
            if watch.opened is not None:
                found[watch.alert.queue_id].append(OpenAlert(condition=watch.alert.text, since=watch.opened))
        return [QueueAlerts(site=self._site, queue=q, at=utc(utc_s), open=tuple(told)) for q, told in found.items()]

    def wait_errors(self, queue_id: str) -> Errors | None:
        """How the waits told in a queue have turned out since the start; None before the first."""
        return next(q.teller.ledger.errors for q in self._queues if q.settings.id == queue_id)

    def lane_state(self, queue_id: str) -> LaneState:
        """The queue's members in order from the service point (visit numbers), and its state at the last tick."""
        q = next(i for i, queue in enumerate(self._queues) if queue.settings.id == queue_id)
        numbers = tuple(dict.fromkeys(p.number for p in self._members(q) if p.number is not None))
        return LaneState(numbers, self._queues[q].state)

    def lane_sections(self, queue_id: str, now_s: float) -> list[Section]:
        """What the queue's length is made of at a moment, lane by lane."""
        return self._sections(next(i for i, q in enumerate(self._queues) if q.settings.id == queue_id), now_s)

    def _members(self, q: int) -> list[Presence]:
        def order(p: Presence) -> tuple[int, float, float]:
            distance = self._lanes[p.path.key[0]].shape(p).distance_to_service(p.path.point)
            return (p.lane, math.inf if distance is None else distance, p.entered_s)

        return sorted((p for p in self._floor.in_queue(q) if p.number is not None), key=order)

    def _quality(self, queue: _Queue, now_s: float) -> tuple[Quality, bool]:
        qualities: list[Quality] = []
        for camera_id in dict.fromkeys(lane.camera_id for lane in queue.settings.lanes):
            watch = self._watches.get(camera_id)
            qualities.append("config" if watch is None else watch.quality(now_s))
        return together(qualities) if qualities else ("config", False)

    def _reading(self, q: int, queue: _Queue, now: _Now, news: tuple[list[Visit], list[Visit]]) -> QueueReading:
        quality, known = self._quality(queue, now.pts_s)
        queue.known.tick(now.pts_s, known)
        book = queue.book
        visits = [*book.closed, *book.open_visits()]
        lanes = self._sections(q, now.pts_s)
        coming = sum(p for lane in lanes for p in lane.candidates)
        if news[1]:
            queue.at_once = people_at_once(v.served_s for v in book.closed if v.served_s is not None)
        moment = Moment(now.pts_s, visits, queue.settings.servers, known, queue.known.gaps, coming, queue.at_once)
        rate, wait = queue.teller.tell(moment, *news)
        closed = queue.opening.closed(now.pts_s, len(book.open), known=known)
        queue.state = waiting.state_now(len(book.open), rate, closed=closed)
        length = length_of(lanes) if known else None
        if quality == "ok":
            quality = "degraded" if queue.balance.drifted else "warming" if wait is None else "ok"
        totals = book.totals
        queue.seq += 1
        return QueueReading(
            site=self._site,
            queue=queue.settings.id,
            seq=queue.seq,
            pts_s=now.pts_s,
            at=utc(now.utc_s),
            length=None if length is None else length.length,
            length_low=None if length is None else length.low,
            length_high=None if length is None else length.high,
            quality=quality,
            state=queue.state,
            wait_s=None if wait is None else round(wait.wait_s, 1),
            wait_low_s=None if wait is None else round(wait.low_s, 1),
            wait_high_s=None if wait is None or wait.high_s is None else round(wait.high_s, 1),
            wait_method=None if wait is None else wait.method,
            arrivals_per_min=self._per_min(queue, [v.joined_s for v in visits if not v.censored], now.pts_s),
            served_per_min=self._per_min(queue, [v.left_s for v in book.closed if v.outcome == "served"], now.pts_s),
            joined=totals.joined,
            served=totals.served,
            left=totals.left,
            lost=totals.lost,
        )

    def _sections(self, q: int, now_s: float) -> list[Section]:
        lanes = self._queues[q].settings.lanes
        learned = [self._floor.learned(q, lane) for lane in range(len(lanes))]
        return sections(self._floor.in_queue(q), lanes, now_s, learned)

    def _per_min(self, queue: _Queue, times_s: list[float | None], now_s: float) -> float | None:
        """Events a minute over the last FLOW_S of known time; None in the first FLOW_LEAST_S of it."""
        if queue.known.since_s is None or now_s - queue.known.since_s < FLOW_LEAST_S:
            return None
        since_s = max(queue.known.since_s, now_s - FLOW_S)
        return round(60.0 * sum(t is not None and since_s <= t <= now_s for t in times_s) / (now_s - since_s), 2)

    def _joined(self, queue: _Queue, v: Visit, now: _Now) -> QueueEvent:
        return QueueEvent(
            site=self._site,
            queue=queue.settings.id,
            kind="joined",
            pts_s=round(v.joined_s, 3),
            at=utc(now.utc_of(v.joined_s)),
            ahead_on_joining=v.ahead_on_joining,
            censored=v.censored,
        )

    def _ended(self, queue: _Queue, v: Visit, now: _Now) -> QueueEvent:
        if v.outcome is None or v.left_s is None:
            raise ValueError(f"a visit of queue {v.queue_id} was told as ended without an end: {v}")
        wait_s = None if v.censored or v.served_s is None else round(v.served_s - v.joined_s, 3)
        told = queue.teller.told(v)
        return QueueEvent(
            site=self._site,
            queue=queue.settings.id,
            kind=v.outcome,
            pts_s=round(v.left_s, 3),
            at=utc(now.utc_of(v.left_s)),
            wait_s=wait_s,
            stay_s=None if v.censored else round(v.left_s - v.joined_s, 3),
            ahead_on_joining=v.ahead_on_joining,
            censored=v.censored,
            told_s=None if told is None else round(told.wait_s, 1),
            told_low_s=None if told is None else round(told.low_s, 1),
            told_high_s=None if told is None or told.high_s is None else round(told.high_s, 1),
        )

    def _camera_states(self, queue: _Queue, now_s: float) -> list[str]:
        """The states of the queue's cameras: as their health told it; without any (replay), by their pictures."""
        out = []
        for camera_id in dict.fromkeys(lane.camera_id for lane in queue.settings.lanes):
            watch, told = self._watches.get(camera_id), self._cameras.get(camera_id)
            if watch is not None:
                by_picture = "starting" if watch.last_s is None else "lost" if watch.quality(now_s) == "stale" else "ok"
                out.append(told or by_picture)
        return out

    def _due_alerts(self, queue: _Queue, reading: QueueReading) -> list[QueueEvent]:
        cameras = self._camera_states(queue, reading.pts_s)
        out = []
        for watch in self._alerts:
            text = watch.told(reading, cameras) if watch.alert.queue_id == reading.queue else None
            if text is not None:
                out.append(_alert(reading, text))
        return out


def _on_several_cameras(site: Site) -> dict[int, int]:
    """The place of the last lane of each queue with lanes on several cameras."""
    queues = enumerate(site.queues)
    return {q: len(queue.lanes) - 1 for q, queue in queues if len({lane.camera_id for lane in queue.lanes}) > 1}


def _alert(reading: QueueReading, text: str) -> QueueEvent:
    """An alert at the moment of a reading."""
    return QueueEvent(
        site=reading.site, queue=reading.queue, kind="alert", pts_s=reading.pts_s, at=reading.at, text=text
    )
