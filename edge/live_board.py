"""What is told live, as it is now: the newest reading of each topic, and the cameras' health. Safe for several threads.

Nothing here is kept for later: a reading takes the place of the one before, and one that is too old is not told.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from edge.messages import STATE_EXPIRY_S, CameraHealth, camera_health_topic

HEALTH_EVERY_S = 30.0


@dataclass(frozen=True)
class Publication:
    """One retained message; `expiry_s`: the broker forgets it then, None: never."""

    topic: str
    payload: bytes
    qos: int
    expiry_s: int | None = None


@dataclass(frozen=True)
class _Told:
    """A camera's health and when it was published last (monotonic), None: not yet, or it has changed."""

    health: CameraHealth
    told_s: float | None


class LiveBoard:
    """The board that the counter writes on and the publisher reads from."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._newest: dict[str, tuple[bytes, float]] = {}  # by topic, with the monotonic time of its arrival here
        self._untold: set[str] = set()
        self._healths: dict[str, _Told] = {}

    def put(self, topic: str, payload: bytes) -> None:
        """The newest of a topic."""
        with self._lock:
            self._newest[topic] = (payload, self._clock())
            self._untold.add(topic)

    def put_health(self, health: CameraHealth) -> bool:
        """A camera's health, told every 30 s; True: something has changed that is told at once."""
        with self._lock:
            told = self._healths.get(health.camera)
            same = told is not None and _kind_of(told.health) == _kind_of(health)
            self._healths[health.camera] = _Told(health, told.told_s if told is not None and same else None)
        return not same

    def begin(self) -> None:
        """A new connection: the broker may have forgotten everything."""
        with self._lock:
            self._untold = set(self._newest)
            self._healths = {camera: replace(told, told_s=None) for camera, told in self._healths.items()}

    def due(self) -> list[Publication]:
        """What is to be published now; it counts as told."""
        now_s = self._clock()
        with self._lock:
            newest = [(topic, *self._newest[topic]) for topic in sorted(self._untold)]
            self._untold.clear()
            cameras = [c for c, t in self._healths.items() if t.told_s is None or now_s - t.told_s >= HEALTH_EVERY_S]
            for camera in cameras:
                self._healths[camera] = replace(self._healths[camera], told_s=now_s)
            healths = [self._healths[camera].health for camera in cameras]
        left_s = [(topic, payload, STATE_EXPIRY_S - int(now_s - heard_s)) for topic, payload, heard_s in newest]
        out = [Publication(topic, payload, 0, expiry_s) for topic, payload, expiry_s in left_s if expiry_s > 0]
        return out + [Publication(camera_health_topic(h.site, h.camera), h.to_json(), 1) for h in healths]


def _kind_of(health: CameraHealth) -> tuple[object, ...]:
    """What of a camera's health is told at once when it changes; rates and ages are not."""
    size = (health.width, health.height)
    return (health.state, health.detail, health.picture, health.restarts, health.runtime, health.model_sha256, size)
