"""The losses, against the formulas and torchvision."""

import pytest
import torch
from torch.testing import assert_close
from torchvision.ops import complete_box_iou_loss

from detector.training.assign import Assignment
from detector.training.head_branch import HeadPrediction
from detector.training.losses import LossWeights, Target, body_losses, grid_of, head_losses, quality_focal, total

CANVAS = (96, 64)


def one_person(head_weight: float = 0.0, weight: float = 1.0) -> Target:
    """A person of 24x40 px with a head."""
    return Target(
        torch.tensor([[20.0, 10.0, 44.0, 50.0]]),
        torch.tensor([weight]),
        torch.tensor([[28.0, 10.0, 36.0, 20.0]]),
        torch.tensor([head_weight]),
    )


def test_quality_focal_is_the_papers_equation() -> None:
    """-|y - s|^2 ((1 - y) log(1 - s) + y log s), by hand."""
    logit, y = torch.tensor([0.7, -2.0]), torch.tensor([0.8, 0.0])
    s = 1 / (1 + torch.exp(-logit))
    by_hand = -((y - s).abs() ** 2) * ((1 - y) * torch.log(1 - s) + y * torch.log(s))
    assert_close(quality_focal(logit, y), by_hand)


def test_the_box_loss_is_torchvisions_weighted_by_quality() -> None:
    """Complete IoU of the places that learn a person, weighted by and normalised with their quality."""
    grid = grid_of(CANVAS)
    boxes = torch.cat([grid[0] - 12, grid[0] + 18], 1)[None]
    logits = torch.zeros(1, 126)
    losses, (assigned,) = body_losses(logits, boxes, [one_person()], grid)
    taken = assigned.person >= 0
    every = complete_box_iou_loss(boxes[0][taken], one_person().boxes.expand(int(taken.sum()), 4))
    wanted = (every * assigned.quality[taken]).sum() / assigned.quality.sum().clamp(1.0)
    assert_close(losses["box"], wanted)


def test_an_ignore_box_carries_no_loss_inside() -> None:
    """Scores inside an ignore box get no gradient; those outside do."""
    grid = grid_of(CANVAS)
    logits = torch.full((1, 126), 0.5, requires_grad=True)
    boxes = torch.cat([grid[0] - 8, grid[0] + 8], 1)[None]
    losses, _ = body_losses(logits, boxes, [one_person(weight=0.0)], grid)
    losses["score"].backward()
    box = one_person().boxes[0]
    inside = ((grid[0] > box[:2]) & (grid[0] < box[2:])).all(1)
    assert logits.grad is not None
    assert (logits.grad[0][inside] == 0).all()
    assert (logits.grad[0][~inside] > 0).all()


@pytest.fixture
def assigned() -> Assignment:
    """Two places learn the person, one less than the other."""
    person = torch.full((126,), -1)
    person[[30, 31]] = 0
    quality = torch.zeros(126)
    quality[30], quality[31] = 0.9, 0.4
    return Assignment(quality, person, torch.zeros(126, dtype=torch.bool))


def head_gradients(assigned: Assignment, head_weight: float) -> tuple[torch.Tensor, torch.Tensor, float]:
    """Gradients of head logits and boxes, and the summed box loss before its normalisation."""
    logits = torch.zeros(1, 126, requires_grad=True)
    boxes = torch.tensor([26.0, 8.0, 37.0, 22.0]).repeat(1, 126, 1).requires_grad_()
    losses = head_losses(HeadPrediction(logits, boxes), [one_person(head_weight)], [assigned])
    total(losses, LossWeights()).backward()
    assert logits.grad is not None
    assert boxes.grad is not None
    return logits.grad[0], boxes.grad[0], float(losses["head_box"].detach())


def test_a_missing_head_carries_no_loss(assigned: Assignment) -> None:
    """A person without an annotated head teaches the branch neither box nor score; background still does."""
    logits, boxes, _ = head_gradients(assigned, 0.0)
    assert (boxes == 0).all()
    assert (logits[[30, 31]] == 0).all()
    assert (logits[:30] > 0).all()


def test_a_teachers_head_weighs_half(assigned: Assignment) -> None:
    """Head score gradients of a teacher's head are half those of a drawn one."""
    by_hand, _, _ = head_gradients(assigned, 1.0)
    by_teacher, _, _ = head_gradients(assigned, 0.5)
    assert_close(by_teacher[[30, 31]], by_hand[[30, 31]] * (1.3 / 1.0) * 0.5)  # the norm: 1.3 by hand, 0.65 -> 1
