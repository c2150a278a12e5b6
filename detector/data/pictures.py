"""What a labelled picture is, whatever file the labels came from."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Row = tuple[list[float], float, list[float] | None, float]  # box x y w h px, weight, head or None, its weight


class DataError(Exception):
    """Something is wrong with pictures or labels; the message names file, picture and box and says what to do."""


@dataclass(frozen=True, eq=False)
class People:
    """The people of one picture; N of them.

    Attributes:
        boxes: (N, 4) float32 xyxy in picture pixels, whole person as far as visible.
        weights: (N,) float32 in [0, 1]: 1 for a sure person, a teacher's score for a pseudo-label, 0 for an ignore box.
        heads: (N, 4) float32 xyxy; zeros where no head is annotated.
        head_weights: (N,) float32: 1 drawn by hand, 0.5 by a teacher, 0 not annotated.
    """

    boxes: NDArray[np.float32]
    weights: NDArray[np.float32]
    heads: NDArray[np.float32]
    head_weights: NDArray[np.float32]

    def take(self, index: NDArray[np.bool_] | NDArray[np.int64]) -> "People":
        """The people at these places."""
        return People(self.boxes[index], self.weights[index], self.heads[index], self.head_weights[index])


@dataclass(frozen=True, eq=False)
class Picture:
    """One picture and its people.

    Attributes:
        file: path as the labels name it, relative to the data's folder.
        path: where it lies.
        size_px: (width, height) as the labels state it.
        source: which part of the data it belongs to.
        people: the boxes.
    """

    file: str
    path: Path
    size_px: tuple[int, int]
    source: str
    people: People


def nobody() -> People:
    """An empty picture's people."""
    return People(
        np.zeros((0, 4), np.float32), np.zeros(0, np.float32), np.zeros((0, 4), np.float32), np.zeros(0, np.float32)
    )


def people_of(rows: Sequence[Row]) -> People:
    """People from rows."""
    if not rows:
        return nobody()
    boxes = np.array([row[0] for row in rows], np.float32)  # (N, 4)
    heads = np.array([row[2] or [0.0] * 4 for row in rows], np.float32)
    boxes[:, 2:] += boxes[:, :2]
    heads[:, 2:] += heads[:, :2]
    return People(
        boxes, np.array([row[1] for row in rows], np.float32), heads, np.array([row[3] for row in rows], np.float32)
    )


def join(parts: list[People]) -> People:
    """All people of several parts, in order."""
    if not parts:
        return nobody()
    return People(
        np.concatenate([part.boxes for part in parts]),
        np.concatenate([part.weights for part in parts]),
        np.concatenate([part.heads for part in parts]),
        np.concatenate([part.head_weights for part in parts]),
    )
