"""Assignment of places to people, against a slow reference."""

import numpy as np
import pytest
import torch
from torch import Tensor
from torchvision.ops import box_iou

from detector.training.assign import IOU_POWER, SCORE_POWER, TOP_PLACES, assign
from detector.training.losses import grid_of

CANVAS = (96, 64)


def slow_assign(
    scores: Tensor, boxes: Tensor, grid: tuple[Tensor, Tensor], people: Tensor
) -> tuple[list[float], list[int]]:
    """The paper's rule with loops: top places by score^a * iou^b inside the box, contested ones by overlap."""
    centres, strides = grid
    iou = box_iou(boxes, people).numpy()
    claims: list[dict[int, float]] = []
    for m, person in enumerate(people.tolist()):
        fits = []
        for p, (x, y) in enumerate(centres.tolist()):
            reach = 0.75 * float(strides[p])
            cx, cy = (person[0] + person[2]) / 2, (person[1] + person[3]) / 2
            half_w, half_h = max((person[2] - person[0]) / 2, reach), max((person[3] - person[1]) / 2, reach)
            if abs(x - cx) < half_w and abs(y - cy) < half_h:
                fits.append((float(scores[p]) ** SCORE_POWER * float(iou[p, m]) ** IOU_POWER, p))
        claims.append({p: fit for fit, p in sorted(fits, reverse=True)[:TOP_PLACES]})
    owner = []
    for p in range(len(scores)):
        mine = [m for m in range(len(people)) if p in claims[m]]
        owner.append(max(mine, key=lambda m, p=p: iou[p, m]) if mine else -1)
    quality = [0.0] * len(scores)
    for m in range(len(people)):
        kept = [p for p in claims[m] if owner[p] == m]
        best_fit, best_iou = (
            max((claims[m][p] for p in kept), default=0) or 1,
            max((iou[p, m] for p in kept), default=0),
        )
        for p in kept:
            quality[p] = claims[m][p] / best_fit * float(best_iou)
    return quality, owner


@pytest.mark.parametrize("seed", range(6))
def test_equals_the_slow_reference(seed: int) -> None:
    """Quality and owner of every place are those of the rule written with loops."""
    generator = torch.Generator().manual_seed(seed)
    grid = grid_of(CANVAS)
    low = torch.rand(4, 2, generator=generator) * torch.tensor([60.0, 30.0])
    people = torch.cat([low, low + 3 + torch.rand(4, 2, generator=generator) * 40], 1)
    scores = torch.rand(len(grid[0]), generator=generator)
    spread = torch.rand(len(grid[0]), 4, generator=generator) * 25 + 2
    boxes = torch.cat([grid[0] - spread[:, :2], grid[0] + spread[:, 2:]], 1)
    found = assign(scores, boxes, grid, (people, torch.ones(4)))
    quality, owner = slow_assign(scores, boxes, grid, people)
    np.testing.assert_allclose(found.quality.numpy(), quality, atol=1e-5)
    assert [p if q > 0 else -1 for p, q in zip(found.person.tolist(), quality, strict=True)] == [
        o if q > 0 else -1 for o, q in zip(owner, quality, strict=True)
    ]


def test_places_inside_an_ignore_box_are_free() -> None:
    """They are neither right nor wrong, and no person is learnt there."""
    grid = grid_of(CANVAS)
    boxes = torch.cat([grid[0] - 8, grid[0] + 8], 1)
    found = assign(torch.full((126,), 0.1), boxes, grid, (torch.tensor([[0.0, 0.0, 40.0, 64.0]]), torch.zeros(1)))
    assert found.quality.sum() == 0
    assert torch.equal(found.free, grid[0][:, 0] < 40)


def test_a_soft_label_caps_the_score_to_learn() -> None:
    """A teacher's person of score 0.5 is learnt at no more than half the quality of a sure one."""
    grid = grid_of(CANVAS)
    boxes = torch.cat([grid[0] - 8, grid[0] + 8], 1)
    person = torch.tensor([[20.0, 20.0, 40.0, 40.0]])
    sure = assign(torch.full((126,), 0.3), boxes, grid, (person, torch.ones(1)))
    soft = assign(torch.full((126,), 0.3), boxes, grid, (person, torch.full((1,), 0.5)))
    torch.testing.assert_close(soft.quality, sure.quality * 0.5)


def test_a_person_smaller_than_a_cell_has_a_place() -> None:
    """Three pixels between four centres are still learnt by somebody."""
    grid = grid_of(CANVAS)
    boxes = torch.cat([grid[0] - 3, grid[0] + 3], 1)
    found = assign(torch.full((126,), 0.3), boxes, grid, (torch.tensor([[6.5, 6.5, 9.5, 9.5]]), torch.ones(1)))
    assert (found.person == 0).any()


def test_an_empty_picture_is_background() -> None:
    """Nobody there: nothing to learn but zeros."""
    grid = grid_of(CANVAS)
    found = assign(torch.rand(126), torch.rand(126, 4), grid, (torch.zeros(0, 4), torch.zeros(0)))
    assert found.quality.sum() == 0
    assert not found.free.any()
