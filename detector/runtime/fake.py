"""A detector for tests: says what it is told to."""

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from detector.runtime.detections import Detections, no_detections

Answer = Callable[[float, NDArray[np.uint8]], Detections]


class FakeDetector:
    """Answers from a function of (pts_s, image), or from boxes by pts_s in milliseconds; implements Detector.

    Args:
        answer: a function, or {pts in whole milliseconds: [(x1, y1, x2, y2, score), ...]} in source pixels; a picture
            of another time is empty.
    """

    name = "fake"
    model_sha256 = ""

    def __init__(self, answer: Answer | Mapping[int, list[tuple[float, float, float, float, float]]]) -> None:
        self.answer = answer
        self.seen_pts_s: list[float] = []
        self.closed = False

    def detect(self, image: NDArray[np.uint8], pts_s: float) -> Detections:
        """What it was told to find at this time."""
        self.seen_pts_s.append(pts_s)
        if callable(self.answer):
            return self.answer(pts_s, image)
        size_px = (image.shape[1], image.shape[0])
        rows = self.answer.get(round(pts_s * 1000), [])
        if not rows:
            return no_detections(pts_s, size_px)
        table = np.array(sorted(rows, key=lambda row: -row[4]), np.float32)
        return Detections(pts_s, size_px, table[:, :4].copy(), table[:, 4].copy())

    def close(self) -> None:
        """Remembers that it was closed."""
        self.closed = True
