"""From a camera's picture to the floor and into another camera's picture, by four marks each."""

import math
from collections.abc import Mapping, Sequence

import numpy as np

from edge.queueing.lanes import Array
from edge.queueing.paths import Path
from edge.vocabulary import Point, Polygon

_LEAST_AHEAD = 0.05  # times as far as the lower end of the picture: what is nearer lies behind the camera


def homography(image: Sequence[Point], metres: Sequence[Point]) -> Array:
    """(3, 3) from fractions of the picture to metres on the floor, exact at four marks, no three in a row.

    The direct linear transform with the last element 1 (Hartley & Zisserman 2004, section 4.1); LinAlgError where the
    marks determine none.
    """
    rows, right = [], []
    for (x, y), (u, v) in zip(image, metres, strict=True):
        rows += [[x, y, 1.0, 0.0, 0.0, 0.0, -u * x, -u * y], [0.0, 0.0, 0.0, x, y, 1.0, -v * x, -v * y]]
        right += [u, v]
    return np.append(np.linalg.solve(np.array(rows), np.array(right)), 1.0).reshape(3, 3)


def on_floor(path: Path, grounds: Mapping[str, Array]) -> Point | None:
    """Where a person stands on the floor, metres; None where the camera has no floor marks, or at its horizon."""
    to_floor = grounds.get(path.key[0])
    if to_floor is None:
        return None
    x, y, w = to_floor @ (path.point[0], path.point[1], 1.0)
    return None if abs(w) < 1e-9 else (float(x / w), float(y / w))


def apart_m(a: Path, b: Path, grounds: Mapping[str, Array]) -> float | None:
    """Distance of two people on the floor, None where it is not known."""
    p, q = on_floor(a, grounds), on_floor(b, grounds)
    return None if p is None or q is None else math.dist(p, q)


def seen_from(shape: Sequence[Point], theirs: Array, mine: Array) -> Polygon:
    """A polygon or line of one picture (fractions) as another camera sees it; () where that has it behind itself.

    `theirs`, `mine`: (3, 3) from fractions of either picture to metres. The part of a polygon behind the camera is cut
    off (Sutherland & Hodgman 1974, one plane, in homogeneous coordinates); a line is there whole or not at all.
    """
    back = np.linalg.inv(mine)
    metres = np.array([(x, y, 1.0) for x, y in shape]) @ theirs.T
    seen = (metres / metres[:, 2:]) @ back.T  # (N, 3): x w, y w and w, which grows as the distance from the camera
    here = mine @ (0.5, 0.9, 1.0)
    depth = seen[:, 2] / (back @ (here / here[2]))[2] - _LEAST_AHEAD
    if len(shape) == 2 and (depth < 0.0).any():
        return ()
    kept = []
    for k in range(len(seen)):
        j = k - 1
        if (depth[k] >= 0.0) != (depth[j] >= 0.0):
            kept.append(seen[j] + depth[j] / (depth[j] - depth[k]) * (seen[k] - seen[j]))
        if depth[k] >= 0.0:
            kept.append(seen[k])
    return tuple((float(x / w), float(y / w)) for x, y, w in kept)
