"""What is minimised: a quality focal loss on scores, complete IoU on boxes, and the head branch's two."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor
from torchvision.ops import complete_box_iou_loss, generalized_box_iou_loss

from detector.model.network import STRIDES, places
from detector.training.assign import Assignment, assign
from detector.training.head_branch import HeadPrediction
from detector.training.ranks import mean_over_ranks


@dataclass(frozen=True)
class LossWeights:
    """How much each part counts."""

    score: float = 1.0
    box: float = 2.0
    head_box: float = 0.5
    head_score: float = 0.25
    hint: float = 1.0
    soft_score: float = 1.0
    soft_box: float = 1.0


@dataclass(frozen=True, eq=False)
class Target:
    """The people of one picture as tensors: boxes (M, 4), weights (M,), heads (M, 4), head_weights (M,)."""

    boxes: Tensor
    weights: Tensor
    heads: Tensor
    head_weights: Tensor


def grid_of(canvas: tuple[int, int], device: torch.device | None = None) -> tuple[Tensor, Tensor]:
    """Centres (P, 2) px and strides (P,) px of all places of a canvas (width, height), fine levels first."""
    sizes = [(canvas[1] // stride, canvas[0] // stride) for stride in STRIDES]
    centres = [places(size, stride, device) for size, stride in zip(sizes, STRIDES, strict=True)]
    strides = [torch.full((len(level),), float(s), device=device) for level, s in zip(centres, STRIDES, strict=True)]
    return torch.cat(centres), torch.cat(strides)


def quality_focal(logits: Tensor, quality: Tensor) -> Tensor:
    """|quality - score|^2 * binary cross-entropy, elementwise (Li et al. 2020, equation 2, beta 2)."""
    score = logits.sigmoid()
    return F.binary_cross_entropy_with_logits(logits, quality, reduction="none") * (quality - score).square()


def body_losses(
    logits: Tensor, boxes: Tensor, targets: list[Target], grid: tuple[Tensor, Tensor]
) -> tuple[dict[str, Tensor], list[Assignment]]:
    """Score and box loss of a batch, normalised by the summed quality.

    Args:
        logits: (N, P) float32.
        boxes: (N, P, 4) xyxy px float32.
        targets: the N pictures' people.
        grid: see grid_of.
    """
    scores = logits.detach().sigmoid()
    assigned = [
        assign(scores[i], boxes[i].detach(), grid, (target.boxes, target.weights)) for i, target in enumerate(targets)
    ]
    quality = torch.stack([a.quality for a in assigned])  # (N, P)
    free = torch.stack([a.free for a in assigned])
    norm = mean_over_ranks(quality.sum()).clamp(1.0)
    score_loss = quality_focal(logits, quality).masked_fill(free, 0.0).sum() / norm
    predicted, wanted, weight = [], [], []
    for i, (target, a) in enumerate(zip(targets, assigned, strict=True)):
        taken = a.person >= 0
        predicted.append(boxes[i][taken])
        wanted.append(target.boxes[a.person[taken]])
        weight.append(a.quality[taken])
    box_loss = (complete_box_iou_loss(torch.cat(predicted), torch.cat(wanted)) * torch.cat(weight)).sum() / norm
    return {"score": score_loss, "box": box_loss}, assigned


def head_losses(prediction: HeadPrediction, targets: list[Target], assigned: list[Assignment]) -> dict[str, Tensor]:
    """Head score and head box loss; a person without an annotated head carries none."""
    box_sum, score_sum = prediction.boxes.sum() * 0.0, prediction.logits.sum() * 0.0
    norm = prediction.logits.new_zeros(())
    for i, (target, a) in enumerate(zip(targets, assigned, strict=True)):
        taken = a.person >= 0
        weight = torch.zeros_like(a.quality)
        weight[taken] = target.head_weights[a.person[taken]]
        known = weight > 0
        loss = generalized_box_iou_loss(prediction.boxes[i][known], target.heads[a.person[known]])
        importance = (weight * a.quality)[known]
        box_sum = box_sum + (loss * importance).sum()
        background = ~taken & ~a.free
        quality = a.quality.where(known, torch.zeros_like(a.quality))
        losses = quality_focal(prediction.logits[i], quality) * weight.where(known, background.to(weight.dtype))
        score_sum = score_sum + losses.sum()
        norm = norm + importance.sum()
    norm = mean_over_ranks(norm).clamp(1.0)
    return {"head_score": score_sum / norm, "head_box": box_sum / norm}


def total(parts: dict[str, Tensor], weights: LossWeights) -> Tensor:
    """The weighted sum of the parts."""
    return torch.stack([part * getattr(weights, name) for name, part in parts.items()]).sum()
