"""Does this machine's wall clock follow a time server? Asked of the kernel, so that any time service will do."""

import ctypes
import sys

_UNSYNCHRONISED = 5  # TIME_ERROR, adjtimex(2)
_BUFFER = 512  # bytes; struct timex has 208
OLDEST_UTC_S = (
    1_767_225_600.0  # 2026-01-01: an earlier clock is that of a board without a battery that has just started
)


def synchronised() -> bool | None:
    """True when a time service keeps the clock; None where the kernel cannot be asked."""
    if not sys.platform.startswith("linux"):
        return None
    buffer = ctypes.create_string_buffer(_BUFFER)  # modes = 0: only asked, nothing set
    try:
        state = ctypes.CDLL(None, use_errno=True).adjtimex(buffer)
    except (AttributeError, OSError):
        return None
    return None if state < 0 else state != _UNSYNCHRONISED


def plausible(utc_s: float) -> bool:
    """False for a clock that has never been set."""
    return utc_s >= OLDEST_UTC_S


def unsynced(utc_s: float) -> bool:
    """May the wall clock be wrong? It was never set, or the kernel knows of no time service that keeps it."""
    return not plausible(utc_s) or synchronised() is False


class JumpWatch:
    """Notices that the wall clock was set, by the monotonic one beside it.

    A time service slews small errors away at 0.5 ms a second; what moves faster than that was a step.
    """

    STEP_S = 1.0

    def __init__(self, monotonic_s: float, utc_s: float) -> None:
        self._offset_s = utc_s - monotonic_s

    def step_s(self, monotonic_s: float, utc_s: float) -> float | None:
        """How far the wall clock was set since the last call, None if it was not."""
        offset_s = utc_s - monotonic_s
        step_s, self._offset_s = offset_s - self._offset_s, offset_s
        return step_s if abs(step_s) >= self.STEP_S else None
