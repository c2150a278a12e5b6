"""The network as it is deployed: trunk, top-down neck, one head a level; knows nothing of training."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from detector.model.layers import ConvNormRelu
from detector.model.trunk import (
    AFTER_PLAIN,
    LEVEL_CHANNELS,
    LITE0,
    NARROW,
    PLAIN_STEM,
    TINY,
    TINY_STEM,
    PlainPlan,
    Trunk,
    Wides,
)

STRIDES = (8, 16, 32)  # input pixels between two neighbouring places of a level
PIXEL_MEAN = (123.675, 116.28, 103.53)  # of ImageNet, RGB, 0..255
PIXEL_STD = (58.395, 57.12, 57.375)
PRIOR = 0.01  # the score of every place before training: people are rare


class Neck(nn.Module):
    """Top-down feature pyramid (Lin et al. 2017): coarse levels tell fine ones what they see."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.lateral = nn.ModuleList(ConvNormRelu(channels, width, kernel=1) for channels in LEVEL_CHANNELS)
        self.mix = nn.ModuleList(ConvNormRelu(width, width) for _ in LEVEL_CHANNELS)

    def forward(self, levels: tuple[Tensor, ...]) -> list[Tensor]:
        """Three levels, each (N, C_i, H_i, W_i) -> three of (N, width, H_i, W_i)."""
        laterals = [lateral(level) for lateral, level in zip(self.lateral, levels, strict=True)]
        above = self.mix[-1](laterals[-1])
        mixed = [above]
        for lateral, mix in zip(laterals[-2::-1], list(self.mix)[-2::-1], strict=True):
            above = mix(lateral + F.interpolate(above, scale_factor=2.0, mode="nearest"))
            mixed.insert(0, above)
        return mixed


class LevelHead(nn.Module):
    """From the shared features of one level: a score logit and four log distances at each place."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.score_tower = ConvNormRelu(width, width)
        self.box_tower = ConvNormRelu(width, width)
        self.score = nn.Conv2d(width, 1, 1)
        self.box = nn.Conv2d(width, 4, 1)
        nn.init.normal_(self.score.weight, std=0.01)
        nn.init.normal_(self.box.weight, std=0.01)
        self.score.bias = nn.Parameter(torch.full((1,), -math.log(1 / PRIOR - 1)))
        self.box.bias = nn.Parameter(torch.ones(4))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Takes x (N, width, H, W) -> logits (N, 1, H, W), log of left, top, right, bottom in strides (N, 4, H, W)."""
        return self.score(self.score_tower(x)), self.box(self.box_tower(x))


class Network(nn.Module):
    """Person detector without anchors.

    Args:
        width: channels of neck and heads.
        wides: inner channels of the trunk's blocks.
        plain: the trunk's plain stem, or empty for the original's.
    """

    def __init__(self, *, width: int, wides: Wides = LITE0, plain: PlainPlan = ()) -> None:
        super().__init__()
        self.width = width
        self.trunk = Trunk(wides, plain)
        self.neck = Neck(width)
        self.heads = nn.ModuleList(LevelHead(width) for _ in STRIDES)

    def features(self, pictures: Tensor) -> list[Tensor]:
        """Takes pictures (N, 3, H, W) normalised, H and W multiples of 32 -> the shared features, a level each."""
        features: list[Tensor] = self.neck(self.trunk(pictures))
        return features

    def level_heads(self) -> list[LevelHead]:
        """The heads, fine levels first."""
        return [head for head in self.heads if isinstance(head, LevelHead)]

    def predict(self, features: list[Tensor]) -> tuple[Tensor, Tensor]:
        """Shared features -> logits (N, P), boxes (N, P, 4) xyxy in input pixels; P places, fine levels first."""
        logits, boxes = [], []
        for head, stride, level in zip(self.heads, STRIDES, features, strict=True):
            logit, distance = head(level)
            logits.append(logit.flatten(1))  # (N, 1, H, W) -> (N, H * W)
            boxes.append(decode(distance, stride))
        return torch.cat(logits, 1), torch.cat(boxes, 1)

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """Takes pictures (N, 3, H, W) normalised -> logits (N, P), boxes (N, P, 4) xyxy in input pixels."""
        return self.predict(self.features(pictures))


def decode(log_distance: Tensor, stride: int) -> Tensor:
    """Log of left, top, right, bottom in strides (N, 4, H, W) -> boxes (N, H * W, 4) xyxy in input pixels."""
    height, width = log_distance.shape[-2:]
    distance = log_distance.float().clamp(-6.0, 5.0).exp().flatten(2).transpose(1, 2)  # (N, H * W, 4)
    centre = places((height, width), stride, log_distance.device) / stride
    return torch.cat([centre - distance[..., :2], centre + distance[..., 2:]], -1) * stride


def places(size: tuple[int, int], stride: int, device: torch.device | None = None) -> Tensor:
    """Centres (H * W, 2) x y of the places of one level of (height, width) places, in input pixels."""
    y, x = torch.meshgrid(torch.arange(size[0], device=device), torch.arange(size[1], device=device), indexing="ij")
    return torch.stack([x.flatten(), y.flatten()], 1) * float(stride) + stride / 2


def normalise(pictures: Tensor) -> Tensor:
    """Takes uint8 (N, H, W, 3) RGB -> float32 (N, 3, H, W) with ImageNet's mean and deviation."""
    x = pictures.permute(0, 3, 1, 2).float()
    mean = torch.tensor(PIXEL_MEAN, device=x.device).view(1, 3, 1, 1)
    std = torch.tensor(PIXEL_STD, device=x.device).view(1, 3, 1, 1)
    return (x - mean) / std


def build_network(name: str) -> Network:
    """The one place that knows the sizes: "n" for training and for GPUs, its quick cut for CPUs, "tiny" for tests."""
    sizes: dict[str, tuple[int, Wides, PlainPlan]] = {
        "tiny": (8, TINY, ()),
        "tiny-quick": (8, TINY[3:], TINY_STEM),
        "n": (64, LITE0, ()),
        "n-narrow": (64, NARROW, ()),
        "n-quick": (48, AFTER_PLAIN, PLAIN_STEM),
    }
    if name not in sizes:
        raise ValueError(f"no network called {name!r}; there are {', '.join(sizes)}")
    width, wides, plain = sizes[name]
    return Network(width=width, wides=wides, plain=plain)
