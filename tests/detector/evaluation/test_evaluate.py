"""Scoring a detector on pictures."""

from pathlib import Path

import numpy as np
import pytest

from detector.data.readers import read_labels
from detector.evaluation.evaluate import evaluate
from detector.runtime.detections import Detections
from detector.runtime.fake import FakeDetector


def test_a_perfect_detector_is_perfect(drawn: Path) -> None:
    """One that says what the labels say has AP 1, recall 1 and no count error."""
    pictures = read_labels(drawn / "val.json")

    def answer(pts_s: float, image: np.ndarray) -> Detections:
        boxes = pictures[round(pts_s)].people.boxes
        return Detections(pts_s, (image.shape[1], image.shape[0]), boxes, np.full(len(boxes), 0.9, np.float32))

    result = evaluate(FakeDetector(answer), pictures, threshold=0.5, progress=False)
    assert result.ap50["all"] == result.ap50["drawn"] == pytest.approx(1.0)
    assert result.recall["all"] == 1.0
    assert result.count_error == result.count_bias == 0.0
    assert set(result.detections) == {picture.file for picture in pictures}


def test_a_blind_detector_misses_everybody(drawn: Path) -> None:
    """No detections: recall 0, and the count is short by everybody."""
    pictures = read_labels(drawn / "val.json")
    result = evaluate(FakeDetector({}), pictures, threshold=0.5, progress=False)
    assert result.recall["all"] == 0.0
    assert result.count_bias == -result.count_error == -np.mean([len(p.people.boxes) for p in pictures])
