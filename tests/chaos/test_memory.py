"""A part whose memory runs out (fault F28): it alone ends, and is started anew."""

import sys
import threading
from pathlib import Path

import pytest

from linewise.parts import Part, supervise
from tests.conftest import wait_for

LEAKS = """
import os, resource, sys
with open(sys.argv[1], "a") as file:
    file.write(f"{os.getpid()}\\n")
resource.setrlimit(resource.RLIMIT_AS, (400 << 20, 400 << 20))
kept = []
while True:
    kept.append(bytearray(50 << 20))
"""
WORKS = """
import os, sys, time
with open(sys.argv[1], "a", buffering=1) as file:
    while True:
        file.write(f"{os.getpid()}\\n")
        time.sleep(0.02)
"""


def lines(path: Path) -> list[str]:
    """What a part has written."""
    return path.read_text().split() if path.exists() else []


@pytest.mark.slow
def test_only_the_leaking_part_dies(tmp_path: Path) -> None:
    """A part that fills its memory ends and is started again and again; the other goes on in one process."""
    leaking, working = tmp_path / "leaking", tmp_path / "working"
    parts = [
        Part("leaking", (sys.executable, "-c", LEAKS, str(leaking))),
        Part("working", (sys.executable, "-c", WORKS, str(working))),
    ]
    stop = threading.Event()
    thread = threading.Thread(target=supervise, args=(parts, stop), kwargs={"environment": {}})
    thread.start()
    try:
        wait_for(lambda: len(lines(leaking)) >= 3, "two new starts of the leaking part")
        written = len(lines(working))
        wait_for(lambda: len(lines(working)) > written + 10, "the other part works on")
    finally:
        stop.set()
        thread.join(60)
    assert not thread.is_alive()
    assert len(set(lines(leaking))) >= 3
    assert len(set(lines(working))) == 1
