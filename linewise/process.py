"""What every long-running process of Linewise does at its start: logs, signals, and dying with its parent."""

import _thread
import ctypes
import faulthandler
import logging
import os
import signal
import sys
import threading
from types import FrameType

from linewise.journal import SOCKET, JournalHandler

PARENT_VARIABLE = "LINEWISE_PARENT_PID"
_PR_SET_PDEATHSIG = 1  # linux/prctl.h


def set_up(name: str) -> threading.Event:
    """Configures logs and signals of this process; the event is set by SIGTERM and SIGINT.

    Under systemd logs go to its journal with fields (linewise/journal.py), else to stderr. SIGUSR1 writes every
    thread's stack to stderr.
    """
    level = os.environ.get("LINEWISE_LOG", "INFO").upper()
    if is_journal(os.environ.get("JOURNAL_STREAM", ""), sys.stderr.fileno()) and SOCKET.exists():
        logging.basicConfig(level=level, format="%(message)s", handlers=[JournalHandler(name)])
    else:
        logging.basicConfig(level=level, format=f"%(asctime)s {name} %(levelname)s %(message)s", stream=sys.stderr)
    stop = threading.Event()

    def on_signal(number: int, frame: FrameType | None) -> None:
        # Not here: the main thread may be inside stop.wait() with the event's lock, and would wait for itself for ever.
        _thread.start_new_thread(stop.set, ())

    signal.signal(signal.SIGTERM, on_signal)
    signal.signal(signal.SIGINT, on_signal)
    faulthandler.register(signal.SIGUSR1, all_threads=True)
    _die_with_parent()
    return stop


def is_journal(journal_stream: str, descriptor: int) -> bool:
    """Does this descriptor lead into the journal? The variable alone is inherited by whatever a session starts."""
    try:
        found = os.fstat(descriptor)
    except OSError:
        return False
    return journal_stream == f"{found.st_dev}:{found.st_ino}"


def _die_with_parent() -> None:
    """Asks the kernel for SIGTERM when the supervisor that started this process is gone (Linux)."""
    parent = os.environ.pop(PARENT_VARIABLE, None)
    if parent is None or not sys.platform.startswith("linux"):
        return
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != int(parent):  # it died before the line above
        os.kill(os.getpid(), signal.SIGTERM)
