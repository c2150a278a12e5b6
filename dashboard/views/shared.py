"""One read for everybody: fifty open pages cost the store what one does."""

import threading
import time
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

T = TypeVar("T")


class Shared(Generic[T]):
    """Values by key that are made at most once in `ttl_s`, whoever asks; one thread makes, the others wait for it."""

    def __init__(self, ttl_s: float, monotonic: Callable[[], float] = time.monotonic, most: int = 64) -> None:
        self._ttl_s = ttl_s
        self._monotonic = monotonic
        self._most = most
        self._lock = threading.Lock()
        self._values: dict[Hashable, tuple[float, T]] = {}

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """The key's value; what `make` raises is raised and not kept."""
        with self._lock:
            now_s = self._monotonic()
            found = self._values.get(key)
            if found is not None and now_s - found[0] < self._ttl_s:
                return found[1]
            value = make()
            if len(self._values) >= self._most:
                self._values.clear()
            self._values[key] = (self._monotonic(), value)
            return value

    def clear(self) -> None:
        """Forgets everything."""
        with self._lock:
            self._values.clear()
