"""What all runtimes share."""

import numpy as np
import pytest
from numpy.typing import NDArray

from detector.runtime.errors import DetectorError
from detector.runtime.model_detector import ModelDetector, Working


class Told:
    """A session that says what it is told."""

    def __init__(self, boxes: list[list[float]], scores: list[float]) -> None:
        self.boxes, self.scores = np.array([boxes], np.float32), np.array([scores], np.float32)
        self.seen: NDArray[np.uint8] | None = None
        self.closed = False

    def run(self, pictures: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """The told boxes."""
        self.seen = pictures
        return self.boxes, self.scores

    def close(self) -> None:
        """Remembers."""
        self.closed = True


def test_thresholds_removes_doubles_and_goes_back_to_the_picture() -> None:
    """Of four boxes a weak one, a double and one in the grey border go; the rest is in picture pixels."""
    boxes = [[104, 64, 208, 192], [106, 64, 208, 192], [300, 0, 340, 5], [10, 60, 30, 90]]
    session = Told(boxes, [0.9, 0.8, 0.7, 0.05])
    detector = ModelDetector(session, Working((416, 256), 0.3, 0.6), name="told", model_sha256="ab")
    seen = detector.detect(np.zeros((720, 1280, 3), np.uint8), 1.5)
    np.testing.assert_allclose(seen.boxes, [[320, 163, 640, 557]], atol=1)
    assert seen.scores.tolist() == [pytest.approx(0.4 + 0.6 * (0.9 - 0.3) / (1 - 0.3))]  # 0.3 is told as 0.4
    assert (seen.pts_s, seen.size_px) == (1.5, (1280, 720))
    assert session.seen is not None
    assert session.seen.shape == (1, 256, 416, 3)
    detector.close()
    assert session.closed


def test_an_empty_picture_is_empty() -> None:
    """No box above the threshold gives (0, 4) and (0,)."""
    detector = ModelDetector(Told([[0, 0, 9, 9]], [0.01]), Working((416, 256), 0.3, 0.6), name="t", model_sha256="")
    seen = detector.detect(np.zeros((10, 10, 3), np.uint8), 0.0)
    assert seen.boxes.shape == (0, 4)
    assert seen.scores.shape == (0,)


@pytest.mark.parametrize("shape", [(10, 10), (10, 10, 4), (0, 10, 3)])
def test_something_else_than_a_picture_is_told(shape: tuple[int, ...]) -> None:
    """The message says what is wanted and what came."""
    detector = ModelDetector(Told([], []), Working((416, 256), 0.3, 0.6), name="t", model_sha256="")
    with pytest.raises(DetectorError, match=r"\(height, width, 3\) uint8 RGB, got"):
        detector.detect(np.zeros(shape, np.uint8), 0.0)
