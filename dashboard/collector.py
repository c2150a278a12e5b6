"""The collector: MQTT -> store. Reads what is there, commits it, tells the boxes how far they are committed.

There is no window of time: what arrived while the last transaction was written is the next one. When the store can't be
written the messages are let go, not kept in memory: the boxes have the rows and send them again.
"""

import logging
import random
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import ExitStack, closing
from pathlib import Path

from dashboard.collector_metrics import CollectorMetrics
from dashboard.intake import judge
from dashboard.page import Names
from dashboard.retention import AT_ONCE
from dashboard.stores import AnyStore, open_stores
from dashboard.work import NotStoredError, Source, Taken
from edge.connection import Backoff, Connection, RefusedError
from edge.errors import BrokerError
from edge.messages import Ack, box_topic
from edge.metrics import served
from edge.quiet_log import QuietLog
from edge.settings import MqttSettings, Site
from edge.watchdog import Heartbeat, notify

log = logging.getLogger(__name__)

KEEP_SESSION_S = 86_400  # the broker keeps rows for a collector that is away for less than a day
MAX_AT_ONCE = 500
TOPICS = (
    "queue/+/state",
    "line/+/state",
    "camera/+/health",
    "box/+/status",
    "box/+/rows",
)  # not the acks, which are its own
PRUNE_EVERY_S = 60.0
PRUNE_MORE_S = 1.0  # while there is more to take out
GOOD_CONNECTION_S = 10.0


def run_collector(site: Site, *, mqtt: MqttSettings, store: Path, stop: threading.Event) -> None:
    """The collector's process: until `stop`. InputError when the store is another collector's or can't be used."""
    with ExitStack() as stack:
        opened = stack.enter_context(closing(open_stores(store, site.id, site.store)))
        collector = Collector(site.id, mqtt, opened)
        if (at := site.metrics) is not None:
            figures = CollectorMetrics(collector, store, Names.of(site))
            stack.enter_context(served(figures.families, address=at.address, port=at.collector_port))
        notify("READY=1", f"STATUS=storing what the boxes of {site.id} publish")
        collector.run(stop)
        notify("STOPPING=1")


class Collector:
    """Stores what one site's boxes publish.

    Attributes:
        stored: messages committed since the start.
        let_go: messages that the store did not take since the start.
        connected: there is a connection to the broker, now.
        commits_s: seconds that the last commits took (a thousand at most).
    """

    def __init__(
        self, site: str, mqtt: MqttSettings, store: AnyStore, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.stored = 0
        self.let_go = 0
        self.connected = False
        self.commits_s: deque[float] = deque(maxlen=1000)
        self._site = site
        self._mqtt = mqtt
        self._store = store
        self._clock = clock
        self._backoff = Backoff(random.Random())
        self._quiet = QuietLog(log)
        self._heartbeat = Heartbeat()
        self._prune_at_s = clock() + PRUNE_EVERY_S

    def run(self, stop: threading.Event) -> None:
        """Keeps a connection until `stop`."""
        while not stop.is_set():
            self._heartbeat.beat()
            started_s, refused = self._clock(), False
            try:
                self._one_connection(stop)
            except BrokerError as fault:
                refused = isinstance(fault, RefusedError)
                self._quiet.warning(str(fault))
            if self._clock() - started_s > GOOD_CONNECTION_S:
                self._backoff.reset()
            if not stop.is_set():
                stop.wait(self._backoff.wait_s(refused=refused))

    def _one_connection(self, stop: threading.Event) -> None:
        connection = Connection(self._mqtt, f"linewise-{self._site}-collector", keep_session_s=KEEP_SESSION_S)
        try:
            log.info("connected to %s:%d, session kept: %s", *self._address(), connection.session_present)
            connection.subscribe([f"linewise/{self._site}/{topic}" for topic in TOPICS])
            self._tell(connection, self._store.current_sources())
            self.connected = True
            while not stop.is_set():
                self._heartbeat.beat()
                connection.step(0.5, max_packets=MAX_AT_ONCE)
                if connection.arrived:
                    self._tell(connection, self._take(connection, stop))
                self._prune()
            connection.close()
        finally:
            self.connected = False
            connection.drop()

    def _address(self) -> tuple[str, int]:
        return self._mqtt.host, self._mqtt.port

    def _take(self, connection: Connection, stop: threading.Event) -> set[Source]:
        taken: list[Taken] = []
        while connection.arrived:
            message = connection.arrived.popleft()
            item = judge(self._site, message.topic, message.payload)
            if item is not None:
                taken.append(Taken(item, message.retained, message.expiry_s))
        if not taken:
            return set()
        started_s = self._clock()
        try:
            sources = self._store.commit(taken)
        except NotStoredError as fault:
            self._quiet.warning(f"the store can't be written ({fault}): {len(taken)} messages are let go")
            self.let_go += len(taken)
            stop.wait(1.0)
            return set()
        self.stored += len(taken)
        self.commits_s.append(self._clock() - started_s)
        return sources

    def _tell(self, connection: Connection, sources: Iterable[Source]) -> None:
        for box, epoch in sources:
            ack = Ack(site=self._site, box=box, epoch=epoch, seq=self._store.mark((box, epoch)).seq)
            connection.publish(box_topic(self._site, box, "ack"), ack.to_json(), retain=True)

    def _prune(self) -> None:
        if self._clock() < self._prune_at_s:
            return
        self._prune_at_s = self._clock() + PRUNE_EVERY_S
        try:
            if self._store.prune() >= AT_ONCE:
                self._prune_at_s = self._clock() + PRUNE_MORE_S
        except NotStoredError as fault:
            self._quiet.warning(f"old readings can't be removed ({fault})")
