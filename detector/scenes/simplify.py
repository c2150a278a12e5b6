"""Triangles cut along garments' edges, and fewer of them where they are small in the picture (faces, hands)."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = np.ndarray
Pieces = tuple[Floats, Ints, Ints, Floats]  # vertices, faces, parts, weights


def cut(mesh: tuple[Floats, Ints, Floats], field: Floats, chosen: np.ndarray) -> tuple[Floats, Ints, Floats]:
    """The mesh (vertices, faces, weights) with chosen triangles (F,) split where field (V,) is zero.

    Positions and weights of the new vertices are taken along the cut edges.
    """
    vertices, faces, weights = mesh
    above = field[faces] > 0  # (F, 3)
    crossing = chosen & above.any(1) & ~above.all(1)
    new_at: dict[tuple[int, int], int] = {}
    pairs: list[tuple[int, int, float]] = []

    def between(a: int, b: int) -> int:
        key = (min(a, b), max(a, b))
        if key not in new_at:
            low, high = key
            new_at[key] = len(vertices) + len(pairs)
            pairs.append((low, high, float(field[low] / (field[low] - field[high]))))
        return new_at[key]

    split = []
    for triangle, up in zip(faces[crossing], above[crossing], strict=True):
        # Turned so that the corner alone on its side comes first; the winding stays.
        lone = int(np.flatnonzero(up != (up.sum() > 1))[0])
        a, b, c = (int(v) for v in np.roll(triangle, -lone))
        ab, ac = between(a, b), between(a, c)
        split += [[a, ab, ac], [ab, b, c], [ab, c, ac]]
    if not pairs:
        return mesh
    low, high = (np.array([p[k] for p in pairs], int) for k in (0, 1))
    share = np.array([p[2] for p in pairs])[:, None]
    vertices = np.concatenate([vertices, vertices[low] * (1 - share) + vertices[high] * share])
    weights = np.concatenate([weights, weights[low] * (1 - share) + weights[high] * share])
    return vertices, np.concatenate([faces[~crossing], np.array(split)]), weights


def lighter(vertices: Floats, faces: Ints, part: Ints, weights: Floats, *, cell_m: Floats) -> Pieces:
    """Vertices of skin and hair that share a grid cell of their size cell_m (V,) become one."""
    fine = np.zeros(len(vertices), bool)
    fine[faces[np.isin(part, (0, 1))].reshape(-1)] = True
    fine[faces[np.isin(part, (2, 3, 4, 5, 6))].reshape(-1)] = False
    key = np.floor(vertices / cell_m[:, None]).astype(np.int64)
    key = (key[:, 0] * 4096 + key[:, 1]) * 4096 + key[:, 2]
    # A vertex that stays takes a key of its own.
    key = np.where(fine, key, 2**50 + np.arange(len(vertices)))
    _, first, index = np.unique(key, return_index=True, return_inverse=True)
    index = index.reshape(-1)
    count = np.bincount(index)[:, None]
    mean = np.stack([np.bincount(index, vertices[:, k]) for k in range(3)], 1) / count
    merged = index[faces]
    whole = (merged[:, 0] != merged[:, 1]) & (merged[:, 1] != merged[:, 2]) & (merged[:, 2] != merged[:, 0])
    return mean, merged[whole], part[whole], weights[first]
