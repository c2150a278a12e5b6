"""Whether the cameras of a queue can be believed now, and when they could not."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from edge.vocabulary import PictureState, Quality

STALE_S = 3.0  # without a picture
STALE_MOST_S = 5.0  # ... also for the slowest camera
_BLIND_KEPT = 32


@dataclass(slots=True)
class CameraWatch:
    """The latest picture of one camera: when, and what was wrong with it; `slow`: too few are looked at."""

    fps: float
    last_s: float | None = None
    picture: PictureState = "ok"
    slow: bool = False

    def saw(self, pts_s: float, picture: PictureState) -> None:
        """A picture came."""
        self.last_s, self.picture = pts_s, picture

    def quality(self, now_s: float) -> Quality:
        """ok, stale, frozen, blind, moved or degraded (damaged pictures, or too few of them looked at)."""
        patience_s = min(max(STALE_S, 2.5 / max(self.fps, 1e-3)), STALE_MOST_S)
        if self.last_s is None or now_s - self.last_s > patience_s:
            return "stale"
        return "degraded" if self.picture == "damaged" or (self.slow and self.picture == "ok") else self.picture


def together(cameras: Sequence[Quality]) -> tuple[Quality, bool]:
    """(quality of the queue, is its length known?) from its cameras' qualities.

    One blind camera of several makes the length unknown: what the others see is only a part of it.
    """
    bad = [q for q in cameras if q not in ("ok", "degraded")]
    if not bad:
        return ("degraded" if "degraded" in cameras else "ok"), True
    if len(bad) < len(cameras):
        return "degraded", False
    worst: tuple[Quality, ...] = ("config", "stale", "blind", "frozen", "moved")
    return next(q for q in worst if q in bad), False


class KnownTime:
    """When a queue's length was known: how long lately, and the gaps."""

    def __init__(self) -> None:
        self.since_s: float | None = None
        self.gaps: deque[tuple[float, float]] = deque(maxlen=_BLIND_KEPT)
        self._lost_s: float | None = None

    def tick(self, now_s: float, known: bool) -> None:
        """Notes one more moment."""
        if known:
            if self._lost_s is not None:
                self.gaps.append((self._lost_s, now_s))
            self._lost_s = None
            if self.since_s is None or now_s < self.since_s:
                self.since_s = now_s
        else:
            if self._lost_s is None:
                self._lost_s = now_s - STALE_MOST_S  # it takes so long until missing pictures are told
            self.since_s = None
