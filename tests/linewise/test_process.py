"""A process's signals: it is asked to end at whatever moment, and ends."""

import subprocess
import sys

CODE = """
import os, signal
from linewise.process import set_up
stop = set_up("test")
with stop._cond:  # as inside stop.wait(), for a moment, again and again
    os.kill(os.getpid(), signal.SIGTERM)
    for _ in range(1000):
        pass
print("stopped" if stop.wait(60) else "not stopped")
"""


def test_a_signal_in_the_middle_of_a_wait_ends_it() -> None:
    """SIGTERM while the main thread has the lock of the very event that it waits for is not a deadlock."""
    told = subprocess.run((sys.executable, "-c", CODE), check=True, capture_output=True, text=True, timeout=120)
    assert told.stdout == "stopped\n"
