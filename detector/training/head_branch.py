"""The head-box branch: wraps a network while it trains and is thrown away.

At every place it predicts, from the same shared features as the body, the box of the person's head and a score. It
adds nothing to the network: what is exported is `HeadBranch.network`, whose modules never knew of it.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from detector.model.layers import ConvNormRelu
from detector.model.network import STRIDES, Network, places


@dataclass(frozen=True, eq=False)
class HeadPrediction:
    """Head logits (N, P) and head boxes (N, P, 4) xyxy in input pixels."""

    logits: Tensor
    boxes: Tensor


class HeadBranch(nn.Module):
    """A network and, beside it, a small tower a level that finds heads."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network
        half = max(network.width // 2, 8)
        self.towers = nn.ModuleList(_tower(network.width, half) for _ in STRIDES)

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor, HeadPrediction]:
        """Takes pictures (N, 3, H, W) normalised -> body logits (N, P), body boxes (N, P, 4), heads."""
        features = self.network.features(pictures)
        logits, boxes = self.network.predict(features)
        raw = [tower(level) for tower, level in zip(self.towers, features, strict=True)]
        parts = [_decode(level, stride) for level, stride in zip(raw, STRIDES, strict=True)]
        return logits, boxes, HeadPrediction(torch.cat([p[0] for p in parts], 1), torch.cat([p[1] for p in parts], 1))


def _tower(width: int, half: int) -> nn.Sequential:
    """A level's convolutions to logit, offset x y and log size w h; at first no place is a head."""
    out = nn.Conv2d(half, 5, 1)
    nn.init.normal_(out.weight, std=0.01)
    out.bias = nn.Parameter(torch.tensor([-4.6, 0.0, 0.0, 0.0, 0.0]))
    return nn.Sequential(ConvNormRelu(width, half), out)


def _decode(raw: Tensor, stride: int) -> tuple[Tensor, Tensor]:
    """Takes raw (N, 5, H, W): logit, offset x y, log size w h in strides -> logits (N, H*W), boxes (N, H*W, 4) px."""
    size = (raw.shape[-2], raw.shape[-1])
    flat = raw.float().flatten(2).transpose(1, 2)  # (N, H*W, 5)
    centre = places(size, stride, raw.device) + flat[..., 1:3] * stride
    half = flat[..., 3:5].clamp(-5.0, 4.0).exp() * (stride / 2)
    return flat[..., 0], torch.cat([centre - half, centre + half], -1)
