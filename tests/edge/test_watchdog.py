"""What systemd hears of a process."""

import os
import secrets
import socket
from pathlib import Path

import pytest

from edge.watchdog import Heartbeat, notify


@pytest.fixture
def systemd(tmp_path: Path) -> socket.socket:
    """The other end: a datagram socket as systemd has it."""
    s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    s.bind(str(tmp_path / "notify"))
    s.settimeout(5)
    yield s
    s.close()


def test_lines_arrive_in_one_datagram(systemd: socket.socket) -> None:
    """Assignments arrive as lines of one message, and a line break in one does not make two of it."""
    environ = {"NOTIFY_SOCKET": str(systemd.getsockname())}
    assert notify("READY=1", "STATUS=all is\nwell", environ=environ)
    assert systemd.recv(1000) == b"READY=1\nSTATUS=all is well"


def test_the_abstract_namespace() -> None:
    """An address that begins with @ is a name in Linux's abstract namespace."""
    name = f"linewise-test-{secrets.token_hex(4)}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
        s.bind(f"\0{name}")
        s.settimeout(5)
        assert notify("STOPPING=1", environ={"NOTIFY_SOCKET": f"@{name}"})
        assert s.recv(1000) == b"STOPPING=1"


@pytest.mark.parametrize("environ", [{}, {"NOTIFY_SOCKET": ""}, {"NOTIFY_SOCKET": "/nobody/here"}])
def test_nobody_listens(environ: dict[str, str]) -> None:
    """Outside systemd, or when its socket is gone, nothing happens and nothing is raised."""
    assert not notify("READY=1", environ=environ)
    assert not Heartbeat(environ=environ).beat()


def test_a_full_queue_does_not_block(systemd: socket.socket) -> None:
    """A systemd that does not read never holds the process up."""
    environ = {"NOTIFY_SOCKET": str(systemd.getsockname())}
    assert not all(notify("STATUS=" + "x" * 1000, environ=environ) for _ in range(5000))


def test_the_heart_beats_with_the_loop(systemd: socket.socket) -> None:
    """Pings go out while the main loop turns, four in WatchdogSec; a loop that hangs sends none."""
    environ = {
        "NOTIFY_SOCKET": str(systemd.getsockname()),
        "WATCHDOG_USEC": "60000000",
        "WATCHDOG_PID": str(os.getpid()),
    }
    now_s = [100.0]
    heart = Heartbeat(environ=environ, clock=lambda: now_s[0])
    assert heart.interval_s == 15.0
    sent = []
    for _ in range(240):
        sent.append(heart.beat())
        now_s[0] += 0.25
    assert sum(sent) == 4
    systemd.settimeout(0.2)
    assert [systemd.recv(100) for _ in range(4)] == [b"WATCHDOG=1"] * 4
    now_s[0] += 3600.0
    with pytest.raises(TimeoutError):
        systemd.recv(100)
    assert heart.beat()


@pytest.mark.parametrize(("pid", "usec"), [("1", "1000000"), ("own", "0"), ("own", "soon"), ("own", "")])
def test_not_every_process_is_watched(pid: str, usec: str) -> None:
    """Another process's watchdog, or none, asks for no pings."""
    environ = {"WATCHDOG_PID": str(os.getpid()) if pid == "own" else pid, "WATCHDOG_USEC": usec}
    assert Heartbeat(environ=environ).interval_s is None
