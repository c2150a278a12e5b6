"""Which pictures the detector sees: one rule, by media time, the same in live and in replay."""

import math
from collections.abc import Iterable, Iterator

from edge.vocabulary import Frame

EARLY = 0.1  # of a period: a picture that comes this little before its due time is on time (cameras' clocks tremble)


class Thinner:
    """Takes the first picture in each period of a fixed grid.

    Due times are origin, origin + 1 / fps, origin + 2 / fps, ...; the origin is the first picture's time, which is
    taken. A picture is taken when it reaches (less a tenth of a period) a due time that no picture before it has
    reached. Due times don't move with what is taken, so nothing drifts: uneven pictures give at most, and where there
    are enough of them exactly, `fps` a second. Thinning what is thinned changes nothing.
    """

    def __init__(self, fps: float) -> None:
        if not fps > 0.0:
            raise ValueError(f"detect_fps must be above 0, got {fps}")
        self._fps = fps
        self._origin_s: float | None = None
        self._taken = -1

    def wants(self, pts_s: float) -> bool:
        """True if the picture at media time `pts_s` (never less than the last one's) is taken."""
        if self._origin_s is None:
            self._origin_s = pts_s
        reached = math.floor((pts_s - self._origin_s) * self._fps + EARLY)
        if reached <= self._taken:
            return False
        self._taken = reached
        return True


def thinned(frames: Iterable[Frame], detect_fps: float) -> Iterator[Frame]:
    """The frames that the detector sees, by the rule of Thinner."""
    thinner = Thinner(detect_fps)
    return (frame for frame in frames if thinner.wants(frame.pts_s))
