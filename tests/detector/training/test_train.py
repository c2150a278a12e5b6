"""The training loop on a drawn data set."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from detector.shipping import load_network
from detector.training import train as training
from detector.training.checkpoint import TrainingError
from detector.training.recipes import RECIPES
from detector.training.train import Run, rate_share, train

TINY = RECIPES["tiny"]


def run_in(folder: Path, drawn: Path) -> Run:
    """A run without loader processes."""
    return Run(data=drawn, out=folder / "run", cache=folder / "cache", workers=0)


def without_clock(rows: list[dict[str, float]]) -> list[dict[str, float]]:
    """Log rows without their wall time."""
    return [{key: value for key, value in row.items() if key != "seconds"} for row in rows]


@pytest.mark.slow
def test_a_killed_run_continues_to_the_same_curve(tmp_path: Path, drawn: Path) -> None:
    """Stopped after one epoch and started again: losses and weights are those of a run that was never stopped."""
    recipe = replace(TINY, epochs=3, evaluate_every=3)
    whole = train(recipe, run_in(tmp_path / "a", drawn))
    first = train(recipe, run_in(tmp_path / "b", drawn), stop_after=1)
    rest = train(recipe, run_in(tmp_path / "b", drawn))
    assert without_clock(first + rest) == without_clock(whole)
    a, b = (load_network(tmp_path / side / "run")[0].state_dict() for side in "ab")
    assert all(torch.equal(a[name], b[name]) for name in a)
    assert "val_ap50" in whole[-1]


@pytest.mark.slow
def test_it_learns(tmp_path: Path, drawn: Path) -> None:
    """On eight pictures the loss falls by a fifth within a few epochs."""
    recipe = replace(TINY, epochs=6, rate=3e-3, trunk_rate=3e-3, evaluate_every=100, plain_epochs=6)
    rows = train(recipe, run_in(tmp_path, drawn))
    assert rows[-1]["box"] < 0.8 * rows[0]["box"]


def test_another_recipe_does_not_continue_a_run(tmp_path: Path, drawn: Path) -> None:
    """The message says what differs."""
    train(TINY, run_in(tmp_path, drawn), stop_after=1)
    with pytest.raises(TrainingError, match="rate differ"):
        train(replace(TINY, rate=0.5), run_in(tmp_path, drawn))


def test_a_loss_that_is_not_finite_stops_the_run(tmp_path: Path, drawn: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It stops at once and names every part of the loss."""
    honest = training.batch_losses

    def broken(*args: object) -> dict[str, torch.Tensor]:
        losses = honest(*args)  # type: ignore[arg-type]
        return {**losses, "box": losses["box"] * float("nan")}

    monkeypatch.setattr(training, "batch_losses", broken)
    with pytest.raises(TrainingError, match=r"epoch 1, batch 1.*'box': nan.*head_box"):
        train(TINY, run_in(tmp_path, drawn))


def test_too_few_pictures_are_told(tmp_path: Path, drawn: Path) -> None:
    """Less than one batch is refused with both numbers."""
    with pytest.raises(TrainingError, match="8 pictures are less than a batch of 64"):
        train(replace(TINY, batch=64), run_in(tmp_path, drawn))


def test_the_rate_warms_up_and_falls_along_a_cosine() -> None:
    """Full after the warm-up, half-way down in the middle, its last share at the end."""
    recipe = replace(TINY, warm_up_steps=10, final_rate_share=0.0)
    assert rate_share(0, 110, recipe) == pytest.approx(0.1)
    assert rate_share(10, 110, recipe) == pytest.approx(1.0)
    assert rate_share(60, 110, recipe) == pytest.approx(0.5)
    assert rate_share(110, 110, recipe) == pytest.approx(0.0)
