"""Complete linkage and the crop classifier, against scipy, by hand and on planted errors."""

import numpy as np
import pytest
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import pdist

from detector.cleaning import clusters
from detector.cleaning.chance import person_chances
from detector.cleaning.clusters import complete_linkage, principal


def bunches(rng: np.random.Generator, count: int, size: int) -> np.ndarray:
    """`count` bunches of `size` unit vectors each."""
    middles = np.repeat(rng.normal(size=(count, 24)), size, axis=0)
    vectors = middles + 0.1 * rng.normal(size=middles.shape)
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def test_it_is_scipys_complete_linkage() -> None:
    """The same partition as scipy's own from cosine distances."""
    vectors = bunches(np.random.default_rng(0), 6, 8)
    ours = complete_linkage(vectors, 0.3, np.random.default_rng(1))
    reference = fcluster(linkage(pdist(vectors, "cosine"), "complete"), 0.3, "distance")
    assert np.array_equal(ours[:, None] == ours, reference[:, None] == reference)


def test_a_parted_set_has_no_wider_clusters(monkeypatch: pytest.MonkeyPatch) -> None:
    """Any two of a cluster stay within the threshold, however the set is parted; equal vectors part too."""
    monkeypatch.setattr(clusters, "MOST_AT_ONCE", 20)
    vectors = np.concatenate([bunches(np.random.default_rng(2), 8, 12), np.ones((30, 24), np.float32) / 24**0.5])
    labels = complete_linkage(vectors, 0.2, np.random.default_rng(3))
    same = labels[:, None] == labels
    assert (1 - vectors @ vectors.T)[same].max() <= 0.2 + 1e-5
    assert len(set(labels[:96])) >= 8
    assert len(complete_linkage(vectors[:0], 0.2, np.random.default_rng(3))) == 0


def test_principal_directions_keep_what_differs() -> None:
    """Bunches stay bunches in a quarter of the dimensions."""
    vectors = bunches(np.random.default_rng(4), 5, 10)
    reduced = principal(vectors, 6, np.random.default_rng(5))
    assert reduced.shape == (50, 6)
    near = reduced @ reduced.T
    bunch = np.arange(50) // 10
    assert near[bunch[:, None] == bunch].min() > near[bunch[:, None] != bunch].max()


def test_a_wrong_label_is_told_by_the_others() -> None:
    """Of 200 people with 10 planted backgrounds among them, the planted ones get the ten lowest chances."""
    rng = np.random.default_rng(6)
    vectors = rng.normal(size=(400, 10))
    vectors[:200, 0] += 4
    vectors[:10, 0] -= 4
    labels = np.arange(400) < 200
    chance = person_chances(vectors.astype(np.float32), labels, np.ones(400, bool), np.arange(400) // 3)
    assert set(np.argsort(chance[:200])[:10]) == set(range(10))
    assert chance[10:200].mean() > 0.9
    nothing = person_chances(vectors.astype(np.float32), np.ones(400, bool), np.ones(400, bool), np.arange(400))
    assert (nothing == 0.5).all()  # nothing to tell people from
