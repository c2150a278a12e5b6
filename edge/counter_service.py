"""The counter's process: link -> Counter -> outbox and MQTT.

The loop of one second: what the cameras sent is counted as it comes; half a second after each whole second of the
monotonic clock (so that all cameras' pictures of that second are there) the counter ticks. Readings go to the publisher
and into minutes; events and minutes go to the outbox first and out from there.
"""

import logging
import math
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from importlib.metadata import version
from pathlib import Path
from typing import Any, Protocol

from edge.camera_words import CameraWords
from edge.clock import JumpWatch, plausible, synchronised
from edge.counter import Counter, Tick
from edge.counter_metrics import CounterMetrics
from edge.counter_word import counter_says, write_word
from edge.home_assistant import Announcer, discovery
from edge.link import LinkServer
from edge.messages import CameraHealth, LineMinute, LineReading, QueueAlerts, QueueMinute, QueueReading, utc
from edge.metrics import served
from edge.minutes import LineMinuteBook, MinuteBook
from edge.outbox import Outbox
from edge.paths import counter_socket, counter_word, home_assistant_mark, outbox_path
from edge.privacy import Crowd
from edge.publisher import BoxIdentity, Publisher
from edge.settings import MqttSettings, Site
from edge.vocabulary import Tracks
from edge.watchdog import Heartbeat, notify

log = logging.getLogger(__name__)

LATE_S = 0.5
TURN_S = 0.1
WORD_S = 10.0
ALERTS_S = 10.0
MAX_CATCH_UP = 120  # seconds that are ticked one by one after a pause; of a longer one only the end


class _Live(Protocol):
    """Where live things go."""

    def reading(self, reading: QueueReading) -> None: ...
    def line(self, reading: LineReading) -> None: ...
    def alerts(self, alerts: QueueAlerts) -> None: ...
    def health(self, health: CameraHealth) -> None: ...
    def rows_waiting(self) -> None: ...


def run_counter(site: Site, *, state: Path, mqtt: MqttSettings, stop: threading.Event) -> None:
    """Counts for a box until `stop`.

    Raises:
        InputError: the outbox or the socket can't be made, or another counter has them.
        BrokerError: another counter publishes under this box's name (a broker that is away is waited for).
    """
    identity = BoxIdentity(site.id, site.box, version("linewise"), site.config_sha256)
    announcer = _announcer(site, mqtt, state)
    ending = threading.Event()
    with ExitStack() as stack:
        outbox = stack.enter_context(closing(Outbox(outbox_path(state))))
        link = stack.enter_context(closing(LinkServer(counter_socket(state))))
        publisher = stack.enter_context(closing(Publisher(identity, mqtt, outbox, announcer=announcer)))
        pool = stack.enter_context(ThreadPoolExecutor(1, thread_name_prefix="publisher"))
        stack.callback(ending.set)  # before the pool waits for its thread
        talking = pool.submit(publisher.run, ending)
        crowd = Crowd(site.privacy.min_people)
        live = CounterMetrics(site, identity.version, publisher, outbox, link, crowd=crowd)
        if (at := site.metrics) is not None:
            stack.enter_context(served(live.families, address=at.address, port=at.counter_port))
        service = CounterService(site, Counter(site), outbox, live, crowd=crowd)
        heartbeat = Heartbeat()
        watch = _ClockWatch()
        notify("READY=1", f"STATUS=counting {len(site.queues)} queues of {len(site.cameras)} cameras")
        log.info("counting for box %s; outbox %s has %d rows", site.box, outbox.epoch, outbox.pending)
        try:
            while not stop.is_set():
                service.take(link.receive(TURN_S))
                service.turn()
                heartbeat.beat()
                if watch.due():
                    says = counter_says(outbox, rejected=link.rejected, **watch.look())
                    write_word(counter_word(state), {"at_utc_s": time.time(), **says})
                if talking.done():
                    talking.result()
        finally:
            notify("STOPPING=1")
            service.end()


def _announcer(site: Site, mqtt: MqttSettings, state: Path) -> Announcer | None:
    """For Home Assistant; where it was told before and is no longer to be, one that takes everything back."""
    told = home_assistant_mark(state)
    if mqtt.home_assistant:
        told.touch()
        return Announcer(site, discovery(site, version("linewise")))
    return Announcer(site, {}) if told.exists() else None


class _ClockWatch:
    """Tells the log when the wall clock is set or was never set: figures of before and after do not fit together."""

    def __init__(self) -> None:
        self._jumps = JumpWatch(time.monotonic(), time.time())
        self._due_s = time.monotonic() + 1.0
        self._steps = 0
        if not plausible(time.time()):
            log.error("the wall clock has not been set: it says %s; is a time server reachable?", utc(time.time()))

    def due(self) -> bool:
        """Is it time to look?"""
        if time.monotonic() < self._due_s:
            return False
        self._due_s = time.monotonic() + WORD_S
        return True

    def look(self) -> dict[str, Any]:
        """Steps since the start, and whether a time service keeps the clock now."""
        step_s = self._jumps.step_s(time.monotonic(), time.time())
        if step_s is not None:
            self._steps += 1
            log.warning("the wall clock was set by %+.1f s; times of rows before and after do not fit", step_s)
        return {"clock_steps": self._steps, "clock_synchronised": synchronised()}


class CounterService:
    """What the process does with what comes, apart from sockets and threads."""

    def __init__(
        self,
        site: Site,
        counter: Counter,
        outbox: Outbox,
        live: _Live,
        *,
        crowd: Crowd | None = None,
        clock: Callable[[], float] = time.monotonic,
        utc_s: Callable[[], float] = time.time,
    ) -> None:
        self._counter = counter
        self._outbox = outbox
        self._live = live
        self._clock = clock
        self._utc_s = utc_s
        self._crowd = crowd or Crowd(site.privacy.min_people)
        self._minutes = MinuteBook()
        self._line_minutes = LineMinuteBook()
        self._cameras = CameraWords(site.id, (c.id for c in site.cameras), clock())
        self._ticked = math.floor(clock() - LATE_S)
        self._alerts: dict[str, QueueAlerts] = {}  # as told last

    def take(self, items: list[Tracks | CameraHealth]) -> None:
        """What the cameras sent."""
        now_s = self._clock()
        for item in items:
            if isinstance(item, Tracks):
                self._cameras.tracks(item.camera_id, now_s)
                self._counter.on_tracks(item)
            elif (health := self._cameras.health(item, now_s)) is not None:
                self._health(health)

    def turn(self) -> None:
        """Ticks the seconds that are due, and looks for cameras that have fallen silent."""
        now_s = self._clock()
        due = math.floor(now_s - LATE_S)
        self._ticked = max(self._ticked, due - MAX_CATCH_UP)
        while self._ticked < due:
            self._ticked += 1
            ago_s = now_s - self._ticked
            self._tell(self._counter.tick(float(self._ticked), self._utc_s() - ago_s))
        for health in self._cameras.silent(now_s, self._utc_s()):
            log.warning("camera %s: %s", health.camera, health.detail, extra={"camera": health.camera})
            self._health(health)

    def _health(self, health: CameraHealth) -> None:
        self._counter.on_health(health)
        self._live.health(health)

    def _tell(self, tick: Tick) -> None:
        for reading in tick.readings:
            self._live.reading(reading)
        for line in tick.lines:
            self._live.line(line)
        self._tell_alerts()
        minutes: list[QueueMinute | LineMinute] = [m for r in tick.readings for m in self._minutes.add(r)]
        minutes += [m for r in tick.lines for m in self._line_minutes.add(r)]
        events = self._crowd.told(tick.events, float(self._ticked))
        if events:
            self._outbox.append("event", events)
        if minutes:
            self._outbox.append("minute", minutes)
        if events or minutes:
            self._live.rows_waiting()
        else:
            self._outbox.flush()

    def _tell_alerts(self) -> None:
        """Each queue's open alerts, when they change and every 10 s: what is told live is soon forgotten."""
        for alerts in self._counter.open_alerts(self._utc_s()):
            told = self._alerts.get(alerts.queue)
            if told is None or told.open != alerts.open or abs((alerts.at - told.at).total_seconds()) >= ALERTS_S:
                self._alerts[alerts.queue] = alerts
                self._live.alerts(alerts)

    def end(self) -> None:
        """Keeps the minutes that go on: the next counter's rows are added to them in the store."""
        self._crowd.end()
        self._outbox.append("minute", [*self._minutes.close(), *self._line_minutes.close()])
