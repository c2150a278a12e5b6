"""A trained network guides a smaller one."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from detector.model.layers import ConvNormRelu
from detector.model.network import Network, build_network
from detector.training.guide import Guided, hint_loss, soft_losses
from detector.training.recipes import RECIPES
from detector.training.run import Run
from detector.training.train import train


def test_the_guide_itself_has_nothing_to_learn(tiny: Network) -> None:
    """A network that is its guide has no hint loss, no box loss and no score loss."""
    logits, boxes, losses = Guided(tiny, tiny).eval()(torch.randn(1, 3, 64, 96))
    assert logits is not None
    assert boxes is not None
    assert losses["hint"] == 0
    assert losses["soft_score"] == 0
    assert losses["soft_box"] == pytest.approx(0, abs=1e-4)


def test_a_hint_counts_each_channel_in_its_own_spread() -> None:
    """Half a deviation off in every channel costs a quarter, however large the channel's values are."""
    wanted = torch.randn(2, 3, 16, 16) * torch.tensor([1.0, 10.0, 100.0]).view(1, 3, 1, 1)
    off = wanted + 0.5 * wanted.std((0, 2, 3), keepdim=True)
    assert hint_loss(off, wanted) == pytest.approx(0.25, rel=0.01)


def test_boxes_of_unlikely_places_are_nobodys() -> None:
    """Where the guide sees nobody the box may be anything; where it sees somebody it may not."""
    boxes = torch.tensor([[[0.0, 0, 10, 10], [0, 0, 10, 10]]])
    moved = boxes + torch.tensor([[[0.0], [5.0]]])
    logits = torch.tensor([[2.0, -5.0]])
    assert soft_losses(logits, moved, logits, boxes)["soft_box"] == pytest.approx(0, abs=1e-5)
    assert soft_losses(logits, moved, -logits, boxes)["soft_box"] > 0.1


def test_the_guide_never_learns_and_is_not_saved() -> None:
    """No parameter of the guide is in the state dict, gets a gradient or leaves evaluation mode."""
    guide = build_network("tiny")
    model = Guided(build_network("tiny-quick"), guide).train()
    model.only_stem = True
    _, _, losses = model(torch.randn(2, 3, 64, 96))
    losses["hint"].backward()
    assert all(name.startswith("network.") for name in model.state_dict())
    assert all(parameter.grad is None for parameter in guide.parameters())
    assert not guide.training
    first = next(layer for layer in model.network.trunk.stem.modules() if isinstance(layer, ConvNormRelu))
    assert first.conv.weight.grad is not None
    assert first.conv.weight.grad.abs().sum() > 0
    assert all(parameter.grad is None for parameter in model.network.heads.parameters())


@pytest.mark.slow
def test_a_guided_run_learns_the_stem_first(tmp_path: Path, drawn: Path) -> None:
    """The first epoch has the hint alone; the next has labels, hint and soft targets; a new start continues it."""
    first = Run(data=drawn, out=tmp_path / "wide", cache=tmp_path / "cache", workers=0)
    train(replace(RECIPES["tiny"], epochs=1), first)
    quick = replace(first, out=tmp_path / "quick", start=tmp_path / "wide")
    recipe = replace(RECIPES["tiny-quick"], evaluate_every=9)
    (stem,) = train(recipe, quick, stop_after=1)
    (whole,) = train(recipe, quick)
    assert {"score", "box", "soft_score"}.isdisjoint(stem)
    assert {"hint", "score", "box", "soft_score", "soft_box"} <= set(whole)


@pytest.mark.slow
def test_a_run_goes_on_from_one_network_and_is_guided_by_another(tmp_path: Path, drawn: Path) -> None:
    """Started from a quick run and guided by a wide one it learns whole from its first epoch on."""
    wide = Run(data=drawn, out=tmp_path / "wide", cache=tmp_path / "cache", workers=0)
    train(replace(RECIPES["tiny"], epochs=1), wide)
    quick = replace(wide, out=tmp_path / "quick", start=tmp_path / "wide")
    recipe = replace(RECIPES["tiny-quick"], evaluate_every=9, epochs=1, stem_epochs=0)
    train(recipe, quick)
    again = replace(quick, out=tmp_path / "again", start=tmp_path / "quick", guide=tmp_path / "wide")
    (row,) = train(recipe, again)
    assert {"hint", "score", "box", "soft_score", "soft_box"} <= set(row)
    (alone,) = train(recipe, replace(again, out=tmp_path / "alone", guide=None))
    assert alone["hint"] < row["hint"]  # guided by the very network that it starts from
