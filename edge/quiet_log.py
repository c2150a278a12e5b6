"""A log for what may happen again and again: a few lines a minute, and how many were left out."""

import logging
import time
from collections import deque
from collections.abc import Callable


class QuietLog:
    """Passes at most `per_minute` lines a minute to a logger."""

    def __init__(
        self, logger: logging.Logger, *, per_minute: int = 2, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._logger = logger
        self._clock = clock
        self._lines_s: deque[float] = deque(maxlen=per_minute)
        self._left_out = 0

    def warning(self, text: str) -> None:
        """Logs a warning, or counts it."""
        now_s = self._clock()
        if len(self._lines_s) == self._lines_s.maxlen and now_s - self._lines_s[0] < 60.0:
            self._left_out += 1
            return
        self._lines_s.append(now_s)
        more = f" ({self._left_out} lines like this one were left out)" if self._left_out else ""
        self._left_out = 0
        self._logger.warning("%s%s", text, more)
