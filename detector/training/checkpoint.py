"""Checkpoints: written whole or not at all, and only continued under the recipe that made them."""

import os
from pathlib import Path
from typing import Any

import torch

from detector.training.recipes import Recipe


class TrainingError(Exception):
    """Training cannot start or go on; the message says why and what to do."""


def save(path: Path, content: dict[str, Any]) -> None:
    """Writes beside the target first, so that a kill leaves the old checkpoint."""
    part = path.with_suffix(".part")
    torch.save(content, part)
    os.replace(part, path)


def load(path: Path, recipe: Recipe) -> dict[str, Any] | None:
    """The checkpoint to continue from, or None for a new run."""
    if not path.exists():
        return None
    content = torch.load(path, map_location="cpu", weights_only=True)
    if content["recipe"] != recipe.as_dict():
        changed = [key for key, value in recipe.as_dict().items() if content["recipe"].get(key) != value]
        raise TrainingError(
            f"{path} was made by another recipe ({', '.join(changed)} differ); choose another --out or delete it"
        )
    return content
