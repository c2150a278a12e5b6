"""Measures that do not depend on how busy the machine is: calls made, and memory held."""

import os
import sys
from collections.abc import Callable
from pathlib import Path


def resident_mb() -> float:
    """Resident memory of this process."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def calls_in(work: Callable[[], object]) -> int:
    """How many Python functions `work` calls: the same on every machine."""
    made = 0

    def count(_frame: object, event: str, _argument: object) -> None:
        nonlocal made
        made += event == "call"

    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(None)
    return made
