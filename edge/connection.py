"""One MQTT 5 connection, from connecting to its end: what the publisher and the collector share.

A `Connection` is used by one thread and never reconnects: its owner makes a new one, after a `Backoff`. So no message
of an old connection is ever sent again behind the owner's back. What arrives waits in `arrived` and `answers` until
the owner looks; paho's callbacks only fill these.
"""

import contextlib
import random
import select
import socket
import ssl
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

from edge.errors import BrokerError
from edge.settings import MqttSettings

KEEPALIVE_S = 7  # paho notices a dead link in two of these: 14 s
CONNECT_S = 5.0
NO_SUBSCRIBERS = 0x10  # PUBACK: nobody will ever see it


@dataclass(frozen=True)
class Arrived:
    """One message: `expiry_s` is what is left of its life, None if it has no end."""

    topic: str
    payload: bytes
    retained: bool
    expiry_s: int | None


@dataclass(frozen=True)
class Will:
    """The connection's one last will; retained, QoS 1."""

    topic: str
    payload: bytes


class RefusedError(BrokerError):
    """The broker is there and says no (password, certificate, protocol): trying again soon will not help."""


class Connection:
    """An open connection.

    Attributes:
        arrived: messages, oldest first.
        answers: (message id, reason code) of QoS 1 publications.
        max_packet_bytes: the broker's limit, None where it names none.
        session_present: the broker had kept this client's session.
    """

    def __init__(
        self,
        mqtt: MqttSettings,
        client_id: str,
        *,
        will: Will | None = None,
        keep_session_s: int | None = None,
        wake: socket.socket | None = None,
    ) -> None:
        """Connects; BrokerError (RefusedError where the broker says no) with what to do.

        Args:
            mqtt: the broker.
            client_id: never empty.
            will: published by the broker when this connection breaks.
            keep_session_s: the broker keeps subscriptions and messages this long; None: a clean start.
            wake: becomes readable when `step` should return early.
        """
        self.arrived: deque[Arrived] = deque()
        self.answers: deque[tuple[int, int]] = deque()
        self.max_packet_bytes: int | None = None
        self.session_present = False
        self._where = f"{mqtt.host}:{mqtt.port}"
        self._wake = wake
        self._connected = False
        self._end: str | None = None
        self._client = self._new_client(mqtt, client_id, will)
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.SessionExpiryInterval = keep_session_s or 0
        try:
            self._client.connect(
                mqtt.host, mqtt.port, KEEPALIVE_S, clean_start=keep_session_s is None, properties=properties
            )
            self._wait_until(lambda: self._connected, "accepts the connection but doesn't speak MQTT 5")
        except BrokerError:
            self.drop()
            raise
        except ssl.SSLError as fault:
            self.drop()
            raise RefusedError(
                f"broker {self._where}: TLS fails ({fault}): look at ca_file and the host name"
            ) from fault
        except (OSError, ValueError) as fault:
            self.drop()
            raise BrokerError(f"broker {self._where} can't be reached: {fault}") from fault

    def _new_client(self, mqtt: MqttSettings, client_id: str, will: Will | None) -> paho.Client:
        client = paho.Client(CallbackAPIVersion.VERSION2, client_id=client_id, protocol=paho.MQTTv5)
        client.connect_timeout = CONNECT_S
        if mqtt.username is not None:
            client.username_pw_set(mqtt.username, mqtt.password)
        if mqtt.tls:
            try:
                client.tls_set(ca_certs=mqtt.ca_file, certfile=mqtt.cert_file, keyfile=mqtt.key_file)
            except (OSError, ValueError) as fault:
                files = ", ".join(f for f in (mqtt.ca_file, mqtt.cert_file, mqtt.key_file) if f)
                raise RefusedError(f"the certificates can't be used ({fault}): look at {files}") from fault
        if will is not None:
            client.will_set(will.topic, will.payload, qos=1, retain=True)
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message
        client.on_publish = self._on_publish
        return client

    def _on_connect(self, _client: object, _user: object, flags: Any, reason: Any, properties: Any) -> None:
        if reason.is_failure:
            self._end = f"it refuses the connection: {reason}"
            return
        self._connected = True
        self.session_present = bool(flags.session_present)
        self.max_packet_bytes = getattr(properties, "MaximumPacketSize", None)

    def _on_disconnect(self, _client: object, _user: object, _flags: Any, reason: Any, _properties: Any) -> None:
        self._end = self._end or f"the connection ended: {reason}"

    def _on_message(self, _client: object, _user: object, message: paho.MQTTMessage) -> None:
        try:
            topic = message.topic
        except UnicodeDecodeError:
            return
        expiry_s = getattr(message.properties, "MessageExpiryInterval", None)
        self.arrived.append(Arrived(topic, bytes(message.payload), message.retain, expiry_s))

    def _on_publish(self, _client: object, _user: object, mid: int, reason: Any, _properties: Any) -> None:
        self.answers.append((mid, reason.value))

    def step(self, timeout_s: float, *, max_packets: int = 50) -> None:
        """Waits for traffic, at most `timeout_s`, and deals with it; BrokerError when the connection has ended."""
        for number in range(max_packets):
            if not self._readable(timeout_s if number == 0 else 0.0):
                break
            self._client.loop_read()
            self._raise_if_ended()
        if self._client.want_write():
            self._client.loop_write()
        self._client.loop_misc()
        self._raise_if_ended()

    def _readable(self, timeout_s: float) -> bool:
        link = self._client.socket()
        if link is None:
            self._end = self._end or "the connection ended"
            self._raise_if_ended()
            return False
        if isinstance(link, ssl.SSLSocket) and link.pending():
            return True
        readers = [link] if self._wake is None else [link, self._wake]
        readable, _, _ = select.select(readers, [link] if self._client.want_write() else [], [], timeout_s)
        if self._wake is not None and self._wake in readable:
            with contextlib.suppress(BlockingIOError):
                self._wake.recv(4096)
        return link in readable

    def _raise_if_ended(self) -> None:
        if self._end is not None:
            kind = BrokerError if self._connected else RefusedError
            raise kind(f"broker {self._where}: {self._end}")

    def _wait_until(self, condition: Callable[[], bool], otherwise: str, timeout_s: float = CONNECT_S) -> None:
        deadline_s = time.monotonic() + timeout_s
        while not condition():
            if time.monotonic() > deadline_s:
                raise BrokerError(f"broker {self._where} {otherwise} (no answer in {timeout_s:.0f} s)")
            self.step(0.1)

    @property
    def congested(self) -> bool:
        """Earlier messages are not on their way yet: what can be left out should be."""
        return bool(self._client.want_write())

    def subscribe(self, topics: Sequence[str]) -> None:
        """Subscribes at QoS 1."""
        self._client.subscribe([(t, SubscribeOptions(qos=1)) for t in topics])

    def publish(
        self, topic: str, payload: bytes, *, qos: int = 0, retain: bool = False, expiry_s: int | None = None
    ) -> int:
        """Hands a message to the socket; its id, which comes back in `answers` for QoS 1."""
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
        if expiry_s is not None:
            properties.MessageExpiryInterval = expiry_s
        return self._client.publish(topic, payload, qos=qos, retain=retain, properties=properties).mid

    def close(self, *, timeout_s: float = 2.0) -> None:
        """Sends what waits to be sent, and DISCONNECT; the will is not published."""
        deadline_s = time.monotonic() + timeout_s
        try:
            while self._client.want_write() and time.monotonic() < deadline_s:
                self.step(0.05)
            self._client.disconnect()
            while self._client.want_write() and time.monotonic() < deadline_s:
                self.step(0.05)
        except BrokerError:
            pass
        self.drop()

    def drop(self) -> None:
        """Closes the socket without a word: the broker publishes the will."""
        link = self._client.socket()
        if link is not None:
            link.close()
        # paho's client holds sockets of its own and would hold us: without this circle both go at once, not some day
        self._client.on_connect = self._client.on_disconnect = None
        self._client.on_message = self._client.on_publish = None


class Backoff:
    """Growing waits between attempts, 20 % more or less so that a site's boxes don't come all at once."""

    def __init__(self, rng: random.Random, *, first_s: float = 1.0) -> None:
        self._rng = rng
        self._first_s = first_s
        self._next_s = first_s

    def reset(self) -> None:
        """The last connection was a good one."""
        self._next_s = self._first_s

    def wait_s(self, *, refused: bool) -> float:
        """How long to wait now: at most 5 s where the broker is not there, 30 s where it says no."""
        now_s = min(self._next_s, 30.0 if refused else 5.0)
        self._next_s = min(2 * self._next_s, 30.0)
        return now_s * self._rng.uniform(0.8, 1.2)
