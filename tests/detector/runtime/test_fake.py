"""The fake detector."""

import numpy as np

from detector.runtime.fake import FakeDetector
from detector.runtime.protocol import Detector

IMAGE = np.zeros((20, 30, 3), np.uint8)


def test_answers_by_time_best_first() -> None:
    """Boxes of that time come best first; another time is empty; it remembers what it was asked."""
    fake = FakeDetector({200: [(1, 2, 3, 4, 0.5), (5, 6, 7, 8, 0.9)]})
    detector: Detector = fake
    seen = detector.detect(IMAGE, 0.2)
    assert seen.boxes.tolist() == [[5, 6, 7, 8], [1, 2, 3, 4]]
    assert seen.size_px == (30, 20)
    assert len(detector.detect(IMAGE, 0.4).boxes) == 0
    detector.close()
    assert fake.seen_pts_s == [0.2, 0.4]
    assert fake.closed
