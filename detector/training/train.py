"""Training, top to bottom: data, network, optimiser, schedule, loop. `linewise train` calls train()."""

import json
import math
import time
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from tqdm import tqdm

from detector.data.cache import PictureCache, open_cache
from detector.data.pictures import People, Picture
from detector.data.readers import read_labels, read_parts
from detector.data.samples import Batch, Samples, batches, collate
from detector.evaluation.torch_detector import torch_scores
from detector.model.network import Network, build_network, normalise
from detector.training import checkpoint
from detector.training.checkpoint import TrainingError
from detector.training.depthwise import use_sampled_depthwise
from detector.training.distill import add_teacher, read_teacher
from detector.training.ema import Ema
from detector.training.head_branch import HeadBranch
from detector.training.losses import Target, body_losses, grid_of, head_losses, total
from detector.training.narrow import narrow
from detector.training.pretrained import imagenet_state, load_trunk
from detector.training.recipes import Recipe

STATISTICS_PICTURES = 48  # to see what the channels of a wide network do


@dataclass(frozen=True)
class Run:
    """Where a run reads and writes.

    Attributes:
        data: folder with train.json, val.json and the pictures.
        out: folder of the run: checkpoint.pt, log.jsonl.
        cache: folder of decoded pictures.
        teacher: boxes of a teacher on the same pictures, or None.
        extra: more label files to train on (frames of recordings that a teacher has labelled, say).
        start: folder of a run whose weights to start from; a wider network is made narrow.
        workers: loader processes.
    """

    data: Path
    out: Path
    cache: Path
    teacher: Path | None = None
    extra: tuple[Path, ...] = ()
    start: Path | None = None
    workers: int = 1


@dataclass(frozen=True, eq=False)
class Data:
    """What is learnt from and what is checked against; val_cache is None where there is no val.json."""

    pictures: list[Picture]
    cache: PictureCache
    val: list[Picture]
    val_cache: PictureCache | None


@dataclass(frozen=True, eq=False)
class Learner:
    """What changes while training: `model` is the network or the branch around it; the EMA follows the network."""

    model: nn.Module
    network: Network
    ema: Ema
    optimiser: torch.optim.Optimizer


def train(recipe: Recipe, run: Run, *, stop_after: int | None = None) -> list[dict[str, float]]:
    """Trains, or continues a run, to the recipe's last epoch; gives the log's rows of this call.

    Args:
        recipe: what to train.
        run: where.
        stop_after: ends early after so many epochs in all (the next call continues).
    """
    if recipe.needs_start and run.start is None:
        raise TrainingError(f"a run of {recipe.network} starts from another run: name its folder (--start)")
    run.out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(recipe.seed)
    data = open_data(recipe, run)
    learner = build_learner(recipe)
    if run.start is not None:
        start_from(run.start, learner, data, recipe)
    path = run.out / "checkpoint.pt"
    first_epoch = checkpoint.resume(path, recipe, learner)
    rows = []
    for epoch in range(first_epoch, min(recipe.epochs, stop_after or recipe.epochs)):
        row = train_epoch(epoch, learner, data, recipe=recipe, workers=run.workers)
        checkpoint.save(path, recipe, learner, epoch + 1)
        due = (epoch + 1) % recipe.evaluate_every == 0 or epoch + 1 == recipe.epochs
        if due and data.val_cache is not None:
            ap50 = torch_scores(learner.ema.average, data.val, data.val_cache, canvas=recipe.canvas, bf16=recipe.bf16)
            row["val_ap50"] = ap50["all"]
        with (run.out / "log.jsonl").open("a", encoding="utf-8") as log:
            log.write(json.dumps(row) + "\n")
        rows.append(row)
    return rows


def open_data(recipe: Recipe, run: Run) -> Data:
    """Training pictures with what a teacher sees beyond the labels, and val.json where there is one."""
    pictures, val = read_parts(run.data)
    if len(pictures) < recipe.batch:
        raise TrainingError(f"{run.data}: {len(pictures)} pictures are less than a batch of {recipe.batch}")
    if run.teacher is not None:
        seen = read_teacher(run.teacher)
        sure, maybe = recipe.teacher_sure, recipe.teacher_maybe
        pictures = [
            add_teacher(picture, *seen[picture.file], sure=sure, maybe=maybe) if picture.file in seen else picture
            for picture in pictures
        ]
    pictures += [picture for file in run.extra for picture in read_labels(file)]
    return Data(pictures, open_cache(pictures, run.cache), val, open_cache(val, run.cache) if val else None)


def build_learner(recipe: Recipe) -> Learner:
    """Network from the pretrained trunk, the head branch around it, its running mean, its optimiser."""
    network = build_network(recipe.network)
    if recipe.pretrained:
        load_trunk(network.trunk, imagenet_state())
    if recipe.frozen_stages:
        freeze(network, recipe.frozen_stages)
    model: nn.Module = HeadBranch(network) if recipe.head_branch else network
    model = model.to(memory_format=torch.channels_last)
    ema = Ema(network, recipe.ema_decay)
    use_sampled_depthwise(network)
    optimiser = torch.optim.AdamW(parameter_groups(model, network, recipe), lr=recipe.rate)
    return Learner(model, network, ema, optimiser)


def start_from(start: Path, learner: Learner, data: Data, recipe: Recipe) -> None:
    """Fills network and running mean with a finished run's averaged weights; a wider network is made narrow."""
    wide = checkpoint.averaged_network(start)
    keep = Samples(data.pictures, data.cache, canvas=recipe.canvas, augmentation=recipe.plain, key=(recipe.seed, 0))
    batch = collate([keep[place] for place in range(min(STATISTICS_PICTURES, len(keep)))])
    narrow(wide, learner.network, normalise(batch.pictures))
    learner.ema.average.load_state_dict(learner.network.state_dict())


def train_epoch(epoch: int, learner: Learner, data: Data, *, recipe: Recipe, workers: int) -> dict[str, float]:
    """One pass over the pictures; gives the mean of every loss."""
    learner.model.train()
    plain = epoch >= recipe.epochs - recipe.plain_epochs
    augmentation = recipe.plain if plain else recipe.augmentation
    samples = Samples(
        data.pictures, data.cache, canvas=recipe.canvas, augmentation=augmentation, key=(recipe.seed, epoch)
    )
    steps, grid = len(samples) // recipe.batch, grid_of(recipe.canvas)
    sums: dict[str, float] = {}
    started = time.perf_counter()
    loader = batches(samples, recipe.batch, workers=workers)
    bar = tqdm(loader, total=steps, desc=f"epoch {epoch + 1}", mininterval=5, disable=None)
    for index, batch in enumerate(bar):
        share = rate_share(epoch * steps + index, recipe.epochs * steps, recipe)
        for group in learner.optimiser.param_groups:
            group["lr"] = group["base"] * share
        losses = batch_losses(learner.model, batch, grid, recipe)
        values = {name: float(part.detach()) for name, part in losses.items()}
        if not math.isfinite(sum(values.values())):
            raise TrainingError(f"epoch {epoch + 1}, batch {index + 1}: a loss is not finite: {values}")
        learner.optimiser.zero_grad(set_to_none=True)
        total(losses, recipe.loss).backward()  # type: ignore[no-untyped-call]
        values["gradient"] = float(nn.utils.clip_grad_norm_(learner.model.parameters(), recipe.clip_norm))
        learner.optimiser.step()
        learner.ema.update(learner.network)
        for name, value in values.items():
            sums[name] = sums.get(name, 0.0) + value
        bar.set_postfix({name: f"{value / (index + 1):.3f}" for name, value in sums.items()}, refresh=False)
    means = {name: value / steps for name, value in sums.items()}
    return {"epoch": epoch + 1, **means, "seconds": round(time.perf_counter() - started, 1)}


def batch_losses(model: nn.Module, batch: Batch, grid: tuple[Tensor, Tensor], recipe: Recipe) -> dict[str, Tensor]:
    """Forward pass and every loss of one batch."""
    pictures = normalise(batch.pictures).contiguous(memory_format=torch.channels_last)
    with torch.autocast("cpu", torch.bfloat16, enabled=recipe.bf16):
        output = model(pictures)
    targets = [to_target(people) for people in batch.people]
    losses, assigned = body_losses(output[0].float(), output[1].float(), targets, grid)
    if recipe.head_branch:
        losses |= head_losses(output[2], targets, assigned)
    return losses


def to_target(people: People) -> Target:
    """One picture's people as tensors."""
    return Target(
        torch.from_numpy(people.boxes),
        torch.from_numpy(people.weights),
        torch.from_numpy(people.heads),
        torch.from_numpy(people.head_weights),
    )


def freeze(network: Network, stages: int) -> None:
    """Stem and the first stages keep ImageNet's weights: edges are edges, and they cost most of the time."""
    for module in [network.trunk.stem, *network.trunk.stages[:stages]]:
        module.requires_grad_(False)


def parameter_groups(model: nn.Module, network: Network, recipe: Recipe) -> list[dict[str, object]]:
    """Two rates (trunk, rest), each with weight decay for kernels and none for scales and biases."""
    trunk = {id(parameter) for parameter in network.trunk.parameters()}
    groups = []
    for base, inside in ((recipe.trunk_rate, True), (recipe.rate, False)):
        mine = [p for p in model.parameters() if p.requires_grad and (id(p) in trunk) == inside]
        kernels, rest = [p for p in mine if p.ndim > 1], [p for p in mine if p.ndim <= 1]
        groups.append({"params": kernels, "base": base, "weight_decay": recipe.weight_decay})
        groups.append({"params": rest, "base": base, "weight_decay": 0.0})
    return groups


def rate_share(step: int, steps: int, recipe: Recipe) -> float:
    """Share of the full learning rate: linear warm-up, then a cosine down to `final_rate_share`."""
    if step < recipe.warm_up_steps:
        return (step + 1) / recipe.warm_up_steps
    done = (step - recipe.warm_up_steps) / max(1, steps - recipe.warm_up_steps)
    return recipe.final_rate_share + (1 - recipe.final_rate_share) * (1 + math.cos(math.pi * done)) / 2
