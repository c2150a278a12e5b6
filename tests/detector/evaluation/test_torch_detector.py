"""A network scored in PyTorch: in all, by source, and by how much others hide."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from torch import Tensor, nn

from detector.data.cache import open_cache
from detector.data.pictures import Picture, people_of
from detector.evaluation.occlusion import LEVELS
from detector.evaluation.torch_detector import torch_scores

FREE, BEHIND, IN_FRONT = (20.0, 20.0, 20.0, 60.0), (100.0, 20.0, 20.0, 60.0), (108.0, 24.0, 20.0, 64.0)


class Knows(nn.Module):
    """Sees these boxes (x, y, width, height) in every picture, and nothing else."""

    def __init__(self, boxes: list[tuple[float, ...]]) -> None:
        super().__init__()
        self.boxes = torch.tensor([[x, y, x + w, y + h] for x, y, w, h in boxes])

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """(N, 3, H, W) -> logits (N, P), boxes (N, P, 4)."""
        return torch.full((len(pictures), len(self.boxes)), 3.0), self.boxes.expand(len(pictures), -1, -1)


def scores(folder: Path, boxes: list[tuple[float, ...]]) -> dict[str, float]:
    """Of somebody who sees these boxes, on one picture with three people."""
    path = folder / "one.png"
    cv2.imwrite(str(path), np.zeros((96, 160, 3), np.uint8))
    people = people_of([(box, 1.0, None, 0.0) for box in (FREE, BEHIND, IN_FRONT)])
    val = [Picture("one.png", path, (160, 96), "drawn", people)]
    return torch_scores(Knows(boxes), val, open_cache(val, folder / "cache"), canvas=(160, 96), bf16=False)


def test_whoever_sees_all_has_all_at_every_level(tmp_path: Path) -> None:
    """Three of three: 1 in all, by source and at each level that has people."""
    told = scores(tmp_path, [FREE, BEHIND, IN_FRONT])
    free, _, hidden = LEVELS
    assert [told[key] for key in ("all", "drawn", free, hidden)] == pytest.approx([1.0] * 4)


def test_a_hidden_person_missed_costs_at_its_level_alone(tmp_path: Path) -> None:
    """Who stands behind is missed: nothing at that level, everything at the others."""
    told = scores(tmp_path, [FREE, IN_FRONT])
    free, _, hidden = LEVELS
    assert told[free] == pytest.approx(1.0)
    assert not told[hidden] > 0
    assert 0.6 < told["all"] < 0.7
