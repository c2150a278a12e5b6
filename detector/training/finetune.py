"""Fine-tuning at a new site without forgetting the old pictures.

The old network stays beside the new one as its guide (guide.py: features, scores and boxes at every place), and a
share of what is learnt from are old pictures, where there are any (replay). `keep` is how much the old counts: the
guide's losses weigh `keep`, the labels' 1 - `keep`, and of the pictures a share of `keep` is old.
"""

import json
import logging
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from detector.data.cache import open_cache
from detector.data.people_json import write_people_json
from detector.data.pictures import Picture
from detector.data.readers import read_parts
from detector.data.samples import Samples, collate
from detector.evaluation.torch_detector import torch_scores
from detector.model.network import Network, normalise
from detector.runtime.manifest import DEFAULT_MODEL, MANIFEST, WEIGHTS_DIR, read_model
from detector.training.checkpoint import TrainingError, averaged_network
from detector.training.losses import LossWeights
from detector.training.recipes import Recipe
from detector.training.restore import network_from_onnx, settled
from detector.training.run import Run
from detector.training.train import train

log = logging.getLogger(__name__)

SETTLING_PICTURES = 32


@dataclass(frozen=True)
class Request:
    """What to fine-tune on.

    Attributes:
        start: "shipped" (or "shipped:NAME"), a folder of exported weights, or a training run's folder.
        site: labelled pictures of the new site.
        out: folder for the run; `old/` in it holds the network it starts from.
        cache: folder of decoded pictures.
        keep: in [0, 1), how much the old network and the old pictures count.
        replay: old labelled pictures, or None.
        epochs: passes over the pictures.
        compare: train a second time without keeping anything, for the table.
    """

    start: str
    site: Path
    out: Path
    cache: Path
    keep: float
    replay: Path | None
    epochs: int
    compare: bool
    seed: int = 0
    workers: int = 1


@dataclass(frozen=True)
class Row:
    """AP50 of one network: on the new site's validation pictures, on the old data's (None where there is none)."""

    name: str
    site_ap50: float | None
    old_ap50: float | None


def finetune(request: Request) -> list[Row]:
    """Trains at the site; gives the scores before and after, and after without keeping where that was asked for."""
    if not 0 <= request.keep < 1:
        raise TrainingError(f"keep must be from 0 to below 1, got {request.keep}; 0 keeps nothing")
    old_recipe, network = starting_network(request.start)
    site_train, site_val = read_parts(request.site)
    old_train, old_val = read_parts(request.replay) if request.replay is not None else ([], [])
    recipe = recipe_for(old_recipe, request, len(site_train))
    old = _write_old(request, recipe, network, site_train)
    extra = _replayed(request, len(site_train), old_train)
    run = Run(request.site, request.out, request.cache, extra=extra, start=old, workers=request.workers)
    train(recipe, run)
    trained = {"before": averaged_network(old), f"after, keep {request.keep:g}": averaged_network(request.out)}
    if request.compare:
        without = replace(request, keep=0.0, out=request.out / "without-keep")
        train(recipe_for(old_recipe, without, len(site_train)), replace(run, out=without.out, extra=()))
        trained["after, nothing kept"] = averaged_network(without.out)
    return [
        Row(name, _score(network, site_val, recipe, request), _score(network, old_val, recipe, request))
        for name, network in trained.items()
    ]


def starting_network(start: str) -> tuple[Recipe, Network]:
    """The network to start from, and a recipe with its name and canvas."""
    if start != "shipped" and not start.startswith("shipped:") and not (Path(start) / MANIFEST).exists():
        network = averaged_network(Path(start))
        saved = torch.load(Path(start) / "checkpoint.pt", map_location="cpu", weights_only=True)["recipe"]
        return _bare(saved["network"], tuple(saved["canvas"])), network
    folder = Path(start) if (Path(start) / MANIFEST).exists() else WEIGHTS_DIR
    entries = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["models"]
    name = start.partition(":")[2] or (DEFAULT_MODEL if DEFAULT_MODEL in entries else next(iter(entries)))
    model = read_model(folder, name)
    plan = entries[name].get("recipe", {}).get("network", name)
    return _bare(plan, model.canvas), network_from_onnx(model.files["fp32"].path, plan)


def _bare(network: str, canvas: tuple[int, ...]) -> Recipe:
    return Recipe(
        network=network, canvas=(int(canvas[0]), int(canvas[1])), epochs=1, pretrained=False, head_branch=False
    )


def recipe_for(old: Recipe, request: Request, pictures: int) -> Recipe:
    """Small steps, no head branch; the guide only where something is to be kept."""
    keep, plain = request.keep, LossWeights()
    loss = replace(
        plain,
        score=plain.score * (1 - keep),
        box=plain.box * (1 - keep),
        hint=plain.hint * keep,
        soft_score=plain.soft_score * keep,
        soft_box=plain.soft_box * plain.box * keep,
    )
    return replace(
        old,
        epochs=request.epochs,
        batch=max(1, min(16, pictures // 2)),
        rate=3e-4,
        trunk_rate=1e-4,
        warm_up_steps=20,
        ema_decay=0.98,
        frozen_stages=0,
        plain_epochs=max(1, request.epochs // 4),
        guided=keep > 0,
        loss=loss,
        evaluate_every=request.epochs + 1,
        needs_start=True,
        seed=request.seed,
    )


def _write_old(request: Request, recipe: Recipe, network: Network, pictures: list[Picture]) -> Path:
    """The network it starts from, as the folder of a run; once, so that a continued run starts from the same."""
    folder = request.out / "old"
    path = folder / "checkpoint.pt"
    if path.exists():
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    sample = pictures[:: max(1, len(pictures) // SETTLING_PICTURES)][:SETTLING_PICTURES]
    cache = open_cache(sample, request.cache)
    seen = Samples(sample, cache, canvas=recipe.canvas, augmentation=recipe.plain, key=(recipe.seed, 0))
    batch = collate([seen[place] for place in range(len(seen))])
    settled(network, normalise(batch.pictures))
    torch.save({"recipe": recipe.as_dict(), "epoch": 0, "ema": network.state_dict()}, path)
    return folder


def _replayed(request: Request, site_pictures: int, old: list[Picture]) -> tuple[Path, ...]:
    """A label file of old pictures, so many that their share of all is `keep`."""
    count = min(len(old), round(site_pictures * request.keep / (1 - request.keep)))
    if not count:
        return ()
    rng = np.random.default_rng(request.seed)
    chosen = [old[index] for index in sorted(rng.permutation(len(old))[:count])]
    request.out.mkdir(parents=True, exist_ok=True)
    write_people_json(request.out / "replay.json", chosen)
    log.info("%d of %d old pictures are replayed beside %d of the site", count, len(old), site_pictures)
    return (request.out / "replay.json",)


def _score(network: Network, pictures: list[Picture], recipe: Recipe, request: Request) -> float | None:
    if not pictures:
        return None
    cache = open_cache(pictures, request.cache)
    return torch_scores(network, pictures, cache, canvas=recipe.canvas, bf16=False)["all"]
