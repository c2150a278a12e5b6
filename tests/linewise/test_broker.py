"""The embedded broker: it listens on loopback alone, tells what is wrong, and never outlives its parent."""

import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from edge.connection import Connection
from edge.errors import InputError
from linewise.broker import EmbeddedBroker
from tests.conftest import wait_for

pytestmark = pytest.mark.e2e


def test_it_speaks_mqtt5_on_loopback_alone(tmp_path: Path) -> None:
    """It listens on 127.0.0.1 and nowhere else, and a batch of 200 kB passes through it."""
    before = psutil.Process().children()  # a session's database server may be among them
    broker = EmbeddedBroker(tmp_path)
    try:
        assert broker.url == f"mqtt://127.0.0.1:{broker.port}"
        (child,) = set(psutil.Process().children()) - set(before)
        assert {c.laddr.ip for c in child.net_connections() if c.status == "LISTEN"} == {"127.0.0.1"}
        connection = Connection(broker.mqtt, "test")
        connection.subscribe(["a"])
        connection.publish("a", b"x" * 200_000, qos=1)
        for _ in range(200):
            connection.step(0.05)
            if connection.arrived:
                break
        assert len(connection.arrived.popleft().payload) == 200_000
        connection.close()
    finally:
        broker.stop()
    assert not broker.running


def test_port_in_use_is_told(tmp_path: Path) -> None:
    """A port that something else listens on is an input error with the port and what to do."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(InputError, match=f"127.0.0.1:{port}.*end what uses the port"):
            EmbeddedBroker(tmp_path, port=port)


def test_it_ends_with_its_parent(tmp_path: Path, until: Callable[..., None]) -> None:
    """When the parent is killed with -9 the broker ends and its port is free again."""
    code = (
        "import sys, time, pathlib; from linewise.broker import EmbeddedBroker\n"
        f"b = EmbeddedBroker(pathlib.Path({str(tmp_path)!r}))\n"
        "print(b._process.pid, b.port, flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    pid, port = (int(word) for word in parent.stdout.readline().split())
    parent.kill()
    parent.wait()
    parent.stdout.close()
    until(lambda: not psutil.pid_exists(pid), "the broker ended")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", port))


def test_what_passed_through_it_does_not_stay(tmp_path: Path) -> None:
    """Its memory stays the same while 3 MB pass, though rare messages, which lie among others, are kept for longer."""
    broker = EmbeddedBroker(tmp_path)
    try:
        process = psutil.Process(broker._process.pid)
        connection = Connection(broker.mqtt, "test")
        connection.subscribe(["state/+", "rare"])
        pass_through(connection, 30)
        before_bytes = process.memory_info().rss
        pass_through(connection, 80)
        grown_mb = (process.memory_info().rss - before_bytes) / 1e6
        print(f"3 MB passed through: {grown_mb:+.1f} MB")
        assert grown_mb < 2.0
        connection.close()
    finally:
        broker.stop()


def pass_through(connection: Connection, rounds: int) -> None:
    """So often 32 messages of 1 kB go through the broker and come back, with a rare one after each eighth."""
    for _ in range(rounds):
        for number in range(32):
            connection.publish(f"state/{number % 4}", b"x" * 1000)
            if number % 8 == 7:
                connection.publish("rare", b"x" * 500)
        wait_for(lambda: arrived(connection) >= 36, "all came back")
        connection.arrived.clear()


def arrived(connection: Connection) -> int:
    """How many messages lie there after some more traffic."""
    connection.step(0.05)
    return len(connection.arrived)
