"""A wide network made narrow."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from detector.model.network import Network
from detector.training.narrow import narrow
from detector.training.recipes import RECIPES
from detector.training.train import Run, train

WIDE = ((32,), (32,), (32,), (32,), (32,), (32,))
SLIM = ((32,), (16,), (32,), (32,), (16,), (32,))


def lively(wides: tuple[tuple[int, ...], ...]) -> Network:
    """A small network whose features are neither dead nor without bounds."""
    torch.manual_seed(1)
    network = Network(width=8, wides=wides)
    for block in network.trunk.block_list():
        torch.nn.init.normal_(block.project.weight, std=0.3)
    return network.eval()


def test_channels_that_do_nothing_go_without_a_trace() -> None:
    """Half of two blocks' channels have no weight in the output: the narrow network answers like the wide one."""
    wide = lively(WIDE)
    with torch.no_grad():
        for index in (1, 4):
            wide.trunk.block_list()[index].project.weight[:, ::2] = 0.0
        target = Network(width=8, wides=SLIM)
        pictures = torch.randn(2, 3, 64, 96)
        narrow(wide, target, pictures)
        for ours, reference in zip(target.eval()(pictures), wide(pictures), strict=True):
            torch.testing.assert_close(ours, reference, rtol=1e-4, atol=1e-4)


def test_a_constant_channel_goes_into_the_shift() -> None:
    """Channels that always say the same are dropped first, and what they said stays."""
    wide = lively(WIDE)
    with torch.no_grad():
        depthwise = wide.trunk.block_list()[4].depthwise
        depthwise.weight[::2] = 0.0
        depthwise.shift[::2] = 2.0
        target = Network(width=8, wides=((32,), (32,), (32,), (32,), (16,), (32,)))
        pictures = torch.randn(2, 3, 64, 96)
        narrow(wide, target, pictures)
        for ours, reference in zip(target.eval()(pictures), wide(pictures), strict=True):
            torch.testing.assert_close(ours, reference, rtol=1e-3, atol=1e-3)


@pytest.mark.slow
def test_a_run_can_start_from_another(tmp_path: Path, drawn: Path) -> None:
    """The first loss of a run that starts from a trained one is nearer to that one's last than to its first."""
    first = Run(data=drawn, out=tmp_path / "a", cache=tmp_path / "cache", workers=0)
    recipe = replace(RECIPES["tiny"], epochs=5, plain_epochs=5, rate=3e-3, trunk_rate=3e-3, ema_decay=0.5)
    rows = train(recipe, first)
    again = replace(recipe, epochs=1, rate=1e-5, trunk_rate=1e-5)
    (row,) = train(again, replace(first, out=tmp_path / "b", start=tmp_path / "a"))
    assert abs(row["box"] - rows[-1]["box"]) < abs(row["box"] - rows[0]["box"])


def test_neck_and_heads_become_narrower_without_a_trace() -> None:
    """Half of the neck's channels are constant: a neck of half the width answers the same."""
    wide = lively(WIDE)
    with torch.no_grad():
        for layer in [*wide.neck.lateral, *wide.neck.mix]:
            layer.norm.weight[::2] = 0.0
            layer.norm.bias[::2] = 0.3
        for head in wide.level_heads():
            for tower in (head.score_tower, head.box_tower):
                tower.norm.weight[::2] = 0.0
                tower.norm.bias[::2] = 0.2
        target = Network(width=4, wides=WIDE)
        pictures = torch.randn(2, 3, 128, 192)
        narrow(wide, target, pictures)
        for (ours, _), (reference, _) in zip(
            each_level(target.eval(), pictures), each_level(wide, pictures), strict=True
        ):
            inner = (slice(None), slice(None), slice(3, -3), slice(3, -3))  # zeros beyond the border are no constant
            torch.testing.assert_close(ours[inner], reference[inner], rtol=1e-3, atol=1e-3)


def each_level(network: Network, pictures: torch.Tensor) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Score and box maps of every level."""
    return [head(level) for head, level in zip(network.level_heads(), network.features(pictures), strict=True)]
