"""Is it the same person? A projection of crop embeddings, trained with ArcFace on the people of these very pictures.

Every labelled person is a class, and its members are crops of jittered boxes around that person: what a second label of
the same person would show. People of one picture are kept apart by it too, which are the ones that doubles are mistaken
for. The embedding below it (embedding.py) stays as it is.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn
from tqdm import tqdm

from detector.cleaning.embedding import Embedder, crop, embed
from detector.data.cache import read_picture
from detector.data.pictures import DataError, Picture

LEAST_HEIGHT_PX = 40.0  # smaller people look like anybody
VIEWS = 4  # crops of a person: the label's own box and jittered ones
JITTER_SHIFT, JITTER_SCALE = 0.12, 0.12  # shares of the box's sides
MOST_PEOPLE = 2000
DIMS, SCALE, MARGIN = 128, 32.0, 0.3
EPOCHS, BATCH, RATE = 6, 256, 2e-3
LEAST_PEOPLE = 50  # fewer classes teach nothing


@dataclass(frozen=True, eq=False)
class Views:
    """Embedded crops: embeddings (N, D) float32 and whose each is, (N,) from 0."""

    embeddings: NDArray[np.float32]
    people: NDArray[np.int64]


def arcface_loss(cosines: Tensor, classes: Tensor, *, scale: float = SCALE, margin: float = MARGIN) -> Tensor:
    """Cross-entropy after an angle of `margin` was added to the right class's (Deng et al. 2019, equation 3).

    Args:
        cosines: (N, C) of embeddings with class centres.
        classes: (N,) int64, the right one.
        scale: of the logits.
        margin: radians. Where angle + margin would pass pi, the margin is taken off linearly, as in the paper's code.
    """
    right = cosines.gather(1, classes[:, None]).clamp(-1 + 1e-6, 1 - 1e-6)
    turned = torch.cos(torch.arccos(right) + margin)
    turned = torch.where(right > math.cos(math.pi - margin), turned, right - margin * math.sin(math.pi - margin))
    return F.cross_entropy(scale * cosines.scatter(1, classes[:, None], turned), classes)


def jittered(box: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """A box (4,) xyxy moved and scaled a little, as a second annotator would draw it."""
    middle, sides = (box[:2] + box[2:]) / 2, box[2:] - box[:2]
    middle = middle + sides * rng.uniform(-JITTER_SHIFT, JITTER_SHIFT, 2)
    sides = sides * np.exp(rng.uniform(-JITTER_SCALE, JITTER_SCALE, 2))
    return np.concatenate([middle - sides / 2, middle + sides / 2]).astype(np.float32)


def person_views(
    pictures: list[Picture], embedder: Embedder, rng: np.random.Generator, *, progress: bool = False
) -> Views:
    """VIEWS crops each of up to MOST_PEOPLE labelled people of at least LEAST_HEIGHT_PX."""
    tall = [
        (index, int(k))
        for index, picture in enumerate(pictures)
        for k in np.flatnonzero(picture.people.weights > 0)
        if picture.people.boxes[k, 3] - picture.people.boxes[k, 1] >= LEAST_HEIGHT_PX
    ]
    chosen = sorted(tall[k] for k in rng.permutation(len(tall))[:MOST_PEOPLE])
    by_picture: dict[int, list[int]] = {}
    for index, person in chosen:
        by_picture.setdefault(index, []).append(person)
    rows = []
    for index, people in tqdm(by_picture.items(), unit="picture", disable=not progress):
        image = read_picture(pictures[index])
        boxes = pictures[index].people.boxes
        crops = [
            crop(image, boxes[person] if view == 0 else jittered(boxes[person], rng))
            for person in people
            for view in range(VIEWS)
        ]
        rows.append(embed(embedder, crops))
    embeddings = np.concatenate(rows) if rows else np.zeros((0, 1280), np.float32)
    return Views(embeddings, np.repeat(np.arange(len(chosen)), VIEWS))


@dataclass(frozen=True, eq=False)
class Identity:
    """What makes an identity of an embedding: middle (D,) is taken off, weight (D, DIMS) projects."""

    middle: NDArray[np.float32]
    weight: NDArray[np.float32]

    def __call__(self, embeddings: NDArray[np.float32]) -> NDArray[np.float32]:
        """(N, D) -> (N, DIMS) float32 of length 1: the cosine of two tells whether they are one person."""
        projected = (embeddings - self.middle) @ self.weight
        length = np.linalg.norm(projected, axis=1, keepdims=True)
        return np.asarray(projected / np.maximum(length, 1e-6), np.float32)


def train_identity(views: Views, *, seed: int, epochs: int = EPOCHS) -> Identity:
    """The projection that ArcFace finds, the same for the same seed.

    Raises:
        DataError: there are too few people to learn from.
    """
    count = int(views.people.max(initial=-1)) + 1
    if count < LEAST_PEOPLE:
        raise DataError(
            f"identities need at least {LEAST_PEOPLE} people of {LEAST_HEIGHT_PX:.0f} px and more, the labels hold "
            f"{count}: clean without --identities"
        )
    generator = torch.Generator().manual_seed(seed)
    middle = torch.from_numpy(views.embeddings.mean(0))
    data, classes = torch.from_numpy(views.embeddings) - middle, torch.from_numpy(views.people)
    weight = nn.Parameter(torch.randn(data.shape[1], DIMS, generator=generator) / math.sqrt(data.shape[1]))
    centres = nn.Parameter(torch.randn(count, DIMS, generator=generator) * 0.1)
    groups: list[dict[str, Any]] = [{"params": [weight], "weight_decay": 1e-2}, {"params": [centres]}]
    optimiser = torch.optim.AdamW(groups, lr=RATE)
    steps = epochs * max(1, math.ceil(len(data) / BATCH))
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, total_steps=steps)
    for _ in range(epochs):
        order = torch.randperm(len(data), generator=generator)
        for batch in torch.split(order, BATCH):
            cosines = F.normalize(data[batch] @ weight, dim=1) @ F.normalize(centres, dim=1).T
            optimiser.zero_grad(set_to_none=True)
            arcface_loss(cosines, classes[batch]).backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            schedule.step()
    return Identity(middle.numpy(), weight.detach().numpy())
