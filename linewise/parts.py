"""The parts of a box as one table, and the supervisor that `up` and `demo` run them under.

On a box systemd does the same part by part; here every part is a child process in a session of its own, restarted with
capped backoff when it dies, and ended in reverse order on the way out.
"""

import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass

from edge.errors import InputError
from edge.settings import Site
from linewise.mqtt_address import VARIABLE
from linewise.process import PARENT_VARIABLE

log = logging.getLogger(__name__)

FIRST_BACKOFF_S = 0.5
MAX_BACKOFF_S = 30.0
GOOD_LIFE_S = 60.0  # a part that lived this long starts again with the first backoff
END_S = 12.0  # given to all parts together between SIGTERM and SIGKILL


@dataclass(frozen=True)
class Part:
    """One process: its name and its whole command."""

    name: str
    command: tuple[str, ...]


@dataclass
class _Running:
    part: Part
    process: subprocess.Popen[bytes] | None = None
    started_s: float = 0.0
    backoff_s: float = FIRST_BACKOFF_S
    again_at_s: float = 0.0


def parts_of(site: Site, *, broker_port: int | None, dashboard: tuple[str, ...]) -> list[Part]:
    """The table, in the order of starting; `broker_port` None: the site names its own broker."""

    def part(name: str, command: str, *options: str) -> Part:
        return Part(name, (sys.executable, "-m", "linewise", command, str(site.path), *options))

    return [
        *([] if broker_port is None else [part("broker", "broker", "--port", str(broker_port))]),
        part("collector", "collector"),
        part("counter", "counter"),
        *(part(f"camera@{c.id}", "camera", c.id) for c in site.cameras),
        part("dashboard", "dashboard", *dashboard),
        *([] if site.display is None else [part("display", "display")]),
        *([part("alerts", "alerts")] if site.webhooks or site.email else []),
        *([] if site.api is None else [part("api", "api")]),
    ]


def free_port() -> int:
    """A free TCP port on loopback."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


def require_free(port: int, address: str, *, option: str) -> None:
    """Raises InputError when the port can't be listened on."""
    with socket.socket() as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            s.bind((address, port))
        except OSError as error:
            raise InputError(
                f"port {port} on {address} can't be used ({error.strerror}); "
                f"end what uses it, or choose another with {option}"
            ) from error


def supervise(parts: list[Part], stop: threading.Event, *, environment: Mapping[str, str]) -> None:
    """Runs the parts until `stop` is set; returns when all have ended."""
    running = [_Running(part) for part in parts]
    try:
        while not stop.is_set():
            now_s = time.monotonic()
            for one in running:
                _look_after(one, now_s, environment)
            stop.wait(0.2)
    finally:
        _end(running)


def _look_after(one: _Running, now_s: float, environment: Mapping[str, str]) -> None:
    if one.process is None:
        if now_s >= one.again_at_s:
            _start(one, now_s, environment)
        return
    code = one.process.poll()
    if code is None:
        return
    lived_s = now_s - one.started_s
    one.process = None
    one.backoff_s = FIRST_BACKOFF_S if lived_s >= GOOD_LIFE_S else one.backoff_s
    one.again_at_s = now_s + one.backoff_s
    log.warning(
        "%s ended (%s) after %.0f s; starting again in %.1f s", one.part.name, _why(code), lived_s, one.backoff_s
    )
    one.backoff_s = min(2 * one.backoff_s, MAX_BACKOFF_S)


def _start(one: _Running, now_s: float, environment: Mapping[str, str]) -> None:
    env = {**os.environ, **environment, PARENT_VARIABLE: str(os.getpid())}
    one.process = subprocess.Popen(
        one.part.command,
        env=env,
        stdin=subprocess.DEVNULL,
        start_new_session=True,  # Ctrl-C reaches the supervisor alone, which ends the parts in order
    )
    one.started_s = now_s


def _why(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"


def _end(running: list[_Running]) -> None:
    """Ends one part after the other, the last started first: each can still say goodbye to those before it."""
    deadline_s = time.monotonic() + END_S
    for one in reversed(running):
        if one.process is None:
            continue
        one.process.terminate()
        try:
            one.process.wait(max(1.0, deadline_s - time.monotonic()))
        except subprocess.TimeoutExpired:
            log.warning("%s did not end when asked and is killed", one.part.name)
            os.killpg(one.process.pid, signal.SIGKILL)
            one.process.wait()


def broker_environment(broker_port: int | None) -> dict[str, str]:
    """What the parts must know of the embedded broker."""
    return {} if broker_port is None else {VARIABLE: f"mqtt://127.0.0.1:{broker_port}"}
