"""The publisher against real brokers: status and will, live states, rows, refusals, a second counter."""

import contextlib
import gc
import json
import logging
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from edge.connection import Backoff, Connection
from edge.errors import BrokerError
from edge.home_assistant import BIRTH_TOPIC, Announcer, discovery
from edge.messages import Ack, BoxStatus, CameraHealth, LineReading, QueueEvent, RowBatch, utc
from edge.outbox import Outbox
from edge.publisher import BoxIdentity, Publisher
from edge.settings import MqttSettings
from edge.twin import TwinError

pytestmark = pytest.mark.e2e

Until = Callable[..., None]


class Box:
    """A publisher with an outbox, run in a thread."""

    def __init__(self, folder: Path, site: str, mqtt: MqttSettings, *, name: str = "outbox", **options: Any) -> None:
        self.site = site
        self.outbox = Outbox(folder / name)
        self.publisher = Publisher(BoxIdentity(site, "b1", "0.1", "0" * 64), mqtt, self.outbox, **options)
        self.stop = threading.Event()
        self.fault: BrokerError | None = None
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        try:
            self.publisher.run(self.stop)
        except BrokerError as fault:
            self.fault = fault

    @property
    def running(self) -> bool:
        """Is its thread alive?"""
        return self._thread.is_alive()

    def event(self, number: int, text: str | None = None) -> None:
        """Appends an event."""
        body = QueueEvent(site=self.site, queue="q1", kind="joined", pts_s=float(number), at=utc(1e9), text=text)
        self.outbox.append("event", [body])
        self.publisher.rows_waiting()

    def end(self) -> None:
        """Ends it."""
        self.stop.set()
        self._thread.join(20)
        assert not self._thread.is_alive()
        self.publisher.close()
        self.outbox.close()


@pytest.fixture
def box(quick_path: Path, site_id: str) -> Iterator[Callable[..., Box]]:
    """`box(mqtt, ...)`: a running publisher, ended with the test."""
    boxes: list[Box] = []

    def start(mqtt: MqttSettings, **options: Any) -> Box:
        boxes.append(Box(quick_path, site_id, mqtt, **options))
        return boxes[-1]

    yield start
    for one in boxes:
        one.end()


def statuses(payloads: list[bytes]) -> list[str]:
    return [BoxStatus.model_validate_json(p).status for p in payloads]


def acknowledge(listener: Any, one: Box, seq: int) -> None:
    ack = Ack(site=one.site, box="b1", epoch=one.outbox.epoch, seq=seq)
    listener.client.publish(f"linewise/{one.site}/box/b1/ack", ack.to_json(), 1, True)


def health(site: str, state: str = "ok", **changes: object) -> CameraHealth:
    figures: dict[str, object] = {
        "site": site, "camera": "c1", "at": utc(1e9), "state": state, "detail": "", "picture": "ok",
        "frames_in_per_s": 25.0, "frames_out_per_s": 5.0, "age_s": 0.1, "latency_s": 0.1, "dropped": 0, "restarts": 0,
        "runtime": "fake", "model_sha256": "", "width": 640, "height": 360,
    }  # fmt: skip
    return CameraHealth.model_validate({**figures, **changes})


def test_status_states_and_health_are_retained(
    broker: Any, box: Callable[..., Box], listen: Any, make_reading: Any, until: Until
) -> None:
    """A listener that comes later finds the box online, its last reading (with an end) and its camera's health."""
    one = box(broker.mqtt)
    one.publisher.reading(make_reading(one.site, 1))
    one.publisher.reading(make_reading(one.site, 2))
    one.publisher.health(health(one.site))
    early = listen(broker.mqtt)
    until(lambda: len(early.of("/health")) == 1 and early.of("/state"), "state and health")
    connection = Connection(broker.mqtt, "late")
    connection.subscribe([f"linewise/{one.site}/#"])
    until(lambda: (connection.step(0.1), len(connection.arrived) >= 3)[1], "three retained messages")
    found = {m.topic.rsplit("/", 1)[1]: m for m in connection.arrived}
    assert all(m.retained for m in found.values())
    assert statuses([found["status"].payload]) == ["online"]
    assert json.loads(found["state"].payload)["seq"] == 2
    assert 25 <= (found["state"].expiry_s or 0) <= 30
    assert found["health"].expiry_s is None
    connection.close()


def test_a_clock_that_may_be_wrong_is_told(mosquitto: Any, box: Callable[..., Box], listen: Any, until: Until) -> None:
    """The box's status says so for as long as it is so."""
    broker, found = mosquitto(), [True]
    early = listen(broker.mqtt)
    box(broker.mqtt, heartbeat_s=0.5, unsynced=lambda _: found[0])
    until(lambda: early.of("/status"), "the first word")
    assert json.loads(early.of("/status")[-1])["clock_unsynced"]
    found[0] = False
    until(lambda: not json.loads(early.of("/status")[-1])["clock_unsynced"], "it is kept now")


def test_a_lines_state_is_told_like_a_queues(broker: Any, box: Callable[..., Box], listen: Any, until: Until) -> None:
    """Each line has a topic of its own; the newest reading is retained, with an end."""
    one, early = box(broker.mqtt), listen(broker.mqtt)
    for line, count_in in (("door", 1), ("gate", 2), ("door", 3)):
        reading = LineReading(
            site=one.site, line=line, pts_s=1.0, at=utc(1e9), quality="ok", count_in=count_in, count_out=0
        )
        one.publisher.line(reading)
    until(lambda: {json.loads(p)["count_in"] for p in early.of("/state")} >= {2, 3}, "the newest readings")
    connection = Connection(broker.mqtt, "late")
    connection.subscribe([f"linewise/{one.site}/line/+/state"])
    until(lambda: (connection.step(0.1), len(connection.arrived) >= 2)[1], "two retained messages")
    found = {m.topic.split("/")[3]: m for m in connection.arrived}
    assert {line: json.loads(m.payload)["count_in"] for line, m in found.items()} == {"door": 3, "gate": 2}
    assert all(m.retained and 25 <= (m.expiry_s or 0) <= 30 for m in found.values())
    connection.close()


def test_states_expire(broker: Any, box: Callable[..., Box], make_reading: Any, until: Until) -> None:
    """A state is gone from the broker when its time is over, so a dead box leaves no queue behind."""
    one = box(broker.mqtt)
    one.publisher.reading(make_reading(one.site, 1))
    board = one.publisher._board
    until(lambda: not board._untold, "the reading was told")
    # a state whose life is nearly over: what is left of 30 s is what the broker is told
    with board._lock:
        [(topic, (reading, heard_s))] = board._newest.items()
        board._newest[topic] = (reading, heard_s - 28.5)
        board._untold.add(topic)
    one.publisher._nudge()

    def retained() -> bool:
        connection = Connection(broker.mqtt, "look")
        connection.subscribe([f"linewise/{one.site}/queue/+/state"])
        for _ in range(5):
            connection.step(0.1)
        connection.close()
        return bool(connection.arrived)

    until(lambda: not retained(), "the state is gone")


def test_health_is_told_on_change_only(broker: Any, box: Callable[..., Box], listen: Any, until: Until) -> None:
    """The same health with other rates is not told again before 30 s; another state is told at once."""
    one = box(broker.mqtt)
    listener = listen(broker.mqtt)
    for rate in (25.0, 24.0, 23.0):
        one.publisher.health(health(one.site, frames_in_per_s=rate))
    until(lambda: listener.of("/health"), "the first health")
    one.publisher.health(health(one.site, frames_in_per_s=22.0))
    one.publisher.health(health(one.site, state="lost"))
    until(lambda: b'"lost"' in listener.of("/health")[-1], "the change")
    assert len(listener.of("/health")) <= 3


@pytest.fixture
def abrupt(broker: Any, quick_path: Path, site_id: str) -> subprocess.Popen[bytes]:
    """A publisher of the site's box in a process of its own, to be killed."""
    code = (
        "import sys, threading, pathlib\n"
        "from edge.outbox import Outbox; from edge.publisher import *; from edge.settings import MqttSettings\n"
        f"box = Outbox(pathlib.Path({str(quick_path / 'outbox')!r}))\n"
        f"Publisher(BoxIdentity({site_id!r}, 'b1', '0.1', ''), MqttSettings('127.0.0.1', {broker.port}), box)"
        ".run(threading.Event())"
    )
    return subprocess.Popen([sys.executable, "-c", code])


def test_d10_status_through_a_life(
    broker: Any,
    abrupt: subprocess.Popen[bytes],
    box: Callable[..., Box],
    *,
    listen: Any,
    make_reading: Any,
    until: Until,
) -> None:
    """Case D10: online; offline by the will; online; after the broker's restart online with every state; offline."""
    listener = listen(broker.mqtt)
    until(lambda: statuses(listener.of("/status"))[-1:] == ["online"], "online")
    abrupt.kill()
    abrupt.wait()
    until(lambda: statuses(listener.of("/status"))[-1] == "offline", "offline by the will")
    second = box(broker.mqtt)
    for queue in ("q1", "q2"):
        second.publisher.reading(make_reading(second.site, 1, queue=queue))
    until(lambda: statuses(listener.of("/status"))[-1] == "online", "online again")
    until(lambda: len(listener.of("/state")) == 2, "both states")
    broker.kill()
    listener.messages.clear()
    broker.start()
    until(lambda: statuses(listener.of("/status"))[-1:] == ["online"], "online after the broker")
    until(lambda: len({json.loads(p)["queue"] for p in listener.of("/state")}) == 2, "every state")
    second.stop.set()
    until(lambda: statuses(listener.of("/status"))[-1] == "offline", "offline on its end")


def test_late_will_is_overruled(broker: Any, box: Callable[..., Box], listen: Any, until: Until) -> None:
    """A will of an earlier process that comes late does not leave a living box offline."""
    one = box(broker.mqtt)
    listener = listen(broker.mqtt)
    until(lambda: listener.of("/status"), "the status")
    late = BoxStatus.model_validate_json(listener.of("/status")[-1]).model_copy(
        update={"status": "offline", "at": utc(1e9), "epoch": "00" * 8}
    )
    listener.client.publish(f"linewise/{one.site}/box/b1/status", late.to_json(), 1, True)
    until(lambda: statuses(listener.of("/status"))[-2:] == ["offline", "online"], "online over offline")
    assert one.running


def test_rows_leave_on_the_collectors_word_alone(
    broker: Any, box: Callable[..., Box], listen: Any, until: Until
) -> None:
    """Rows that the broker acknowledged stay in the outbox and come again; the collector's word removes them."""
    one = box(broker.mqtt)
    listener = listen(broker.mqtt)
    for n in range(5):
        one.event(n)
    until(lambda: listener.of("/rows"), "the rows")
    assert one.outbox.pending == 5
    until(lambda: len(listener.of("/rows")) >= 2, "the rows again")
    acknowledge(listener, one, 3)
    until(lambda: one.outbox.pending == 2, "three are gone")
    acknowledge(listener, one, 5)
    until(lambda: one.outbox.pending == 0, "all are gone")


def test_no_collector_is_no_delivery(
    mosquitto: Any, box: Callable[..., Box], listen: Any, until: Until, caplog: pytest.LogCaptureFixture
) -> None:
    """While nobody subscribes to rows (PUBACK 0x10) they wait, and go out when a collector speaks."""
    broker = mosquitto()
    one = box(broker.mqtt)
    one.event(1)
    until(lambda: one.publisher._sender._hold_until_s > 0, "the broker said that nobody listens")
    assert one.outbox.pending == 1
    listener = listen(broker.mqtt)
    acknowledge(listener, one, 0)
    until(lambda: listener.of("/rows"), "the row")


def test_oversize_row_goes_to_the_dead_letters(
    mosquitto: Any, box: Callable[..., Box], listen: Any, until: Until
) -> None:
    """A broker that can't take a row drops the connection: after some tries it is put aside and the rest goes on."""
    broker = mosquitto(
        "listener PORT 127.0.0.1", "allow_anonymous true", "persistence false", "message_size_limit 3000"
    )
    one = box(broker.mqtt)
    one.publisher._backoff = Backoff(one.publisher._backoff._rng, first_s=0.05)
    listener = listen(broker.mqtt)
    one.event(1, "x" * 4000)
    one.event(2)
    until(lambda: one.outbox.dead == 1, "the row is put aside", timeout_s=60)
    until(lambda: b'"gap"' in b"".join(listener.of("/rows")), "the rest", timeout_s=60)
    seqs = {r.seq for p in listener.of("/rows") for r in RowBatch.model_validate_json(p).rows}
    acknowledge(listener, one, 2)
    until(lambda: one.outbox.pending == 0, "all are gone")
    assert seqs <= {1, 2}


def test_announced_limit_is_kept(mosquitto: Any, box: Callable[..., Box], listen: Any, until: Until) -> None:
    """Where the broker announces its largest packet, a row beyond it never causes a reconnection."""
    broker = mosquitto("listener PORT 127.0.0.1", "allow_anonymous true", "persistence false", "max_packet_size 3000")
    one = box(broker.mqtt)
    listener = listen(broker.mqtt)
    one.event(1, "x" * 4000)
    one.event(2)
    until(lambda: one.outbox.dead == 1, "the row is put aside")
    until(lambda: b'"joined"' in b"".join(listener.of("/rows")), "the next row")
    assert statuses(listener.of("/status")).count("offline") == 0


def test_second_counter_is_refused(box: Callable[..., Box], broker: Any, listen: Any, until: Until) -> None:
    """A second counter with the same site and box ends by itself, says why, and the first is never disturbed."""
    first = box(broker.mqtt, heartbeat_s=0.5)
    listener = listen(broker.mqtt)
    until(lambda: listener.of("/status"), "the first is online")
    second = box(broker.mqtt, name="other", heartbeat_s=0.5)
    until(lambda: not second.running, "the second ended")
    assert isinstance(second.fault, TwinError)
    assert re.search(r"another counter publishes as box 'b1'.*\[site\] box", str(second.fault))
    assert first.running
    assert set(statuses(listener.of("/status"))) == {"online"}


def test_two_that_start_at_once_do_not_fight(
    box: Callable[..., Box], broker: Any, listen: Any, *, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two counters that both looked before either spoke: one of them yields, the other goes on."""
    look = Publisher._look_for_a_twin
    monkeypatch.setattr(Publisher, "_look_for_a_twin", lambda self, stop: look(self, stop) if self._short else None)
    both = [box(broker.mqtt, name=name, heartbeat_s=0.5) for name in ("a", "b")]
    until(lambda: sum(b.running for b in both) == 1, "one yields", timeout_s=60)
    (loser,) = [b for b in both if not b.running]
    assert isinstance(loser.fault, TwinError)
    (winner,) = [b for b in both if b.running]
    listener = listen(broker.mqtt)
    until(lambda: statuses(listener.of("/status"))[-1:] == ["online"], "the other is online")
    assert BoxStatus.model_validate_json(listener.of("/status")[-1]).epoch == winner.outbox.epoch


def test_wrong_password_is_told_calmly(
    mosquitto: Any, tmp_path: Path, box: Callable[..., Box], until: Until, caplog: pytest.LogCaptureFixture
) -> None:
    """A refused password is logged in words, twice a minute at most, and never shown."""
    passwords = tmp_path / "passwords"
    passwords.touch(mode=0o600)
    subprocess.run(["mosquitto_passwd", "-b", str(passwords), "box-1", "right"], check=True, capture_output=True)
    broker = mosquitto("listener PORT 127.0.0.1", "allow_anonymous false", f"password_file {passwords}", "user root")
    settings = MqttSettings("127.0.0.1", broker.port, username="box-1", password="S3CR3T-canary")
    with caplog.at_level(logging.WARNING):
        one = box(settings)
        one.publisher._backoff = Backoff(one.publisher._backoff._rng, first_s=0.01)
        until(lambda: "Not authorized" in caplog.text, "the refusal")
        one.stop.wait(1.0)
    assert caplog.text.count("Not authorized") <= 2
    assert "S3CR3T" not in caplog.text


def test_right_password_is_taken(
    mosquitto: Any, tmp_path: Path, box: Callable[..., Box], until: Until, caplog: pytest.LogCaptureFixture
) -> None:
    """User name and password reach the broker."""
    passwords = tmp_path / "passwords"
    passwords.touch(mode=0o600)
    subprocess.run(["mosquitto_passwd", "-b", str(passwords), "box-1", "right"], check=True, capture_output=True)
    broker = mosquitto("listener PORT 127.0.0.1", "allow_anonymous false", f"password_file {passwords}", "user root")
    one = box(MqttSettings("127.0.0.1", broker.port, username="box-1", password="right"))
    until(lambda: one.publisher._claimed, "the connection")


def test_forbidden_rows_are_told_calmly(
    mosquitto: Any, tmp_path: Path, box: Callable[..., Box], until: Until, caplog: pytest.LogCaptureFixture
) -> None:
    """Access rules that forbid publishing are named as such; no row is put aside for it."""
    rules = tmp_path / "acl"
    rules.write_text("topic read #\n")
    broker = mosquitto("listener PORT 127.0.0.1", "allow_anonymous true", f"acl_file {rules}", "user root")
    with caplog.at_level(logging.WARNING):
        one = box(broker.mqtt)
        one.event(1)
        until(lambda: "access rules must allow it" in caplog.text, "the words")
    assert (one.outbox.pending, one.outbox.dead) == (1, 0)


# paho leaves the socket of a failed handshake to the garbage collector
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_tls_with_the_wrong_authority_is_refused(
    mosquitto: Any, tmp_path: Path, box: Callable[..., Box], until: Until, caplog: pytest.LogCaptureFixture
) -> None:
    """TLS works with the right authority and client certificate; with the system's it is refused in words."""
    make_certificates(tmp_path)
    broker = mosquitto(
        "listener PORT 127.0.0.1", "allow_anonymous true", f"cafile {tmp_path}/ca.pem", "user root",
        f"certfile {tmp_path}/server.pem", f"keyfile {tmp_path}/server.key", "require_certificate true",
    )  # fmt: skip
    right = MqttSettings(
        "localhost", broker.port, tls=True, ca_file=f"{tmp_path}/ca.pem",
        cert_file=f"{tmp_path}/client.pem", key_file=f"{tmp_path}/client.key",
    )  # fmt: skip
    one = box(right)
    until(lambda: one.publisher._claimed, "the connection over TLS")
    with caplog.at_level(logging.WARNING):
        box(MqttSettings("localhost", broker.port, tls=True), name="other")
        until(lambda: "look at ca_file" in caplog.text, "the words")


def make_certificates(folder: Path) -> None:
    """An authority, a server and a client certificate, by openssl."""

    def openssl(*arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)

    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    openssl("req", "-x509", *key, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=authority", "-days", "2")
    (folder / "names").write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
    for name in ("server", "client"):
        openssl("req", *key, "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={name}")
        openssl(
            "x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
            "-out", f"{name}.pem", "-days", "2", "-extfile", "names",
        )  # fmt: skip


def test_mute_broker_is_noticed() -> None:
    """A port that accepts connections and never answers is given up after a few seconds, in words."""
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        mute.listen()
        port = mute.getsockname()[1]
        with pytest.raises(BrokerError, match=f"127.0.0.1:{port} accepts the connection but doesn't speak MQTT 5"):
            Connection(MqttSettings("127.0.0.1", port), "x")


def test_failed_connections_leave_nothing_open(mosquitto: Any) -> None:
    """After a hundred refused and a hundred good connections there are as many open files as before."""
    broker = mosquitto("listener PORT 127.0.0.1", "allow_anonymous true")
    process = psutil.Process()
    gc.collect()
    before = process.num_fds()
    gc.disable()
    try:
        for _ in range(100):
            with pytest.raises(BrokerError):
                Connection(MqttSettings("127.0.0.1", 1), "x")
            Connection(broker.mqtt, "x").drop()
        assert abs(process.num_fds() - before) <= 2
    finally:
        gc.enable()


@pytest.mark.slow
def test_link_that_dies_silently_is_noticed(broker: Any, until: Until) -> None:
    """When the network swallows everything the connection is given up: after 15 s (keepalive 7 s, twice)."""
    hole = BlackHole(broker.port)
    connection = Connection(MqttSettings("127.0.0.1", hole.port), "x")
    hole.swallow.set()

    def ended() -> bool:
        try:
            connection.step(0.1)
            connection.publish("a", b"x")
        except BrokerError:
            return True
        return False

    until(ended, "the dead link was noticed")
    connection.drop()
    hole.close()


class BlackHole:
    """A TCP proxy that can stop passing anything on without closing."""

    def __init__(self, target: int) -> None:
        self.swallow = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._sockets: list[socket.socket] = [self._listener]
        self._threads = [threading.Thread(target=self._accept, args=(target,))]
        self._threads[0].start()

    def _accept(self, target: int) -> None:
        inner, _ = self._listener.accept()
        outer = socket.create_connection(("127.0.0.1", target))
        self._sockets += [inner, outer]
        for a, b in ((inner, outer), (outer, inner)):
            self._threads.append(threading.Thread(target=self._pass_on, args=(a, b)))
            self._threads[-1].start()

    def _pass_on(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(4096):
                if not self.swallow.is_set():
                    sink.sendall(data)

    def close(self) -> None:
        """Ends it."""
        for one in self._sockets:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        for thread in self._threads:
            thread.join(5)


def test_home_assistant_is_told_and_told_again_and_what_is_gone_is_taken_back(  # noqa: PLR0917 (fixtures)
    broker: Any, box: Callable[..., Box], listen: Any, make_site: Any, site_id: str, until: Until
) -> None:
    """Retained discovery on connecting and on Home Assistant's birth; a queue that is dropped is emptied."""
    site = make_site(site_id, queues=("q1", "q2"))
    mine = f"homeassistant/+/linewise-{site_id}-b1/+/config"
    heard = listen(broker.mqtt, mine)
    first = box(broker.mqtt, announcer=Announcer(site, discovery(site, "1")))
    said = len(discovery(site, "1"))
    until(lambda: len(heard.messages) >= said, "everything is announced")
    heard.client.publish(BIRTH_TOPIC, b"online", 1)
    until(lambda: len(heard.messages) >= 2 * said, "everything is announced again")
    first.end()
    fewer = make_site(site_id, queues=("q1",))
    box(broker.mqtt, name="outbox-2", announcer=Announcer(fewer, discovery(fewer, "1")))

    def left() -> int:
        connection = Connection(broker.mqtt, "look")
        connection.subscribe([mine])
        for _ in range(10):  # on a busy machine they come late
            connection.step(0.2)
        count = len({m.topic for m in connection.arrived if m.retained and m.payload})
        connection.close()
        return count

    until(lambda: left() == len(discovery(fewer, "1")), "what is gone is taken back")
