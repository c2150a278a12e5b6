"""The two convolutions the network is built of."""

from collections.abc import Callable
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

ConvOp = Callable[[Tensor, Tensor, Tensor, int], Tensor]


def depthwise(x: Tensor, weight: Tensor, bias: Tensor, stride: int) -> Tensor:
    """Depthwise convolution: x (N, C, H, W), weight (C, 1, k, k), bias (C,) -> (N, C, H / stride, W / stride)."""
    return F.conv2d(x, weight, bias, stride, weight.shape[-1] // 2, groups=len(weight))


def dense(x: Tensor, weight: Tensor, bias: Tensor, stride: int) -> Tensor:
    """Convolution over all channels: x (N, I, H, W), weight (O, I, k, k), bias (O,) -> (N, O, H, W) / stride."""
    return F.conv2d(x, weight, bias, stride, weight.shape[-1] // 2)


class StillConv(nn.Module):
    """A convolution of the trunk with its batch statistics held still.

    The statistics are those of ImageNet, and they are folded into the weights on the way through: a batch of 16 has
    no better ones, and no activation is touched twice. Scale and shift still learn.

    Args:
        channels: (in, out).
        kernel: side of the square kernel, odd.
        stride: 1 or 2.
        depthwise: one kernel a channel; in and out must be equal.
        relu6: whether ReLU6 follows.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, channels: tuple[int, int], *, kernel: int, stride: int, is_depthwise: bool, relu6: bool) -> None:
        super().__init__()
        inside, out = channels
        self.stride, self.relu6 = stride, relu6
        self.op: ConvOp = depthwise if is_depthwise else dense
        self.weight = nn.Parameter(torch.empty(out, 1 if is_depthwise else inside, kernel, kernel))
        nn.init.kaiming_normal_(self.weight, mode="fan_out", nonlinearity="relu")
        self.scale = nn.Parameter(torch.ones(out))
        self.shift = nn.Parameter(torch.zeros(out))
        self.register_buffer("mean", torch.zeros(out))
        self.register_buffer("std", torch.ones(out))

    def forward(self, x: Tensor) -> Tensor:
        """Takes x (N, in, H, W) -> (N, out, H / stride, W / stride)."""
        gain = self.scale / self.std
        y = self.op(x, self.weight * gain[:, None, None, None], self.shift - self.mean * gain, self.stride)
        return F.relu6(y, inplace=True) if self.relu6 else y


class ConvNormRelu(nn.Sequential):
    """Convolution without bias, batch norm, ReLU: the part that everything above the trunk is made of."""

    def __init__(self, inside: int, out: int, kernel: int = 3, stride: int = 1) -> None:
        super().__init__(
            nn.Conv2d(inside, out, kernel, stride, kernel // 2, bias=False),
            nn.BatchNorm2d(out, momentum=0.03),
            nn.ReLU(inplace=True),
        )

    @property
    def conv(self) -> nn.Conv2d:
        """The convolution."""
        return cast(nn.Conv2d, self[0])

    @property
    def norm(self) -> nn.BatchNorm2d:
        """The batch norm."""
        return cast(nn.BatchNorm2d, self[1])
