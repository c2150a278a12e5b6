"""The supervisor against real child processes."""

import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from edge.errors import InputError
from edge.settings import CameraSettings, MqttSettings, Site
from linewise.parts import FIRST_BACKOFF_S, Part, free_port, parts_of, require_free, supervise

WRITE_PID = "import os, sys, time; open(sys.argv[1], 'a').write(f'{os.getpid()}\\n'); time.sleep({sleep})"


def part(tmp_path: Path, name: str, *, sleep: float = 60) -> Part:
    """A part that notes its process id and sleeps."""
    return Part(name, (sys.executable, "-c", WRITE_PID.replace("{sleep}", str(sleep)), str(tmp_path / name)))


def pids(tmp_path: Path, name: str) -> list[int]:
    """Process ids that a part has had, oldest first."""
    path = tmp_path / name
    return [int(line) for line in path.read_text().splitlines()] if path.exists() else []


def wait_for(condition: Callable[[], bool], what: str) -> None:
    """Waits up to 60 s for a condition."""
    deadline_s = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline_s, f"waited in vain for {what}"
        time.sleep(0.02)


@contextmanager
def supervised(parts: list[Part]) -> Iterator[threading.Event]:
    """Runs the supervisor in a thread; ends it on the way out."""
    stop = threading.Event()
    thread = threading.Thread(target=supervise, args=(parts, stop), kwargs={"environment": {"LINEWISE_TEST": "1"}})
    thread.start()
    try:
        yield stop
    finally:
        stop.set()
        thread.join(60)
        assert not thread.is_alive()


def alive(pid: int) -> bool:
    """Is there such a process?"""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.slow
def test_a_killed_part_is_started_again_and_the_others_stay(tmp_path: Path) -> None:
    """Kill -9 of one part restarts that part alone."""
    with supervised([part(tmp_path, "a"), part(tmp_path, "b")]):
        wait_for(lambda: bool(pids(tmp_path, "a") and pids(tmp_path, "b")), "both parts")
        os.kill(pids(tmp_path, "a")[0], signal.SIGKILL)
        wait_for(lambda: len(pids(tmp_path, "a")) == 2, "the restart")
        assert len(pids(tmp_path, "b")) == 1


def test_every_process_ends_with_the_supervisor(tmp_path: Path) -> None:
    """After the stop no part is left."""
    with supervised([part(tmp_path, "a"), part(tmp_path, "b")]):
        wait_for(lambda: bool(pids(tmp_path, "a") and pids(tmp_path, "b")), "both parts")
    assert not [p for name in "ab" for p in pids(tmp_path, name) if alive(p)]


@pytest.mark.slow
def test_a_part_that_cannot_live_is_tried_ever_more_slowly(tmp_path: Path) -> None:
    """Backoff doubles: four starts of a part that ends at once take the sum of three ever longer waits."""
    began_s = time.monotonic()
    with supervised([part(tmp_path, "a", sleep=0)]):
        wait_for(lambda: len(pids(tmp_path, "a")) >= 4, "four starts")
    assert time.monotonic() - began_s >= 7 * FIRST_BACKOFF_S


def test_a_port_in_use_is_told_before_anything_starts() -> None:
    """The error names the port and the option that changes it."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        s.listen()
        port = s.getsockname()[1]
        with pytest.raises(InputError, match=f"port {port} .*--port"):
            require_free(port, "127.0.0.1", option="--port")
    require_free(free_port(), "127.0.0.1", option="--port")


@pytest.mark.parametrize(("mqtt", "first"), [(None, "broker"), (MqttSettings("broker.example", 8883), "collector")])
def test_the_table_has_a_broker_only_where_the_site_names_none(mqtt: MqttSettings | None, first: str) -> None:
    """Parts start in order, one camera part a camera, the embedded broker first where it is needed."""
    cameras = tuple(CameraSettings(i, i, "test://", "test://") for i in ("tills", "door"))
    site = Site("s", "S", "UTC", "box", Path("/s.toml"), "0" * 64, cameras, (), mqtt=mqtt)
    table = parts_of(site, broker_port=None if mqtt else 1883, dashboard=("--port", "8501"))
    names = [p.name for p in table]
    assert names[0] == first
    assert names[-4:] == ["counter", "camera@tills", "camera@door", "dashboard"]
