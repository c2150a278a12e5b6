"""The people that a tracker follows: columns of equal length, one row a person."""

from dataclasses import dataclass, fields
from typing import Self

import numpy as np
from numpy.typing import NDArray

from edge.kalman import Array, States

IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class People:
    """N people.

    Attributes:
        ids: (N,) int64.
        x, v, cov: their filters, see kalman.States.
        born_s, seen_s: (N,) media time of the first and of the last picture in which each was seen.
        hits: (N,) pictures in which each was seen.
        shown: (N,) bool, confirmed.
        known: (N, 2) height and top when last seen whole, see ground.remember.
        leaving: (N,) bool, at the border and on the way out when last seen.
    """

    ids: IntArray
    x: Array
    v: Array
    cov: Array
    born_s: Array
    seen_s: Array
    hits: IntArray
    shown: BoolArray
    known: Array
    leaving: BoolArray

    @classmethod
    def nobody(cls) -> Self:
        """No people."""
        return cls.new(np.zeros(0, np.int64), States(np.zeros((0, 4)), np.zeros((0, 4)), np.zeros((0, 4, 3))), 0.0)

    @classmethod
    def new(cls, ids: IntArray, states: States, pts_s: float, *, shown: bool = False) -> Self:
        """People seen for the first time."""
        n = len(ids)
        when = np.full(n, pts_s)
        known, leaving = np.full((n, 2), np.nan), np.zeros(n, np.bool_)
        hits = np.ones(n, np.int64)
        return cls(ids, states.x, states.v, states.cov, when, when, hits, np.full(n, shown), known, leaving)

    @property
    def states(self) -> States:
        """Their filters."""
        return States(self.x, self.v, self.cov)

    @property
    def body_px(self) -> Array:
        """(N,) each one's scale: the height, or what the width says where the height is cut."""
        return np.maximum(np.maximum(self.x[:, 3], 2.2 * self.x[:, 2]), 4.0)

    @property
    def boxes(self) -> Array:
        """(N, 4) x1 y1 x2 y2, pixels."""
        x, top, width, height = self.x.T
        width, height = np.maximum(width, 1.0), np.maximum(height, 1.0)
        return np.stack([x - width / 2, top, x + width / 2, top + height], axis=1)

    def take(self, rows: NDArray[np.bool_] | NDArray[np.intp]) -> Self:
        """Some of them."""
        return type(self)(*(getattr(self, f.name)[rows] for f in fields(self)))

    def join(self, other: Self) -> Self:
        """All of both."""
        return type(self)(*(np.concatenate([getattr(self, f.name), getattr(other, f.name)]) for f in fields(self)))
