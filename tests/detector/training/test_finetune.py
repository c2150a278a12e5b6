"""Shipped graphs back into networks, and fine-tuning from them."""

from pathlib import Path

import pytest
import torch

from detector.model.network import Network
from detector.runtime.manifest import WEIGHTS_DIR
from detector.training.checkpoint import TrainingError
from detector.training.finetune import Request, finetune, recipe_for, starting_network
from detector.training.recipes import RECIPES
from detector.training.restore import network_from_onnx, settled
from detector.training.train import Run, train


def request(tmp_path: Path, start: str, site: Path, **words: object) -> Request:
    """A quick one."""
    values = {"keep": 0.5, "replay": None, "epochs": 1, "compare": False, "workers": 0, **words}
    return Request(start, site, tmp_path / "out", tmp_path / "cache", **values)  # type: ignore[arg-type]


@pytest.mark.slow
def test_a_graph_comes_back_as_the_network_it_was(exported: tuple[Network, Path]) -> None:
    """From the initialisers alone: equal outputs, also once its norms have statistics of their own."""
    network, path = exported
    restored = network_from_onnx(path, "tiny")
    with torch.no_grad():
        x = torch.randn(2, 3, 64, 96)
        for _ in range(2):
            for ours, reference in zip(restored(x), network(x), strict=True):
                torch.testing.assert_close(ours, reference, rtol=1e-3, atol=1e-3)
            before = restored.neck.mix[0].norm.running_mean.clone()
            settled(restored, torch.randn(4, 3, 64, 96))
        assert not torch.equal(before, torch.zeros_like(before))


@pytest.mark.slow
def test_a_settled_network_trains_from_where_it_stands(exported: tuple[Network, Path]) -> None:
    """In training mode, on the pictures whose statistics it has, it answers nearly as in evaluation."""
    x = torch.randn(4, 3, 64, 96)
    restored = settled(network_from_onnx(exported[1], "tiny"), x)
    with torch.no_grad():
        still, moving = restored(x)[0], restored.train()(x)[0]
    assert (still - moving).abs().max() < 0.05 * still.std() + 1e-3


@pytest.mark.slow
def test_another_graph_is_refused(exported: tuple[Network, Path], tmp_path: Path) -> None:
    """The message names the file, the network and the first tensor that does not fit."""
    with pytest.raises(TrainingError, match=r"a\.onnx: holds no network 'n'.*trunk"):
        network_from_onnx(exported[1], "n")
    with pytest.raises(TrainingError, match="cannot be read"):
        network_from_onnx(tmp_path / "none.onnx", "tiny")


def test_every_shipped_model_can_be_started_from() -> None:
    """The product's own weights are enough: no checkpoint is needed."""
    recipe, network = starting_network("shipped")
    assert (WEIGHTS_DIR / "n-fp32.onnx").exists()
    assert recipe.canvas[0] % 32 == 0
    assert sum(p.numel() for p in network.parameters()) > 100_000


@pytest.mark.slow
def test_finetuning_tells_scores_before_and_after(drawn: Path, tmp_path: Path) -> None:
    """A row before, one after keeping, one after keeping nothing, each on the site and on old data; it continues."""
    start = tmp_path / "start"
    train(RECIPES["tiny"], Run(data=drawn, out=start, cache=tmp_path / "cache", workers=0), stop_after=1)
    words = request(tmp_path, str(start), drawn, replay=drawn, compare=True)
    rows = finetune(words)
    assert [row.name for row in rows] == ["before", "after, keep 0.5", "after, nothing kept"]
    assert all(row.site_ap50 == row.old_ap50 is not None for row in rows)
    assert (tmp_path / "out" / "replay.json").exists()
    assert finetune(words) == rows  # every run is done: nothing is trained again


def test_keep_weighs_the_old_against_the_labels(tmp_path: Path, drawn: Path) -> None:
    """0: labels only and no guide; 0.75: a quarter of the labels' weight; 1 is refused."""
    old = RECIPES["tiny"]
    nothing = recipe_for(old, request(tmp_path, "shipped", drawn, keep=0.0), 8)
    much = recipe_for(old, request(tmp_path, "shipped", drawn, keep=0.75), 8)
    assert (nothing.guided, nothing.loss.score, nothing.loss.soft_score) == (False, 1.0, 0.0)
    assert (much.guided, much.loss.score, much.loss.soft_score) == (True, 0.25, 0.75)
    with pytest.raises(TrainingError, match="keep must be from 0 to below 1, got 1"):
        finetune(request(tmp_path, "shipped", drawn, keep=1.0))
