"""Duplicate removal, against torchvision's."""

import numpy as np
import pytest
import torch
from torchvision.ops import nms

from detector.runtime.duplicates import fade_duplicates, without_duplicates


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("limit", [0.3, 0.6])
def test_equals_torchvision(seed: int, limit: float) -> None:
    """The same boxes stay, in the same order."""
    rng = np.random.default_rng(seed)
    low = rng.uniform(0, 80, (60, 2))
    boxes = np.concatenate([low, low + rng.uniform(10, 40, (60, 2))], 1).astype(np.float32)
    scores = rng.permutation(60).astype(np.float32)
    wanted = nms(torch.from_numpy(boxes), torch.from_numpy(scores), limit).numpy()
    assert without_duplicates(boxes, scores, limit).tolist() == wanted.tolist()


def test_nothing_stays_nothing() -> None:
    """No boxes, no places."""
    assert len(without_duplicates(np.zeros((0, 4), np.float32), np.zeros(0, np.float32), 0.5)) == 0


def test_a_doubtful_neighbour_fades_and_a_sure_one_stays() -> None:
    """IoU 0.5 is two thirds of the way down from 0.4 to 0.7: a score of 0.9 becomes 0.6, one of 0.3 goes."""
    boxes = np.array([[0, 0, 10, 30], [0, 0, 10, 15], [100, 0, 110, 30]], np.float32)  # IoU of the first two: 0.5
    places, scores = fade_duplicates(boxes, np.array([0.95, 0.9, 0.5], np.float32), (0.4, 0.7), 0.25)
    assert places.tolist() == [0, 1, 2]
    np.testing.assert_allclose(scores, [0.95, 0.6, 0.5], rtol=1e-5)
    places, _ = fade_duplicates(boxes, np.array([0.95, 0.3, 0.5], np.float32), (0.4, 0.7), 0.25)
    assert places.tolist() == [0, 2]


def test_nearly_the_same_box_leaves_nothing() -> None:
    """At the end of the fade a duplicate is gone whatever its score, and the least score may be none."""
    boxes = np.array([[0, 0, 10, 30], [0, 0, 10, 29], [0, 0, 10, 28]], np.float32)
    places, scores = fade_duplicates(boxes, np.array([0.8, 0.9, 0.7], np.float32), (0.4, 0.7), 0.0)
    assert places.tolist() == [1]
    assert scores.tolist() == pytest.approx([0.9])


def test_nobody_stays_nobody() -> None:
    """No boxes in, no boxes out."""
    places, scores = fade_duplicates(np.zeros((0, 4), np.float32), np.zeros(0, np.float32), (0.4, 0.7), 0.1)
    assert len(places) == len(scores) == 0
