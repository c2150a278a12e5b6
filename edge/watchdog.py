"""systemd's notification protocol (sd_notify(3)), and the heartbeat of a process's main loop.

Outside systemd ($NOTIFY_SOCKET unset) everything here does nothing.
"""

import os
import socket
import time
from collections.abc import Callable, Mapping


def notify(*assignments: str, environ: Mapping[str, str] = os.environ) -> bool:
    """Sends lines such as "READY=1", "STATUS=text" or "STOPPING=1" to systemd.

    Returns:
        True when they were handed over; False outside systemd, or when its socket doesn't take them (never an error:
        a box must count people whether or not anybody watches the process).
    """
    address = environ.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return False
    if address[0] == "@":  # Linux's abstract namespace
        address = "\0" + address[1:]
    lines = "\n".join(a.replace("\n", " ") for a in assignments)
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as s:
            s.setblocking(False)
            s.sendto(lines.encode(), address)
    except OSError:
        return False
    return True


class Heartbeat:
    """Pings systemd from the main loop itself, so that a main loop that hangs is noticed and the process restarted.

    Call `beat` in every turn of the loop; it sends WATCHDOG=1 four times in WatchdogSec at most.

    Attributes:
        interval_s: time between two pings; None: systemd does not watch this process.
    """

    def __init__(self, *, environ: Mapping[str, str] = os.environ, clock: Callable[[], float] = time.monotonic) -> None:
        self._environ = environ
        self._clock = clock
        self.interval_s = _interval_s(environ)
        self._due_s = -float("inf")

    def due(self) -> bool:
        """Would `beat` send a ping now? For a part that first has to look whether it is well."""
        return self.interval_s is not None and self._clock() >= self._due_s

    def beat(self) -> bool:
        """Sends a ping if one is due; True if it was sent."""
        if self.interval_s is None or not self.due():
            return False
        self._due_s = self._clock() + self.interval_s
        return notify("WATCHDOG=1", environ=self._environ)


def _interval_s(environ: Mapping[str, str]) -> float | None:
    """A quarter of WatchdogSec, where systemd watches this very process (sd_watchdog_enabled(3))."""
    if environ.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return None
    text = environ.get("WATCHDOG_USEC", "")
    return int(text) / 4e6 if text.isdecimal() and int(text) > 0 else None
