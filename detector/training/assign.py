"""Task-aligned assignment (Feng et al. 2021, TOOD): which places learn which person, and how sure they should be."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torchvision.ops import box_iou

TOP_PLACES = 10  # places a person may teach
SCORE_POWER, IOU_POWER = 0.5, 6.0
LEAST_HALF_SIDE = 0.75  # in strides: a person smaller than a place still has places inside


@dataclass(frozen=True, eq=False)
class Assignment:
    """For each of P places of one picture.

    Attributes:
        quality: (P,) float32 in [0, 1], the score to learn; 0 for background.
        person: (P,) int64, which person; -1 for background.
        free: (P,) bool, neither right nor wrong: inside an ignore box and nobody's place.
    """

    quality: Tensor
    person: Tensor
    free: Tensor


@torch.no_grad()
def assign(scores: Tensor, boxes: Tensor, grid: tuple[Tensor, Tensor], people: tuple[Tensor, Tensor]) -> Assignment:
    """Gives each person of one picture its best places.

    Args:
        scores: (P,) in [0, 1], as predicted now.
        boxes: (P, 4) xyxy px, as predicted now.
        grid: centres (P, 2) px and strides (P,) px of the places.
        people: boxes (M, 4) xyxy px and weights (M,); weight 0 is an ignore box, a weight below 1 a soft label.
    """
    centres, strides = grid
    all_boxes, all_weights = people
    ignored = all_boxes[all_weights <= 0]
    free = _inside(centres, ignored).any(1) if len(ignored) else torch.zeros_like(scores, dtype=torch.bool)
    real = (all_weights > 0).nonzero().squeeze(1)
    quality, person = torch.zeros_like(scores), torch.full_like(scores, -1, dtype=torch.int64)
    if len(real) == 0:
        return Assignment(quality, person, free)
    targets, weights = all_boxes[real], all_weights[real]
    iou = box_iou(boxes, targets)  # (P, M)
    fit = scores.clamp(1e-6)[:, None] ** SCORE_POWER * iou**IOU_POWER
    fit = fit.where(_inside(centres, _at_least(targets, strides)), torch.full_like(fit, -1.0))
    top, index = fit.topk(min(TOP_PLACES, len(fit)), dim=0)  # (k, M)
    chosen = torch.zeros_like(fit, dtype=torch.bool).scatter_(0, index, top > -1.0)
    owner_iou, owner = iou.where(chosen, torch.full_like(iou, -1.0)).max(1)  # a contested place: the better overlap
    taken = owner_iou > -1.0
    mine = chosen & (torch.arange(len(targets), device=owner.device) == owner[:, None])
    own_fit, own_iou = fit.where(mine, torch.zeros_like(fit)), iou.where(mine, torch.zeros_like(iou))
    normal = own_fit / own_fit.max(0).values.clamp(1e-12) * own_iou.max(0).values * weights  # (P, M)
    quality = normal.gather(1, owner[:, None]).squeeze(1).where(taken, quality)
    return Assignment(quality, real[owner].where(taken, person), free & ~taken)


def _inside(centres: Tensor, boxes: Tensor) -> Tensor:
    """(P, M) bool: whether a centre lies in a box; boxes (M, 4), or (P, M, 4) where they differ by place."""
    low, high = boxes[..., :2], boxes[..., 2:]
    return ((centres[:, None] > low) & (centres[:, None] < high)).all(-1)


def _at_least(boxes: Tensor, strides: Tensor) -> Tensor:
    """(P, M, 4): boxes (M, 4) grown about their middles to a least size that depends on the place's stride."""
    middle, half = (boxes[:, :2] + boxes[:, 2:]) / 2, (boxes[:, 2:] - boxes[:, :2]) / 2
    grown = half[None].maximum(strides[:, None, None] * LEAST_HALF_SIDE)
    return torch.cat([middle - grown, middle + grown], -1)
