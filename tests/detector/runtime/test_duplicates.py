"""Duplicate removal, against torchvision's."""

import numpy as np
import pytest
import torch
from torchvision.ops import nms

from detector.runtime.duplicates import without_duplicates


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
