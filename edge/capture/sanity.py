"""Looks whether a picture shows anything: frozen pictures and blind lenses. A frame that arrives proves nothing.

"damaged" is not said here but by damage.py: decoders fill holes from earlier pictures, and no cheap measure on one
picture told smear from texture reliably.
"""

import numpy as np
from numpy.typing import NDArray

from edge.vocabulary import PictureState

FROZEN_S = 8.0  # of pictures that are the same
SAME_MEAN = 0.25  # grey levels, over the picture: an encoder changes 0.02 of one that stands still (at 2 Mbit/s),
SAME_BLOCK = 0.8  # and 0.2 of any block; in five recordings of real cameras the stillest parts changed by 0.6 to 5
BLIND_S = 2.0  # so long must a picture be blind, or clear again, before it is said
STEP_PX = 8  # every eighth pixel of every eighth line is looked at
BLOCK = 8  # samples: 64 x 64 source pixels
FLAT = 3.0  # grey levels of deviation within a block: sensor noise stays below
SEEN_SHARE = 0.03  # of all blocks must show structure
DARK, BRIGHT = 24.0, 235.0  # grey levels that 99 % of a black or a burnt-out picture stay below or above


class PictureJudge:
    """Judges the pictures of one camera in their order.

    Frozen: for 8 s no picture has differed from the first of them by more than an encoder does that gets the same
    picture again and again; a still scene differs by its sensor's noise. Blind: black, burnt out, or without structure
    (covered, fogged) for 2 s.
    """

    def __init__(self) -> None:
        self._first: NDArray[np.int16] | None = None
        self._same_since_s = 0.0
        self._blind = False
        self._differs_since_s: float | None = None

    def judge(self, image: NDArray[np.uint8], pts_s: float) -> PictureState:
        """What is wrong with (H, W, 3) uint8 `image` at media time `pts_s`: "ok", "frozen" or "blind"."""
        sample = np.ascontiguousarray(image[STEP_PX // 2 :: STEP_PX, STEP_PX // 2 :: STEP_PX])
        if sample.size == 0:  # a picture under 5 pixels
            sample = np.ascontiguousarray(image)
        frozen_s = self._unchanged_s(sample, pts_s)
        if self._is_blind(sample, pts_s):
            return "blind"
        return "frozen" if frozen_s >= FROZEN_S else "ok"

    def _unchanged_s(self, sample: NDArray[np.uint8], pts_s: float) -> float:
        """For how long nothing has changed."""
        grey = sample[:, :, 1].astype(np.int16)
        if self._first is None or self._first.shape != grey.shape or _differs(grey - self._first):
            self._first, self._same_since_s = grey, pts_s
        return pts_s - self._same_since_s

    def _is_blind(self, sample: NDArray[np.uint8], pts_s: float) -> bool:
        if _shows_nothing(sample) == self._blind:
            self._differs_since_s = None
            return self._blind
        if self._differs_since_s is None:
            self._differs_since_s = pts_s
        if pts_s - self._differs_since_s >= BLIND_S:
            self._blind = not self._blind
            self._differs_since_s = None
        return self._blind


def _differs(change: NDArray[np.int16]) -> bool:
    """Has more changed than coding does? (h, w) grey levels."""
    if np.abs(change).mean() > SAME_MEAN:
        return True
    return bool(np.abs(_blocks(change.astype(np.float32)).mean(axis=(1, 3))).max() > SAME_BLOCK)


def _blocks(grey: NDArray[np.float32]) -> NDArray[np.float32]:
    """(h, w) as (block row, line, block column, pixel); what is left over at the edges is left out."""
    h, w = (max(1, n // BLOCK) for n in grey.shape)
    bh, bw = min(BLOCK, grey.shape[0]), min(BLOCK, grey.shape[1])
    return grey[: h * bh, : w * bw].reshape(h, bh, w, bw)


def _shows_nothing(sample: NDArray[np.uint8]) -> bool:
    """True for a black, a burnt-out or a structureless picture; (h, w, 3) every STEP_PX-th pixel."""
    grey = sample[:, :, 1].astype(np.float32)  # green is most of what grey is
    ordered = np.sort(grey, axis=None)
    low, high = ordered[ordered.size // 100], ordered[-1 - ordered.size // 100]
    if high < DARK or low > BRIGHT:
        return True
    blocks = _blocks(grey)
    variance = np.square(blocks).mean(axis=(1, 3)) - np.square(blocks.mean(axis=(1, 3)))
    return bool((variance > FLAT * FLAT).mean() < SEEN_SHARE)
