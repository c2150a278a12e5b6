"""Several processes that train one network together, as torchrun starts them; one process alone is the plain case.

The batch of a recipe is the whole one: each process takes its share of it, the losses are normalised over all of it,
and so are the batch norms. So the run is the same on one process or on many, up to rounding, and a checkpoint of one
continues on the other.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
import torch.distributed as dist
import torch.nn.functional as F
from torch import Tensor, nn


@dataclass(frozen=True)
class Ranks:
    """Which of how many processes this is; `local` counts on this machine."""

    rank: int = 0
    count: int = 1
    local: int = 0

    @property
    def is_first(self) -> bool:
        """Whether this process writes checkpoints and logs."""
        return self.rank == 0

    def wait(self) -> None:
        """Until every process is here."""
        if self.count > 1:
            dist.barrier()


@contextmanager
def joined() -> Iterator[Ranks]:
    """Joins the others that torchrun has started (its environment tells); leaves them at the end."""
    count = int(os.environ.get("WORLD_SIZE", "1"))
    if count == 1:
        yield Ranks()
        return
    dist.init_process_group("nccl" if torch.cuda.is_available() else "gloo")
    try:
        yield Ranks(dist.get_rank(), count, int(os.environ.get("LOCAL_RANK", "0")))
    finally:
        dist.destroy_process_group()


def in_parallel(model: nn.Module, ranks: Ranks) -> nn.Module:
    """The model, or a wrapper of it whose gradients are the mean over all processes."""
    if ranks.count == 1:
        return model
    return nn.parallel.DistributedDataParallel(model, forward_sync_buffers=False)


def mean_over_ranks(value: Tensor) -> Tensor:
    """The mean of a value over all processes, without a gradient; the value itself where there is one process."""
    if not (dist.is_available() and dist.is_initialized()):
        return value
    summed = value.detach().clone()
    dist.all_reduce(summed)
    return summed / dist.get_world_size()


def share_norms(module: nn.Module, ranks: Ranks) -> None:
    """Lets every batch norm see the batches of all processes."""
    if ranks.count == 1:
        return
    for name, child in module.named_children():
        if isinstance(child, nn.BatchNorm2d):
            shared = SharedNorm(child.num_features, child.eps, child.momentum)
            shared.load_state_dict(child.state_dict())
            setattr(module, name, shared)
        else:
            share_norms(child, ranks)


class SharedNorm(nn.BatchNorm2d):
    """A batch norm over all processes, on any device (torch's own needs GPUs)."""

    def forward(self, x: Tensor) -> Tensor:
        """Takes x (N, C, H, W) -> the same shape."""
        if not self.training:
            return super().forward(x)
        whole = x.float()
        sums: Tensor = _Sum.apply(torch.cat([whole.sum((0, 2, 3)), whole.square().sum((0, 2, 3))]))
        count = x.numel() // x.shape[1] * dist.get_world_size()
        mean, square = (sums / count).chunk(2)
        variance = square - mean.square()
        self._remember(mean.detach(), variance.detach() * (count / max(count - 1, 1)))
        gain = (variance + self.eps).rsqrt() * self.weight
        return F.conv2d(whole, gain[:, None, None, None], self.bias - mean * gain, groups=len(gain)).to(x.dtype)

    @torch.no_grad()
    def _remember(self, mean: Tensor, variance: Tensor) -> None:
        momentum = self.momentum or 0.0
        for running, new in ((self.running_mean, mean), (self.running_var, variance)):
            assert running is not None  # noqa: S101  track_running_stats is on
            running.lerp_(new, momentum)
        if self.num_batches_tracked is not None:
            self.num_batches_tracked.add_(1)


class _Sum(torch.autograd.Function):
    """The sum over all processes; its gradient is the sum of theirs."""

    @staticmethod
    def forward(ctx: Any, value: Tensor) -> Tensor:
        summed = value.clone()
        dist.all_reduce(summed)
        return summed

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        summed = gradient.clone()
        dist.all_reduce(summed)
        return summed
