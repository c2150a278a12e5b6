"""A running mean of the weights: what is evaluated and shipped."""

import copy

import torch
from torch import nn


class Ema:
    """Exponential moving average of a module's parameters and float buffers.

    Args:
        module: what is followed; `average` is a copy of it that never trains.
        decay: of the mean once it has warmed up; before that it follows faster.
    """

    def __init__(self, module: nn.Module, decay: float) -> None:
        self.average = copy.deepcopy(module).eval().requires_grad_(False)
        self.decay = decay
        self.updates = 0

    @torch.no_grad()
    def update(self, module: nn.Module) -> None:
        """Takes one step's weights in."""
        self.updates += 1
        keep = min(self.decay, (1 + self.updates) / (10 + self.updates))
        new = module.state_dict()
        for name, mean in self.average.state_dict().items():
            if mean.dtype.is_floating_point:
                mean.lerp_(new[name], 1 - keep)
            else:
                mean.copy_(new[name])
