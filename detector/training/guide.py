"""A trained network guides a smaller one, place by place (distill.py does the same with boxes of any teacher).

Three things are matched: the trunk's features at the three levels, which both have in the same channels; the scores of
all places, by the quality focal loss with the guide's score as quality; and the boxes, where the guide is fairly sure.
In its first epochs only the way to the first level learns: a stem that has no counterpart in the guide has to become
one before anything behind it makes sense of it, and that costs half the time and needs no label.
"""

from typing import Any

import torch
from torch import Tensor, nn
from torchvision.ops import complete_box_iou_loss

from detector.model.network import Network
from detector.training.losses import quality_focal

LEAST_GUIDE_SCORE = 0.1  # boxes of places below are nobody's


class Guided(nn.Module):
    """A network with its guide beside it: forward tells logits, boxes and the guide's losses.

    Args:
        network: what learns.
        guide: a trained network with the same levels; it never learns and is in no state dict.
    """

    def __init__(self, network: Network, guide: Network) -> None:
        super().__init__()
        self.network = network
        self.guide = (guide.eval().requires_grad_(False),)  # a tuple hides it from state dict, train() and optimiser
        self.only_stem = False

    def _apply(self, *args: Any, **kwargs: Any) -> "Guided":
        """What moves the network moves the guide."""
        super()._apply(*args, **kwargs)  # type: ignore[no-untyped-call]
        self.guide[0]._apply(*args, **kwargs)  # type: ignore[no-untyped-call]
        return self

    def forward(self, pictures: Tensor) -> tuple[Tensor | None, Tensor | None, dict[str, Tensor]]:
        """Takes pictures (N, 3, H, W) normalised -> logits (N, P), boxes (N, P, 4), losses by name.

        While only the stem learns there are no logits and boxes.
        """
        guide = self.guide[0]
        if self.only_stem:
            with torch.no_grad():
                wanted = guide.trunk.fine(pictures)
            return None, None, {"hint": hint_loss(self.network.trunk.fine(pictures), wanted)}
        with torch.no_grad():
            wanted_levels = guide.trunk(pictures)
            wanted_logits, wanted_boxes = guide.predict(guide.neck(wanted_levels))
        levels = self.network.trunk(pictures)
        logits, boxes = self.network.predict(self.network.neck(levels))
        hint = torch.stack([hint_loss(*pair) for pair in zip(levels, wanted_levels, strict=True)]).mean()
        soft = soft_losses(logits.float(), boxes.float(), wanted_logits.float(), wanted_boxes.float())
        return logits, boxes, {"hint": hint, **soft}


def hint_loss(features: Tensor, wanted: Tensor) -> Tensor:
    """Mean square distance of features (N, C, H, W), each channel in units of its own variance in `wanted`."""
    wanted = wanted.float()
    spread = wanted.var((0, 2, 3), keepdim=True) + 1e-4
    return ((features.float() - wanted).square() / spread).mean()


def soft_losses(logits: Tensor, boxes: Tensor, wanted_logits: Tensor, wanted_boxes: Tensor) -> dict[str, Tensor]:
    """Score and box loss against the guide's answers at all places, normalised by the guide's summed scores."""
    quality = wanted_logits.sigmoid()
    norm = quality.sum().clamp(1.0)
    sure = quality > LEAST_GUIDE_SCORE
    overlap = complete_box_iou_loss(boxes[sure], wanted_boxes[sure]) * quality[sure]
    return {
        "soft_score": quality_focal(logits, quality).sum() / norm,
        "soft_box": overlap.sum() / quality[sure].sum().clamp(1.0),
    }
