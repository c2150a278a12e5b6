"""Checkpoints: written whole or not at all, and only continued under the recipe that made them."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from detector.model.network import Network, build_network
from detector.training.recipes import Recipe

if TYPE_CHECKING:
    from detector.training.train import Learner


class TrainingError(Exception):
    """Training cannot start or go on; the message says why and what to do."""


def save(path: Path, recipe: Recipe, learner: "Learner", epoch: int) -> None:
    """Everything that the next epoch depends on; beside the target first, so that a kill leaves the old checkpoint."""
    content = {
        "recipe": recipe.as_dict(),
        "epoch": epoch,
        "model": learner.model.state_dict(),
        "ema": learner.ema.average.state_dict(),
        "ema_updates": learner.ema.updates,
        "optimiser": learner.optimiser.state_dict(),
        "rng": torch.get_rng_state(),
    }
    part = path.with_suffix(".part")
    torch.save(content, part)
    os.replace(part, path)


def resume(path: Path, recipe: Recipe, learner: "Learner") -> int:
    """Loads the checkpoint, if there is one, into the learner; gives the epochs that are done."""
    if not path.exists():
        return 0
    saved = torch.load(path, map_location="cpu", weights_only=True)
    if saved["recipe"] != recipe.as_dict():
        changed = [key for key, value in recipe.as_dict().items() if saved["recipe"].get(key) != value]
        raise TrainingError(
            f"{path} was made by another recipe ({', '.join(changed)} differ); choose another --out or delete it"
        )
    learner.model.load_state_dict(saved["model"])
    learner.ema.average.load_state_dict(saved["ema"])
    learner.ema.updates = saved["ema_updates"]
    learner.optimiser.load_state_dict(saved["optimiser"])
    torch.set_rng_state(saved["rng"])
    return int(saved["epoch"])


def averaged_network(run: Path) -> Network:
    """The averaged weights of a run, in the network of its recipe, in evaluation mode."""
    path = run / "checkpoint.pt"
    try:
        saved = torch.load(path, map_location="cpu", weights_only=True)
    except OSError as error:
        raise TrainingError(f"{path}: cannot be read ({error.strerror}); name the --out folder of a run") from error
    network = build_network(saved["recipe"]["network"])
    network.load_state_dict(saved["ema"])
    return network.eval()
