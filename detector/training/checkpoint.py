"""Checkpoints: written whole or not at all, and only continued under the recipe that made them."""

import os
from dataclasses import MISSING, Field, asdict, dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from detector.model.network import Network, build_network
from detector.training.recipes import Recipe

if TYPE_CHECKING:
    from detector.training.train import Learner


class TrainingError(Exception):
    """Training cannot start or go on; the message says why and what to do."""


@dataclass(frozen=True)
class Progress:
    """How far a run is.

    Attributes:
        epoch: epochs that are done.
        step: batches done of the next one.
        sums: every loss summed over these batches, for the log.
    """

    epoch: int = 0
    step: int = 0
    sums: dict[str, float] = field(default_factory=dict)


def save(path: Path, recipe: Recipe, learner: "Learner", progress: Progress) -> None:
    """Everything that the next batch depends on; beside the target first, so that a kill leaves the old checkpoint."""
    content = {
        "recipe": recipe.as_dict(),
        "epoch": progress.epoch,
        "step": progress.step,
        "sums": progress.sums,
        "model": learner.model.state_dict(),
        "ema": learner.ema.average.state_dict(),
        "ema_updates": learner.ema.updates,
        "optimiser": learner.optimiser.state_dict(),
        "scaler": learner.precision.scaler.state_dict(),
        "rng": torch.get_rng_state(),
    }
    part = path.with_suffix(".part")
    torch.save(content, part)
    os.replace(part, path)


def resume(path: Path, recipe: Recipe, learner: "Learner") -> Progress:
    """Loads the checkpoint, if there is one, into the learner; tells how far it is."""
    if not path.exists():
        return Progress()
    saved = torch.load(path, map_location="cpu", weights_only=True)
    then, now = filled(saved["recipe"], recipe), recipe.as_dict()
    if then != now:
        changed = [key for key, value in now.items() if then.get(key) != value]
        raise TrainingError(
            f"{path} was made by another recipe ({', '.join(changed)} differ); choose another --out or delete it"
        )
    learner.model.load_state_dict(saved["model"])
    learner.ema.average.load_state_dict(saved["ema"])
    learner.ema.updates = saved["ema_updates"]
    learner.optimiser.load_state_dict(saved["optimiser"])
    if saved.get("scaler"):
        learner.precision.scaler.load_state_dict(saved["scaler"])
    torch.set_rng_state(saved["rng"])
    return Progress(int(saved["epoch"]), int(saved.get("step", 0)), dict(saved.get("sums", {})))


def filled(saved: dict[str, Any], now: Any) -> dict[str, Any]:
    """A saved recipe with the defaults of fields that came later: a run of last month goes on.

    Args:
        saved: Recipe.as_dict() as it was, or a part of it.
        now: the recipe of today, or the same part.
    """
    whole: dict[str, Any] = {}
    for entry in fields(now):
        if entry.name not in saved:
            whole[entry.name] = _default(entry)
        elif is_dataclass(getattr(now, entry.name)):
            whole[entry.name] = filled(saved[entry.name], getattr(now, entry.name))
        else:
            whole[entry.name] = saved[entry.name]
    return whole


def _default(entry: "Field[Any]") -> Any:
    value = entry.default_factory() if entry.default_factory is not MISSING else entry.default
    return asdict(value) if is_dataclass(value) and not isinstance(value, type) else value


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
