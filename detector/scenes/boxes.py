"""Exact boxes of drawn figures: of the whole body, and of what can be seen of it."""

from dataclasses import dataclass

import numpy as np

from detector.scenes.render import Drawn

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Boxed:
    """Pixels, xyxy. whole is as if nothing hid the figure, not cut at the border; seen is around what shows."""

    whole: Box
    seen: Box | None
    seen_px: int


def mask_box(mask: np.ndarray) -> Box | None:
    """The extent of the true pixels of (H, W); the right and lower edge are one past the last pixel."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    if not len(rows):
        return None
    return (float(columns[0]), float(rows[0]), float(columns[-1] + 1), float(rows[-1] + 1))


def boxed(drawn: Drawn) -> list[Boxed]:
    """The boxes of all figures, in their order."""
    out = []
    for k, whole in enumerate(drawn.boxes):
        mask = drawn.marks == k + 1
        x0, y0, x1, y1 = (float(v) for v in whole)
        out.append(Boxed((x0, y0, x1, y1), mask_box(mask), int(mask.sum())))
    return out
