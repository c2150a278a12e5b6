"""Answers that were made a moment ago: fifty askers cost the store what one does."""

import hashlib
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

MOST = 200  # different questions


@dataclass(frozen=True)
class Made:
    """An answer's bytes, their ETag, and when they were made (monotonic)."""

    body: bytes
    etag: str
    made_s: float


class Recent:
    """The last answers by their question; safe for several threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._made: OrderedDict[str, Made] = OrderedDict()
        self._making: dict[str, threading.Lock] = {}

    def get(self, question: str, make: Callable[[], bytes], keep_s: float) -> Made:
        """The answer, made anew where the last one is older than `keep_s`; one thread makes it, the others wait."""
        found = self._fresh(question, keep_s)
        if found is not None:
            return found
        with self._lock:
            making = self._making.setdefault(question, threading.Lock())
        try:
            with making:
                found = self._fresh(question, keep_s)
                if found is None:
                    body = make()
                    found = Made(body, f'"{hashlib.sha256(body).hexdigest()[:32]}"', self._clock())
                    self._keep(question, found)
            return found
        finally:
            with self._lock:
                self._making.pop(question, None)

    def _fresh(self, question: str, keep_s: float) -> Made | None:
        with self._lock:
            found = self._made.get(question)
            return found if found is not None and self._clock() - found.made_s < keep_s else None

    def _keep(self, question: str, made: Made) -> None:
        with self._lock:
            self._made[question] = made
            self._made.move_to_end(question)
            while len(self._made) > MOST:
                self._made.popitem(last=False)
