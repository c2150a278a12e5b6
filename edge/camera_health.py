"""What a camera process says about its camera: measured rates and ages, and words for whoever must do something."""

from collections import deque
from dataclasses import dataclass
from statistics import median
from typing import Literal

from detector.runtime.protocol import Detector
from edge.capture.live import LOST_S, STALLED_S
from edge.capture.source import Source
from edge.errors import SourceError
from edge.messages import CameraHealth, utc
from edge.overload import too_slow
from edge.vocabulary import PictureState

CameraState = Literal["starting", "ok", "stalled", "lost", "auth_failed", "not_found", "failed", "stopped"]
WINDOW_S = 10.0

_STATE_OF_KIND: dict[str, CameraState] = {
    "auth_failed": "auth_failed",
    "untrusted": "auth_failed",
    "not_found": "not_found",
    "unreadable": "failed",
}
_PICTURE: dict[PictureState, str] = {
    "ok": "Pictures arrive.",
    "frozen": "Pictures arrive, but they are all the same: the camera hangs. Restart it.",
    "blind": "Pictures arrive, but they show nothing: black, burnt out or covered. Clean the lens, remove what covers "
    "it, or give it light.",
    "moved": "The camera has been turned. Turn it back, or draw its lanes anew.",
    "damaged": "Pictures arrive damaged. Check the cable and the network, or lower the camera's bit rate.",
}
_SLOW = (
    "This box is too slow: {out:.1f} of {fps:g} pictures a second are looked at. Lower detect_fps or the camera's own "
    "resolution and rate, or give the box fewer cameras."
)


@dataclass(frozen=True)
class Condition:
    """How a camera is.

    Attributes:
        state: as in CameraHealth.
        detail: for people, with what to do.
    """

    state: CameraState
    detail: str


STARTING = Condition("starting", "The camera is being opened.")
STOPPED = Condition("stopped", "The camera's process has been ended.")
ENDED = Condition("stopped", "The recording has been played to its end. Set loop = true to play it over and over.")


def trouble(error: SourceError) -> Condition:
    """What a source's error means for the camera."""
    return Condition(_STATE_OF_KIND.get(error.kind, "lost"), str(error))


def running(age_s: float, picture: PictureState) -> Condition:
    """A connected camera; `age_s`: since its last picture."""
    if age_s >= STALLED_S:
        return Condition("stalled", f"No picture for {STALLED_S:.0f} s; at {LOST_S:.0f} s the camera is opened anew.")
    return Condition("ok", _PICTURE[picture])


class Meter:
    """Counts what comes in and goes out of one camera; all times are time.monotonic().

    Attributes:
        detector: None until it is loaded.
    """

    def __init__(self, site: str, camera: str, *, detect_fps: float) -> None:
        self._detect_fps = detect_fps
        self._site = site
        self._camera = camera
        self.detector: Detector | None = None
        self._before = (0, 0)  # received, dropped: of the sources that are closed
        self._sent = 0
        self._samples: deque[tuple[float, int, int]] = deque()  # (when, received, sent)
        self._latencies: deque[tuple[float, float]] = deque(maxlen=200)
        self._source: Source | None = None
        self._arrived_s: float | None = None
        self._size_px = (0, 0)
        self._opened = 0

    def opened(self, source: Source | None) -> None:
        """A source was opened, or was tried to be."""
        self.closed()
        self._source = source
        self._opened += 1

    @property
    def restarts(self) -> int:
        """How often the camera was opened again."""
        return max(0, self._opened - 1)

    def closed(self) -> None:
        """The source is about to be closed: its counts are kept."""
        if self._source is not None:
            self._before = self._totals()
            self._arrived_s = self._last_arrival_s()
            self._source = None

    def sent(self, now_s: float, arrived_s: float | None) -> None:
        """Tracks went out; `arrived_s`: when their picture had come."""
        self._sent += 1
        if arrived_s is not None:
            self._latencies.append((now_s, now_s - arrived_s))

    def age_s(self, now_s: float) -> float | None:
        """Since the last picture of any kind; None before the first."""
        last_s = self._last_arrival_s()
        return None if last_s is None else max(0.0, now_s - last_s)

    def _last_arrival_s(self) -> float | None:
        newest = None if self._source is None else self._source.arrived_s
        return self._arrived_s if newest is None else newest

    def _totals(self) -> tuple[int, int]:
        received, dropped = self._before
        if self._source is None:
            return received, dropped
        return received + self._source.received, dropped + self._source.dropped

    def message(self, condition: Condition, picture: PictureState, *, now_s: float, now_utc_s: float) -> CameraHealth:
        """The health message of this moment."""
        received, dropped = self._totals()
        in_per_s, out_per_s = self._rates(now_s, received)
        late = [latency_s for at_s, latency_s in self._latencies if now_s - at_s <= WINDOW_S]
        age_s = self.age_s(now_s)
        detail = condition.detail
        if condition.state == "ok" and picture == "ok" and late and too_slow(in_per_s, out_per_s, self._detect_fps):
            detail = _SLOW.format(out=out_per_s, fps=self._detect_fps)
        if self._source is not None and self._source.size_px is not None:
            self._size_px = self._source.size_px
        return CameraHealth(
            site=self._site,
            camera=self._camera,
            at=utc(now_utc_s),
            state=condition.state,
            detail=detail,
            picture=picture,
            frames_in_per_s=in_per_s,
            frames_out_per_s=out_per_s,
            age_s=None if age_s is None else round(age_s, 2),
            latency_s=round(median(late), 4) if late else None,
            dropped=dropped,
            restarts=self.restarts,
            runtime=self.detector.name if self.detector else "",
            model_sha256=self.detector.model_sha256 if self.detector else "",
            width=self._size_px[0],
            height=self._size_px[1],
        )

    def _rates(self, now_s: float, received: int) -> tuple[float, float]:
        """(pictures in, tracks out) a second, over the last WINDOW_S or as long as there has been anything."""
        self._samples.append((now_s, received, self._sent))
        while len(self._samples) > 2 and now_s - self._samples[1][0] >= WINDOW_S:
            self._samples.popleft()
        then_s, received_then, sent_then = self._samples[0]
        span_s = max(now_s - then_s, 1.0)  # less is too short to tell a rate
        return round((received - received_then) / span_s, 2), round((self._sent - sent_then) / span_s, 2)
