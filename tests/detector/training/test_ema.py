"""The running mean of weights."""

import torch
from torch import nn

from detector.training.ema import Ema


def test_follows_fast_at_first_and_slowly_later() -> None:
    """After the first step it keeps 2/11 of the old; after many it keeps its decay."""
    module = nn.Linear(1, 1, bias=False)
    nn.init.zeros_(module.weight)
    ema = Ema(module, 0.9)
    nn.init.ones_(module.weight)
    ema.update(module)
    assert torch.isclose(ema.average.weight, torch.tensor(9 / 11)).all()
    ema.updates = 10_000
    before = ema.average.weight.clone()
    ema.update(module)
    assert torch.isclose(ema.average.weight, before * 0.9 + 0.1).all()


def test_the_average_never_trains() -> None:
    """It asks for no gradients and counts batches like the module it follows."""
    module = nn.BatchNorm1d(2)
    ema = Ema(module, 0.9)
    module(torch.randn(4, 2))
    ema.update(module)
    assert not any(p.requires_grad for p in ema.average.parameters())
    assert ema.average.num_batches_tracked == 1
