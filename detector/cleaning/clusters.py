"""Crops that look alike: complete linkage, so that any two of a cluster are within the threshold of each other."""

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.cluster.vq import kmeans2

MOST_AT_ONCE = 1500  # complete linkage needs every pair: more crops are first parted by 2-means


def principal(embeddings: NDArray[np.float32], dims: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Embeddings (N, D) in their strongest directions, from a sample: (N, dims) of length 1."""
    if not len(embeddings):
        return np.zeros((0, dims), np.float32)
    sample = embeddings[rng.permutation(len(embeddings))[:6000]]
    middle = sample.mean(0)
    _, vectors = np.linalg.eigh((sample - middle).T @ (sample - middle))  # strongest last
    reduced = (embeddings - middle) @ vectors[:, ::-1][:, :dims]
    length = np.linalg.norm(reduced, axis=1, keepdims=True)
    return np.asarray(reduced / np.maximum(length, 1e-6), np.float32)


def complete_linkage(vectors: NDArray[np.float32], threshold: float, rng: np.random.Generator) -> NDArray[np.int64]:
    """The cluster of each of N unit vectors (N, D): complete linkage of cosine distances, cut at `threshold`.

    Beyond MOST_AT_ONCE vectors the set is parted by 2-means first: then a cluster may come out in several pieces, and
    never is one too wide.
    """
    labels = np.zeros(len(vectors), np.int64)
    for part in _parts(vectors, np.arange(len(vectors)), rng):
        base = labels.max(initial=-1) + 1
        labels[part] = base + _within(vectors[part], threshold)
    return labels


def _within(vectors: NDArray[np.float32], threshold: float) -> NDArray[np.int64]:
    if len(vectors) == 1:
        return np.zeros(1, np.int64)
    upper = np.triu_indices(len(vectors), 1)
    distances = np.clip(1 - vectors @ vectors.T, 0, 2)[upper]
    return np.asarray(fcluster(linkage(distances, "complete"), threshold, "distance"), np.int64) - 1


def _parts(vectors: NDArray[np.float32], index: NDArray[np.int64], rng: np.random.Generator) -> list[NDArray[np.int64]]:
    if len(index) <= MOST_AT_ONCE:
        return [index] if len(index) else []
    side = np.arange(len(index)) % 2
    if np.ptp(vectors[index], axis=0).max() > 1e-6:  # all alike: any halves
        _, found = kmeans2(vectors[index], 2, minit="++", rng=rng)
        side = found.astype(side.dtype) if found.min() != found.max() else side
    return [part for k in (0, 1) for part in _parts(vectors, index[side == k], rng)]
