"""Tells a camera that hangs from a scene in which nothing happens.

A sensor's noise, however well it is filtered, never shows the same picture twice; an encoder that is fed one picture
over and over does: each key picture of the same coarseness is the same to the last bit. So a picture that comes back
exactly, after others, is the mark of a camera that hangs, and holds where an encoder that starves changes more from
picture to picture than noise would.
"""

import numpy as np
from numpy.typing import NDArray

FROZEN_S = 8.0  # of pictures that are the same
NOTHING = (0.0, 0.0)  # grey levels, over the picture and of a block (64 x 64 source pixels)
# The same: at most 0.8 and 0.7 were seen of one picture that a starving encoder got for ever.
CODING = (1.5, 2.0)
BACK_S = 1.0  # an equal picture after at least so long, with others between, has come back
MEMORY_S = 60.0  # so long a picture is remembered, and so long its return counts
BLOCK = 8  # samples

Grey = NDArray[np.int16]


class Stillness:
    """Judges (h, w) samples of the pictures of one camera in their order.

    Frozen: for 8 s nothing at all has changed, or no more than coding changes and in the last minute a picture has come
    back exactly.
    """

    def __init__(self) -> None:
        self._nothing = _Since(*NOTHING)
        self._coding = _Since(*CODING)
        self._seen: dict[int, float] = {}  # digest of a picture -> when it was last seen, oldest first
        self._last = 0
        self._back_s = -float("inf")

    def frozen(self, grey: Grey, pts_s: float) -> bool:
        """Does the camera hang at media time `pts_s`?"""
        coding_s = self._coding.unchanged_s(grey, pts_s)
        if coding_s == 0.0:  # something has happened: what came before proves nothing
            self._seen.clear()
            self._back_s = -float("inf")
        self._look_back(hash(grey.tobytes()), pts_s)
        nothing_s = self._nothing.unchanged_s(grey, pts_s)
        came_back = pts_s - self._back_s <= MEMORY_S
        return (coding_s if came_back else nothing_s) >= FROZEN_S

    def _look_back(self, digest: int, pts_s: float) -> None:
        before_s = self._seen.pop(digest, None)
        if before_s is not None and digest != self._last and pts_s - before_s >= BACK_S:
            self._back_s = pts_s
        self._seen[digest] = pts_s
        self._last = digest
        while pts_s - next(iter(self._seen.values())) > MEMORY_S:
            del self._seen[next(iter(self._seen))]


class _Since:
    """For how long no picture has differed from the first of them by more than two limits."""

    def __init__(self, mean: float, block: float) -> None:
        self._limits = mean, block
        self._first: Grey | None = None
        self._since_s = 0.0

    def unchanged_s(self, grey: Grey, pts_s: float) -> float:
        """0.0: this picture is the first of its kind."""
        if self._first is None or self._first.shape != grey.shape or self._differs(grey - self._first):
            self._first, self._since_s = grey, pts_s
        return pts_s - self._since_s

    def _differs(self, change: Grey) -> bool:
        mean, block = self._limits
        if np.abs(change).mean() > mean:
            return True
        return bool(np.abs(blocks_of(change.astype(np.float32)).mean(axis=(1, 3))).max() > block)


def blocks_of(grey: NDArray[np.float32]) -> NDArray[np.float32]:
    """(h, w) as (block row, line, block column, pixel); what is left over at the edges is left out."""
    h, w = (max(1, n // BLOCK) for n in grey.shape)
    bh, bw = min(BLOCK, grey.shape[0]), min(BLOCK, grey.shape[1])
    return grey[: h * bh, : w * bw].reshape(h, bh, w, bw)
