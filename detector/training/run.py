"""Where a run reads and writes, and the pictures it learns from."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from detector.data.cache import PictureCache, open_cache
from detector.data.lines import CutOut, read_cutouts
from detector.data.pictures import Picture
from detector.data.readers import read_labels, read_parts
from detector.training.checkpoint import TrainingError
from detector.training.distill import add_teacher, read_teacher
from detector.training.recipes import Recipe

MOST_CUTOUTS = 600  # pictures whose people are kept in memory, some 60 kB each


@dataclass(frozen=True)
class Run:
    """Where a run reads and writes.

    Attributes:
        data: folder or file of labelled pictures, see detector.data.readers.read_parts.
        out: folder of the run: checkpoint.pt, log.jsonl.
        cache: folder of decoded pictures.
        teacher: boxes of a teacher on the same pictures, or None.
        extra: more label files to train on (frames of recordings that a teacher has labelled, say).
        start: folder of a run whose weights to start from; a wider network is made narrow.
        guide: folder of the run that guides a guided recipe; without it the start does.
        workers: loader processes.
        precision: "auto", "fp32", "bf16" or "fp16", see precision.py.
    """

    data: Path
    out: Path
    cache: Path
    teacher: Path | None = None
    extra: tuple[Path, ...] = ()
    start: Path | None = None
    guide: Path | None = None
    workers: int = 1
    precision: str = "auto"


@dataclass(frozen=True, eq=False)
class Data:
    """What is learnt from and what is checked against; val_cache is None where there is nothing to check against."""

    pictures: list[Picture]
    cache: PictureCache
    val: list[Picture]
    val_cache: PictureCache | None
    cutouts: tuple[CutOut, ...] = ()


def open_data(recipe: Recipe, run: Run) -> Data:
    """Training pictures with what a teacher sees beyond the labels, and the validation part where there is one."""
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
    val_cache = open_cache(val, run.cache) if val else None
    return Data(pictures, open_cache(pictures, run.cache), val, val_cache, _cutouts(recipe, run, pictures))


def _cutouts(recipe: Recipe, run: Run, pictures: list[Picture]) -> tuple[CutOut, ...]:
    """People to compose lines of, where the recipe wants lines; their masks lie in masks/ beside the labels."""
    if max(recipe.augmentation.lines, recipe.plain.lines) <= 0:
        return ()
    folder = (run.data if run.data.is_dir() else run.data.parent) / "masks"
    cutouts = read_cutouts(pictures, folder, MOST_CUTOUTS, np.random.default_rng(recipe.seed))
    if not cutouts:
        raise TrainingError(f"{folder}: holds no masks of the pictures' people; the recipe composes lines of them")
    return tuple(cutouts)
