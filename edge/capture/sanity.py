"""Looks whether a picture shows anything: frozen pictures and blind lenses. A frame that arrives proves nothing.

"damaged" is not said here but by damage.py: decoders fill holes from earlier pictures, and no cheap measure on one
picture told smear from texture reliably.
"""

import numpy as np
from numpy.typing import NDArray

from edge.capture.stillness import Stillness, blocks_of
from edge.vocabulary import PictureState

BLIND_S = 2.0  # so long must a picture be blind, or clear again, before it is said
STEP_PX = 8  # every eighth pixel of every eighth line is looked at
FLAT = 3.0  # grey levels of deviation within a block: sensor noise stays below
SEEN_SHARE = 0.03  # of all blocks must show structure
DARK, BRIGHT = 24.0, 235.0  # grey levels that 99 % of a black or a burnt-out picture stay below or above


class PictureJudge:
    """Judges the pictures of one camera in their order.

    Frozen: nothing has changed for 8 s, as Stillness tells. Blind: black, burnt out, or without structure
    (covered, fogged) for 2 s.
    """

    def __init__(self) -> None:
        self._stillness = Stillness()
        self._blind = False
        self._differs_since_s: float | None = None

    def judge(self, image: NDArray[np.uint8], pts_s: float) -> PictureState:
        """What is wrong with (H, W, 3) uint8 `image` at media time `pts_s`: "ok", "frozen" or "blind"."""
        sample = np.ascontiguousarray(image[STEP_PX // 2 :: STEP_PX, STEP_PX // 2 :: STEP_PX])
        if sample.size == 0:  # a picture under 5 pixels
            sample = np.ascontiguousarray(image)
        frozen = self._stillness.frozen(sample[:, :, 1].astype(np.int16), pts_s)
        if self._is_blind(sample, pts_s):
            return "blind"
        return "frozen" if frozen else "ok"

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


def _shows_nothing(sample: NDArray[np.uint8]) -> bool:
    """True for a black, a burnt-out or a structureless picture; (h, w, 3) every STEP_PX-th pixel."""
    grey = sample[:, :, 1].astype(np.float32)  # green is most of what grey is
    ordered = np.sort(grey, axis=None)
    low, high = ordered[ordered.size // 100], ordered[-1 - ordered.size // 100]
    if high < DARK or low > BRIGHT:
        return True
    blocks = blocks_of(grey)
    variance = np.square(blocks).mean(axis=(1, 3)) - np.square(blocks.mean(axis=(1, 3)))
    return bool((variance > FLAT * FLAT).mean() < SEEN_SHARE)
