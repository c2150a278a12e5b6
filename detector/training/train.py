"""Training, top to bottom: data, network, optimiser, schedule, loop. `linewise train` calls train()."""

import json
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor, nn
from tqdm import tqdm

from detector.data.pictures import People
from detector.data.samples import Batch, Samples, batches, collate
from detector.evaluation.torch_detector import torch_scores
from detector.model.network import Network, build_network, normalise
from detector.training import checkpoint
from detector.training.checkpoint import Progress, TrainingError
from detector.training.depthwise import use_sampled_depthwise
from detector.training.ema import Ema
from detector.training.guide import Guided
from detector.training.head_branch import HeadBranch
from detector.training.losses import Target, body_losses, grid_of, head_losses, total
from detector.training.narrow import narrow
from detector.training.precision import Precision, choose_precision
from detector.training.pretrained import imagenet_state, load_trunk
from detector.training.ranks import Ranks, in_parallel, joined, mean_over_ranks, share_norms
from detector.training.recipes import Recipe
from detector.training.run import Data, Run, open_data

SAVE_EVERY_S = 300.0  # a kill costs no more than this
STATISTICS_PICTURES = 48  # to see what the channels of a wide network do


@dataclass(frozen=True, eq=False)
class Learner:
    """What changes while training: `model` is the network or the branch around it; the EMA follows the network.

    `forward` is the model as it is called: itself, or its wrapper where several processes train together.
    """

    model: nn.Module
    network: Network
    ema: Ema
    optimiser: torch.optim.Optimizer
    precision: Precision
    forward: nn.Module


def train(recipe: Recipe, run: Run, *, stop_after: int | None = None) -> list[dict[str, float]]:
    """Trains, or continues a run, to the recipe's last epoch; gives the log's rows of this call.

    Args:
        recipe: what to train.
        run: where.
        stop_after: ends early after so many epochs in all (the next call continues).
    """
    if recipe.needs_start and run.start is None:
        raise TrainingError(f"a run of {recipe.network} starts from another run: name its folder (--start)")
    with joined() as ranks:
        if recipe.batch % ranks.count:
            raise TrainingError(f"a batch of {recipe.batch} cannot be shared by {ranks.count} processes evenly")
        run.out.mkdir(parents=True, exist_ok=True)
        torch.manual_seed(recipe.seed)
        data = shared_data(recipe, run, ranks)
        precision = choose_precision(run.precision, mixed=recipe.bf16, local_rank=ranks.local)
        guided_by = (run.guide or run.start) if recipe.guided else None
        guide = checkpoint.averaged_network(guided_by) if guided_by is not None else None
        learner = build_learner(recipe, precision, ranks, guide)
        if run.start is not None:
            start_from(run.start, learner, data, recipe)
        learner = placed(learner, ranks)
        path = run.out / "checkpoint.pt"
        progress = checkpoint.resume(path, recipe, learner)
        forget_log_after(run.out / "log.jsonl", progress.epoch, ranks)

        def keep(done: Progress) -> None:
            if ranks.is_first:
                checkpoint.save(path, recipe, learner, done)

        rows = []
        while progress.epoch < min(recipe.epochs, stop_after or recipe.epochs):
            row = train_epoch(progress, learner, data, recipe=recipe, run=run, ranks=ranks, keep=keep)
            progress = Progress(progress.epoch + 1)
            if ranks.is_first:
                row |= validation(progress.epoch, learner, data, recipe)
                with (run.out / "log.jsonl").open("a", encoding="utf-8") as file:
                    file.write(json.dumps(row) + "\n")
            keep(progress)
            rows.append(row)
        return rows


def shared_data(recipe: Recipe, run: Run, ranks: Ranks) -> Data:
    """The data, decoded by the first process for all of them."""
    if not ranks.is_first:
        ranks.wait()
    data = open_data(recipe, run)
    if ranks.is_first:
        ranks.wait()
    return data


def forget_log_after(path: Path, epoch: int, ranks: Ranks) -> None:
    """Takes rows out of the log that a kill left without their checkpoint: their epochs come again."""
    if not ranks.is_first or not path.exists():
        return
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    kept = [line for line in lines if line.endswith("\n") and json.loads(line)["epoch"] <= epoch]
    if kept != lines:
        path.write_text("".join(kept), encoding="utf-8")


def validation(epoch: int, learner: Learner, data: Data, recipe: Recipe) -> dict[str, float]:
    """AP50 of the running mean after so many epochs, where it is due and there is something to validate on."""
    due = epoch % recipe.evaluate_every == 0 or epoch == recipe.epochs
    if not due or data.val_cache is None:
        return {}
    mixed = learner.precision.dtype == torch.bfloat16
    ap50 = torch_scores(learner.ema.average, data.val, data.val_cache, canvas=recipe.canvas, bf16=mixed)
    return {"val_ap50": ap50["all"]}


def build_learner(recipe: Recipe, precision: Precision, ranks: Ranks, guide: Network | None = None) -> Learner:
    """Network from the pretrained trunk, the head branch around it, its running mean, its optimiser; on the CPU yet."""
    network = build_network(recipe.network)
    if recipe.pretrained:
        load_trunk(network.trunk, imagenet_state())
    if recipe.frozen_stages:
        freeze(network, recipe.frozen_stages)
    model: nn.Module = HeadBranch(network) if recipe.head_branch else network
    if guide is not None:
        if ranks.count > 1:
            raise TrainingError(f"a guided run trains in one process, not in {ranks.count}: leave torchrun out")
        model = Guided(network, guide)
    model = model.to(memory_format=torch.channels_last)
    ema = Ema(network, recipe.ema_decay)
    share_norms(model, ranks)
    if precision.device.type == "cpu":
        use_sampled_depthwise(network)
    optimiser = torch.optim.AdamW(parameter_groups(model, network, recipe), lr=recipe.rate)
    return Learner(model, network, ema, optimiser, precision, model)


def placed(learner: Learner, ranks: Ranks) -> Learner:
    """The learner on its device and among its fellow processes."""
    learner.model.to(learner.precision.device)
    learner.ema.average.to(learner.precision.device)
    return replace(learner, forward=in_parallel(learner.model, ranks))


def start_from(start: Path, learner: Learner, data: Data, recipe: Recipe) -> None:
    """Fills network and running mean with a finished run's averaged weights; a wider network is made narrow."""
    wide = checkpoint.averaged_network(start)
    shapes, own = ({k: v.shape for k, v in net.state_dict().items()} for net in (wide, learner.network))
    if shapes == own:
        learner.network.load_state_dict(wide.state_dict())
        learner.ema.average.load_state_dict(wide.state_dict())
        return
    keep = Samples(data.pictures, data.cache, canvas=recipe.canvas, augmentation=recipe.plain, key=(recipe.seed, 0))
    batch = collate([keep[place] for place in range(min(STATISTICS_PICTURES, len(keep)))])
    narrow(wide, learner.network, normalise(batch.pictures))
    learner.ema.average.load_state_dict(learner.network.state_dict())


def train_epoch(
    progress: Progress,
    learner: Learner,
    data: Data,
    *,
    recipe: Recipe,
    run: Run,
    ranks: Ranks,
    keep: Callable[[Progress], None],
) -> dict[str, float]:
    """One pass over the pictures, or the rest of it; gives the mean of every loss."""
    learner.model.train()
    if isinstance(learner.model, Guided):
        learner.model.only_stem = progress.epoch < recipe.stem_epochs
    samples = epoch_samples(progress.epoch, data, recipe)
    steps, grid = len(samples) // recipe.batch, grid_of(recipe.canvas, learner.precision.device)
    sums = dict(progress.sums)
    started = saved = time.monotonic()
    for index, batch in progress_bar(progress, samples, recipe=recipe, run=run, ranks=ranks, sums=sums):
        share = rate_share(progress.epoch * steps + index, recipe.epochs * steps, recipe)
        place = f"epoch {progress.epoch + 1}, batch {index + 1}"
        for name, value in train_step(learner, batch, grid, recipe=recipe, share=share, place=place).items():
            sums[name] = sums.get(name, 0.0) + value
        if time.monotonic() - saved > SAVE_EVERY_S or index + 1 == steps:
            keep(Progress(progress.epoch, index + 1, sums))
            saved = time.monotonic()
    means = {name: value / steps for name, value in sums.items()}
    return {"epoch": progress.epoch + 1, **means, "seconds": round(time.monotonic() - started, 1)}


def progress_bar(
    progress: Progress, samples: Samples, *, recipe: Recipe, run: Run, ranks: Ranks, sums: dict[str, float]
) -> Iterator[tuple[int, Batch]]:
    """The batches that are still to do, with their place in the epoch; shows the losses' means on a terminal."""
    size = recipe.batch // ranks.count
    todo = batches(samples, size, workers=run.workers, first=ranks.rank, step=ranks.count, done=progress.step)
    bar = tqdm(
        enumerate(todo, progress.step),
        total=len(samples) // recipe.batch,
        initial=progress.step,
        desc=f"epoch {progress.epoch + 1}",
        mininterval=5,
        disable=None if ranks.is_first else True,
    )
    for index, batch in bar:
        yield index, batch
        bar.set_postfix({name: f"{value / (index + 1):.3f}" for name, value in sums.items()}, refresh=False)


def epoch_samples(epoch: int, data: Data, recipe: Recipe) -> Samples:
    """The samples of an epoch, plain ones in the last epochs."""
    plain = epoch >= recipe.epochs - recipe.plain_epochs
    return Samples(
        data.pictures,
        data.cache,
        canvas=recipe.canvas,
        augmentation=recipe.plain if plain else recipe.augmentation,
        key=(recipe.seed, epoch),
        cutouts=data.cutouts,
    )


def train_step(
    learner: Learner, batch: Batch, grid: tuple[Tensor, Tensor], *, recipe: Recipe, share: float, place: str
) -> dict[str, float]:
    """Forward, backward and one step of the optimiser; gives every loss and the gradient's norm."""
    for group in learner.optimiser.param_groups:
        group["lr"] = group["base"] * share
    losses = batch_losses(learner, batch, grid, recipe)
    means = mean_over_ranks(torch.stack([part.detach() for part in losses.values()])).tolist()
    values = dict(zip(losses, means, strict=True))
    if not math.isfinite(sum(values.values())):
        raise TrainingError(f"{place}: a loss is not finite: {values}")
    learner.optimiser.zero_grad(set_to_none=True)
    scaler = learner.precision.scaler
    scaler.scale(total(losses, recipe.loss)).backward()  # type: ignore[no-untyped-call]
    scaler.unscale_(learner.optimiser)
    norm = float(nn.utils.clip_grad_norm_(learner.model.parameters(), recipe.clip_norm))
    if not math.isfinite(norm) and not scaler.is_enabled():  # fp16's scaler leaves such a step out and scales less
        raise TrainingError(f"{place}: the gradient is not finite ({norm}); the losses are {values}")
    scaler.step(learner.optimiser)
    scaler.update()
    learner.ema.update(learner.network)
    return values | {"gradient": norm if math.isfinite(norm) else 0.0}


def batch_losses(learner: Learner, batch: Batch, grid: tuple[Tensor, Tensor], recipe: Recipe) -> dict[str, Tensor]:
    """Forward pass and every loss of one batch."""
    device = learner.precision.device
    pictures = normalise(batch.pictures.to(device)).contiguous(memory_format=torch.channels_last)
    with learner.precision.autocast():
        output = learner.forward(pictures)
    if output[0] is None:  # only the stem learns yet
        return dict(output[2])
    targets = [to_target(people, device) for people in batch.people]
    losses, assigned = body_losses(output[0].float(), output[1].float(), targets, grid)
    if recipe.head_branch:
        losses |= head_losses(output[2], targets, assigned)
    if recipe.guided:
        losses |= output[2]
    return losses


def to_target(people: People, device: torch.device | None = None) -> Target:
    """One picture's people as tensors."""
    values = (people.boxes, people.weights, people.heads, people.head_weights)
    return Target(*(torch.from_numpy(value).to(device) for value in values))


def freeze(network: Network, stages: int) -> None:
    """Stem and the first stages keep ImageNet's weights: edges are edges, and they cost most of the time."""
    for module in [network.trunk.stem, *network.trunk.stages[:stages]]:
        module.requires_grad_(False)


def parameter_groups(model: nn.Module, network: Network, recipe: Recipe) -> list[dict[str, object]]:
    """Two rates (trunk, rest), each with weight decay for kernels and none for scales and biases."""
    stem = {id(parameter) for parameter in network.trunk.stem.parameters()} if recipe.guided else set()
    trunk = {id(parameter) for parameter in network.trunk.parameters()} - stem
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
