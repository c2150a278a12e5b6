"""A wide network made narrow."""

from dataclasses import replace
from pathlib import Path

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


def test_a_run_can_start_from_another(tmp_path: Path, drawn: Path) -> None:
    """The first loss of a run that starts from a trained one is nearer to that one's last than to its first."""
    first = Run(data=drawn, out=tmp_path / "a", cache=tmp_path / "cache", workers=0)
    recipe = replace(RECIPES["tiny"], epochs=5, plain_epochs=5, rate=3e-3, trunk_rate=3e-3, ema_decay=0.5)
    rows = train(recipe, first)
    again = replace(recipe, epochs=1, rate=1e-5, trunk_rate=1e-5)
    (row,) = train(again, replace(first, out=tmp_path / "b", start=tmp_path / "a"))
    assert abs(row["box"] - rows[-1]["box"]) < abs(row["box"] - rows[0]["box"])
