"""What every long-running process of Linewise does at its start: logs, signals, and dying with its parent."""

import ctypes
import faulthandler
import logging
import os
import signal
import sys
import threading
from types import FrameType

PARENT_VARIABLE = "LINEWISE_PARENT_PID"
_PR_SET_PDEATHSIG = 1  # linux/prctl.h


def set_up(name: str) -> threading.Event:
    """Configures logs and signals of this process; the event is set by SIGTERM and SIGINT.

    SIGUSR1 writes every thread's stack to stderr.
    """
    stamp = "" if "JOURNAL_STREAM" in os.environ else "%(asctime)s "
    logging.basicConfig(
        level=os.environ.get("LINEWISE_LOG", "INFO").upper(),
        format=f"{stamp}{name} %(levelname)s %(message)s",
        stream=sys.stderr,
    )
    stop = threading.Event()

    def on_signal(number: int, frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, on_signal)
    signal.signal(signal.SIGINT, on_signal)
    faulthandler.register(signal.SIGUSR1, all_threads=True)
    _die_with_parent()
    return stop


def _die_with_parent() -> None:
    """Asks the kernel for SIGTERM when the supervisor that started this process is gone (Linux)."""
    parent = os.environ.pop(PARENT_VARIABLE, None)
    if parent is None or not sys.platform.startswith("linux"):
        return
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != int(parent):  # it died before the line above
        os.kill(os.getpid(), signal.SIGTERM)
