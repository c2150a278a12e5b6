"""Each part as systemd sees it: it says when it is ready, beats, tells its stacks on SIGUSR1, and says when it ends."""

import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from linewise.diagnose_parts import listens
from linewise.parts import free_port
from tests.chaos.house import SITE

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]
MORE = """
[mqtt]
url = "mqtt://127.0.0.1:1"

[api]
port = {api}

[[webhook]]
id = "phone"
url = "https://127.0.0.1:1/hook"
secret = "0123456789abcdef0123456789abcdef"
"""
PATIENCE_S = 120.0
WATCHDOG_S = 1.0  # four beats in it
SILENCE_S = 8.0


class Watched:
    """A part under a systemd of this test's own: what it says, on its socket and on stderr."""

    def __init__(self, folder: Path, *command: str) -> None:
        self.said: list[str] = []
        self.beat_s = time.monotonic()
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(folder / "notify"))
        self.log = folder / "log"
        environ = {
            **os.environ,
            "LINEWISE_STATE": str(folder / "state"),
            "NOTIFY_SOCKET": str(folder / "notify"),
            "WATCHDOG_USEC": str(int(WATCHDOG_S * 1e6)),
        }
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "linewise", *command], env=environ, stdout=log, stderr=log
            )

    def until(self, condition: Callable[[], object], what: str) -> None:
        """Listens until it is so."""
        deadline_s = time.monotonic() + PATIENCE_S
        while not condition():
            assert time.monotonic() < deadline_s, f"never {what}: {self.said[-5:]}\n{self.log.read_text()[-3000:]}"
            if select.select([self._socket], [], [], 0.1)[0]:
                lines = self._socket.recv(65_536).decode().splitlines()
                self.said += lines
                self.beat_s = time.monotonic() if "WATCHDOG=1" in lines else self.beat_s

    def stacks(self) -> int:
        """Threads' stacks that have been written."""
        return self.log.read_text(errors="replace").count("most recent call first")

    def close(self) -> None:
        """Ends it, whatever it does."""
        self.process.kill()
        self.process.wait()
        self._socket.close()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Watched]]:
    """Starts a part of a site whose broker is not there."""
    site = tmp_path / "site.toml"
    site.write_text((SITE + MORE).format(display=free_port(), api=free_port()))
    started: list[Watched] = []

    def part(name: str, *options: str) -> Watched:
        started.append(Watched(tmp_path, name, str(site), *options))
        return started[-1]

    yield part
    for one in started:
        one.close()


@pytest.mark.parametrize("name", ["camera", "counter", "collector", "alerts", "api", "display", "dashboard"])
def test_a_part_is_ready_beats_tells_its_stacks_and_ends(name: str, start: Callable[..., Watched]) -> None:
    """READY=1, then WATCHDOG=1 again and again, all threads' stacks on SIGUSR1, and 0 after SIGTERM."""
    options = {"camera": ["tills"], "dashboard": ["--port", str(free_port())]}.get(name, [])
    part = start(name, *options)
    part.until(lambda: "READY=1" in part.said, "ready")
    beats = part.said.count("WATCHDOG=1")
    part.until(lambda: part.said.count("WATCHDOG=1") >= beats + 3, "three beats")
    assert listens(part.process.pid)
    part.process.send_signal(signal.SIGUSR1)
    part.until(part.stacks, "its stacks")
    beats = part.said.count("WATCHDOG=1")
    part.until(lambda: part.said.count("WATCHDOG=1") > beats, "a beat after its stacks")
    part.process.terminate()
    part.until(lambda: part.process.poll() is not None, "ended")
    part.until(lambda: "STOPPING=1" in part.said, "said that it ends")
    assert part.process.returncode == 0, part.log.read_text()[-3000:]


def test_a_dashboard_whose_page_hangs_does_not_beat(start: Callable[..., Watched]) -> None:
    """While the page's process stands still the part falls silent, so that systemd starts it again."""
    part = start("dashboard", "--port", str(free_port()))
    part.until(lambda: "READY=1" in part.said, "ready")
    (page,) = psutil.Process(part.process.pid).children()
    page.suspend()
    try:
        part.until(lambda: time.monotonic() - part.beat_s > SILENCE_S, "silent")
    finally:
        page.resume()
    beats = part.said.count("WATCHDOG=1")
    part.until(lambda: part.said.count("WATCHDOG=1") > beats, "a beat again")
