"""What a detector says about one picture."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Detections:
    """People found in one picture.

    Attributes:
        pts_s: media time of the picture, seconds.
        size_px: (width, height) of the source picture that the boxes refer to.
        boxes: (N, 4) float32, x1 y1 x2 y2 in source pixels, best score first.
        scores: (N,) float32 in [0, 1].
    """

    pts_s: float
    size_px: tuple[int, int]
    boxes: NDArray[np.float32]
    scores: NDArray[np.float32]

    def __post_init__(self) -> None:
        if self.boxes.ndim != 2 or self.boxes.shape[1] != 4:
            raise ValueError(f"boxes must be (N, 4), got {self.boxes.shape}")
        if self.scores.shape != (len(self.boxes),):
            raise ValueError(f"scores must be ({len(self.boxes)},), got {self.scores.shape}")


def no_detections(pts_s: float, size_px: tuple[int, int]) -> Detections:
    """An empty picture."""
    return Detections(pts_s, size_px, np.zeros((0, 4), np.float32), np.zeros((0,), np.float32))
