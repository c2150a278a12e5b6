"""ArcFace's loss against the paper's formula, and a projection that tells people apart whom the embedding mixes."""

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from detector.cleaning.identity import LEAST_PEOPLE, Views, arcface_loss, jittered, train_identity
from detector.data.pictures import DataError
from detector.evaluation.ap import overlaps


def test_arcface_is_the_papers_formula() -> None:
    """Equation 3 written out: exp(s cos(theta + m)) over itself and the other classes' exp(s cos(theta))."""
    cosines = torch.tensor([[0.6, 0.1, -0.3], [0.2, 0.9, 0.0]])
    told = arcface_loss(cosines, torch.tensor([0, 1]), scale=8.0, margin=0.5)
    wanted = []
    for row, right in ((cosines[0], 0), (cosines[1], 1)):
        own = math.exp(8.0 * math.cos(math.acos(float(row[right])) + 0.5))
        rest = sum(math.exp(8.0 * float(value)) for k, value in enumerate(row) if k != right)
        wanted.append(-math.log(own / (own + rest)))
    assert float(told) == pytest.approx(np.mean(wanted), rel=1e-5)


def test_without_a_margin_it_is_cross_entropy() -> None:
    """Margin 0: plain cross-entropy of scaled cosines."""
    cosines = torch.rand(5, 7, generator=torch.Generator().manual_seed(1)) * 2 - 1
    classes = torch.arange(5)
    assert torch.isclose(arcface_loss(cosines, classes, scale=4.0, margin=0.0), F.cross_entropy(4.0 * cosines, classes))


def test_beyond_half_a_turn_the_loss_still_falls_as_the_angle_does() -> None:
    """A right class on the far side is punished more, the farther it is: no reward for turning past pi."""
    losses = [float(arcface_loss(torch.tensor([[c, 0.0]]), torch.tensor([0]))) for c in (-0.5, -0.9, -0.99)]
    assert losses == sorted(losses)


def people(count: int, rng: np.random.Generator) -> Views:
    """Four views of each: what tells them apart is small beside what changes from view to view."""
    own, noise = rng.normal(size=(count, 16)), rng.normal(size=(count * 4, 48)) * 1.5
    rows = np.concatenate([np.repeat(own, 4, 0), noise], 1).astype(np.float32)
    return Views(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.repeat(np.arange(count), 4))


def apart(vectors: np.ndarray) -> float:
    """Share of people whose first two views are nearer than their first view and the next one's."""
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return float(((unit[0::4] * unit[1::4]).sum(1) > (unit[0::4] * np.roll(unit[1::4], -1, 0)).sum(1)).mean())


@pytest.mark.slow
def test_people_never_seen_are_told_apart_better() -> None:
    """Trained on two hundred people, the projection parts other people whom the embedding hardly parts."""
    rng = np.random.default_rng(0)
    everybody = people(300, rng)
    identity = train_identity(Views(everybody.embeddings[:800], everybody.people[:800]), seed=0, epochs=60)
    unseen = everybody.embeddings[800:]
    assert apart(unseen) < 0.8
    assert apart(identity(unseen)) > 0.9


@pytest.mark.slow
def test_the_same_seed_gives_the_same_projection() -> None:
    """Bit by bit."""
    views = people(LEAST_PEOPLE, np.random.default_rng(1))
    one, two = (train_identity(views, seed=3, epochs=2) for _ in range(2))
    np.testing.assert_array_equal(one.weight, two.weight)


def test_too_few_people_are_refused() -> None:
    """The message says how many there are, and what to do."""
    with pytest.raises(DataError, match=r"at least 50 people.*hold 3.*without --identities"):
        train_identity(people(3, np.random.default_rng(2)), seed=0)


def test_a_jittered_box_still_overlaps_its_own() -> None:
    """It moves and grows by about an eighth."""
    rng, box = np.random.default_rng(0), np.array([100, 50, 140, 150], np.float32)
    views = np.stack([jittered(box, rng) for _ in range(200)])
    assert overlaps(views, box[None])[0].min() > 0.55
