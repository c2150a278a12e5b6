"""The box's one MQTT connection: status with its will, live states, camera health, durable rows.

Live things are told as they are now and never kept: the newest reading of a queue replaces the one before. Rows come
from the outbox and leave it on the collector's word alone (`row_sender`). One thread runs `run`; the others hand things
over. docs/messages.md tells the protocol.
"""

import logging
import random
import secrets
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

from pydantic import ValidationError

from edge.clock import unsynced
from edge.connection import Backoff, Connection, RefusedError, Will
from edge.errors import BrokerError
from edge.home_assistant import Announcer
from edge.live_board import LiveBoard
from edge.messages import (
    Ack,
    BoxStatus,
    CameraHealth,
    LineReading,
    QueueAlerts,
    QueueReading,
    box_topic,
    line_state_topic,
    queue_alerts_topic,
    queue_state_topic,
    utc,
)
from edge.outbox import Outbox
from edge.quiet_log import QuietLog
from edge.row_sender import NOT_AUTHORISED, RowSender
from edge.settings import MqttSettings
from edge.twin import TwinError, TwinWatch, twin_error

log = logging.getLogger(__name__)

GOOD_CONNECTION_S = 10.0
MAX_SHORT = 3


@dataclass(frozen=True)
class BoxIdentity:
    """Who speaks."""

    site: str
    box: str
    version: str
    config_sha256: str


class Publisher:
    """Publishes for one box.

    Attributes:
        connected: the broker has taken this box in, now.
    """

    def __init__(
        self,
        identity: BoxIdentity,
        mqtt: MqttSettings,
        outbox: Outbox,
        *,
        announcer: Announcer | None = None,
        heartbeat_s: float = 10.0,
        rng: random.Random | None = None,
        utc_s: Callable[[], float] = time.time,
        unsynced: Callable[[float], bool] = unsynced,
    ) -> None:
        """Connects to nothing yet; see `run`."""
        self.connected = False
        self._identity = identity
        self._mqtt = mqtt
        self._outbox = outbox
        self._heartbeat_s = heartbeat_s
        self._utc_s = utc_s
        self._unsynced = unsynced
        self._backoff = Backoff(rng or random.Random())
        self._quiet = QuietLog(log)
        self._twins = TwinWatch(identity.site, identity.box)
        self._sender = RowSender(outbox, site=identity.site, box=identity.box)
        self._board = LiveBoard()
        self._announcer = announcer
        self._status_s = 0.0
        self._claimed = False
        self._short = 0  # connections in a row that did not last
        self._client_id = f"linewise-{identity.site}-{identity.box}"
        self._wake_in, self._wake_out = socket.socketpair()
        self._wake_in.setblocking(False)
        self._wake_out.setblocking(False)

    def reading(self, reading: QueueReading) -> None:
        """A queue's newest reading; published at once if there is a connection."""
        self._live(queue_state_topic(reading.site, reading.queue), reading.to_json())

    def line(self, reading: LineReading) -> None:
        """A counting line's newest reading; the same."""
        self._live(line_state_topic(reading.site, reading.line), reading.to_json())

    def alerts(self, alerts: QueueAlerts) -> None:
        """A queue's open alerts; the same."""
        self._live(queue_alerts_topic(alerts.site, alerts.queue), alerts.to_json())

    def _live(self, topic: str, payload: bytes) -> None:
        self._board.put(topic, payload)
        self._nudge()

    def health(self, health: CameraHealth) -> None:
        """A camera's health; published on change and every 30 s."""
        if self._board.put_health(health):
            self._nudge()

    def rows_waiting(self) -> None:
        """Rows were appended to the outbox."""
        self._nudge()

    def _nudge(self) -> None:
        with suppress(BlockingIOError):
            self._wake_out.send(b".")

    def close(self) -> None:
        """Gives the sockets back, after `run` has ended."""
        self._wake_in.close()
        self._wake_out.close()

    def run(self, stop: threading.Event) -> None:
        """Keeps a connection until `stop`, then says offline. TwinError when another counter has this box's name."""
        while not stop.is_set():
            started_s = time.monotonic()
            refused = False
            try:
                self._one_connection(stop)
            except TwinError:
                raise
            except BrokerError as fault:
                refused = isinstance(fault, RefusedError)
                self._quiet.warning(f"{fault}; {self._outbox.pending} rows wait")
            self._judge_life(time.monotonic() - started_s)
            if not stop.is_set():
                stop.wait(self._backoff.wait_s(refused=refused))

    def _judge_life(self, lived_s: float) -> None:
        if lived_s > GOOD_CONNECTION_S:
            self._backoff.reset()
            self._short = 0
            return
        self._short += int(self._claimed)
        if self._short >= MAX_SHORT:
            self._claimed = False  # somebody may take the connection each time: look again, under another name

    def _one_connection(self, stop: threading.Event) -> None:
        if not self._claimed:
            self._look_for_a_twin(stop)
        epoch = self._outbox.epoch
        will = Will(self._topic("status"), self._twins.say(self._status("offline")))
        connection = Connection(self._mqtt, self._client_id, will=will, wake=self._wake_in)
        log.info("connected to %s:%d as %s", self._mqtt.host, self._mqtt.port, self._client_id)
        try:
            self._begin(connection)
            self.connected = True
            while not stop.is_set() and self._outbox.epoch == epoch:
                connection.step(min(0.2, self._heartbeat_s / 4))
                self._take(connection)
                self._tell_live(connection)
                self._send_rows(connection)
            self._say_goodbye(connection)
        finally:
            self.connected = False
            self._sender.lost(time.monotonic())
            connection.drop()

    def _look_for_a_twin(self, stop: threading.Event) -> None:
        """Before the first word: is a counter of this name online, and does it speak?"""
        connection = Connection(self._mqtt, f"{self._client_id}-look-{secrets.token_hex(4)}")
        try:
            connection.subscribe([self._topic("status")])
            online, until_s = False, time.monotonic() + 0.5
            while time.monotonic() < until_s and not stop.is_set():
                connection.step(0.1)
                while connection.arrived:
                    message = connection.arrived.popleft()
                    self._twins_first_look(message.payload)
                    with suppress(ValidationError):
                        status = BoxStatus.model_validate_json(message.payload)
                        if status.status == "online" and not message.retained:
                            raise twin_error(self._identity.site, self._identity.box, status.epoch)
                        if online != (status.status == "online"):
                            online = not online
                            until_s = time.monotonic() + (1.5 * self._heartbeat_s if online else 0.0)
            connection.close()
        finally:
            connection.drop()

    def _twins_first_look(self, payload: bytes) -> None:
        self._twins.hear(payload, epoch=self._outbox.epoch, first_look=True)

    def _begin(self, connection: Connection) -> None:
        connection.subscribe([self._topic("ack"), self._topic("status")])
        self._say_online(connection)
        self._claimed = True
        self._sender.connected(time.monotonic())
        self._board.begin()
        if self._announcer is not None:
            connection.subscribe(self._announcer.begin())

    def _topic(self, leaf: Literal["status", "rows", "ack"]) -> str:
        return box_topic(self._identity.site, self._identity.box, leaf)

    def _status(self, status: Literal["online", "offline"]) -> BoxStatus:
        now_utc_s = self._utc_s()
        return BoxStatus(
            site=self._identity.site,
            box=self._identity.box,
            at=utc(now_utc_s),
            status=status,
            version=self._identity.version,
            config_sha256=self._identity.config_sha256,
            epoch=self._outbox.epoch,
            clock_unsynced=self._unsynced(now_utc_s),
            disk_failing=self._outbox.failing,
        )

    def _say_online(self, connection: Connection) -> None:
        connection.publish(self._topic("status"), self._twins.say(self._status("online")), qos=1, retain=True)
        self._status_s = time.monotonic()

    def _say_goodbye(self, connection: Connection) -> None:
        payload = self._twins.say(self._status("offline"))
        mid = connection.publish(self._topic("status"), payload, qos=1, retain=True)
        deadline_s = time.monotonic() + 2.0
        answered = False
        while not answered and time.monotonic() < deadline_s:
            connection.step(0.1)
            answered = any(m == mid for m, _ in connection.answers)
        connection.close()

    def _take(self, connection: Connection) -> None:
        now_s = time.monotonic()
        while connection.answers:
            mid, reason = connection.answers.popleft()
            words = self._sender.answered(mid, reason, now_s)
            if words is None and reason == NOT_AUTHORISED:
                words = "may not publish its status and health: the broker's access rules must allow it"
            if words is not None:
                raise RefusedError(f"broker {self._mqtt.host}:{self._mqtt.port}: {self._client_id} {words}")
        while connection.arrived:
            message = connection.arrived.popleft()
            if message.topic == self._topic("ack"):
                with suppress(ValidationError):
                    ack = Ack.model_validate_json(message.payload)
                    if (ack.site, ack.box) == (self._identity.site, self._identity.box):
                        self._sender.acknowledged(ack, now_s)
            elif message.topic == self._topic("status") and self._twins.hear(
                message.payload, epoch=self._outbox.epoch, first_look=False
            ):
                self._say_online(connection)
            elif self._announcer is not None:
                self._announcer.hear(message.topic, message.payload)

    def _tell_live(self, connection: Connection) -> None:
        now_s = time.monotonic()
        if now_s - self._status_s >= self._heartbeat_s:
            self._say_online(connection)
        if connection.congested:
            return
        announced = [] if self._announcer is None else self._announcer.due()
        for one in (*self._board.due(), *announced):
            connection.publish(one.topic, one.payload, qos=one.qos, retain=True, expiry_s=one.expiry_s)

    def _send_rows(self, connection: Connection) -> None:
        if connection.congested:
            return
        batch = self._sender.next(time.monotonic(), connection.max_packet_bytes)
        if batch is not None:
            mid = connection.publish(self._topic("rows"), batch.to_json(), qos=1)
            self._sender.sent(batch, mid, time.monotonic())
