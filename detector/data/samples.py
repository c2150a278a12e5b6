"""Batches for training: which pictures, how changed, in which order, all a function of (seed, epoch, place)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from detector.data.augment import Augmentation, Sample, Source, compose
from detector.data.cache import PictureCache
from detector.data.lines import CutOut, with_line
from detector.data.pictures import People, Picture


@dataclass(frozen=True, eq=False)
class Batch:
    """pictures (N, H, W, 3) uint8 RGB; the people of each."""

    pictures: Tensor
    people: list[People]


class Samples(Dataset[Sample]):
    """One epoch of training samples.

    Args:
        pictures, cache: what there is.
        canvas: (width, height) px.
        augmentation: how strongly to change.
        key: (seed, epoch): the whole epoch is decided by it.
        cutouts: of people, for composed lines.
    """

    def __init__(
        self,
        pictures: list[Picture],
        cache: PictureCache,
        *,
        canvas: tuple[int, int],
        augmentation: Augmentation,
        key: tuple[int, int],
        cutouts: Sequence[CutOut] = (),
    ) -> None:
        self.pictures, self.cache, self.canvas, self.augmentation, self.key = pictures, cache, canvas, augmentation, key
        self.cutouts = cutouts
        self.order = np.random.default_rng(key).permutation(len(pictures))

    def __len__(self) -> int:
        return len(self.pictures)

    def __getitem__(self, place: int) -> Sample:
        rng = np.random.default_rng((*self.key, place))
        chosen = [int(self.order[place])]
        if rng.random() < self.augmentation.mosaic:
            chosen += rng.integers(len(self.pictures), size=3).tolist()
        sources = [self._source(index) for index in chosen]
        if self.cutouts and self.augmentation.lines > 0 and rng.random() < self.augmentation.lines:
            sources[0] = with_line(sources[0], self.cutouts, rng, things=self.augmentation.things)
        return compose(sources, self.canvas, self.augmentation, rng)

    def _source(self, index: int) -> Source:
        people, scale = self.pictures[index].people, self.cache.scales[index]
        if scale != 1.0:
            people = People(people.boxes * scale, people.weights, people.heads * scale, people.head_weights)
        return self.cache.picture(index), people


def collate(samples: list[Sample]) -> Batch:
    """Samples of one canvas to a batch."""
    return Batch(torch.from_numpy(np.stack([s.image for s in samples])), [s.people for s in samples])


def batches(
    samples: Samples, size: int, *, workers: int, first: int = 0, step: int = 1, done: int = 0
) -> Iterator[Batch]:
    """The epoch in batches of `size`, without the first `done` of them.

    With several ranks each takes every `step`-th sample from `first` on: together they have the batches of one rank
    whose size is `step` times as large.
    """
    whole = size * step
    places = list(range(done * whole + first, len(samples) - len(samples) % whole, step))
    return iter(
        DataLoader(
            samples,
            batch_size=size,
            sampler=places,
            num_workers=workers,
            collate_fn=collate,
            drop_last=True,
            prefetch_factor=4 if workers else None,
        )
    )
