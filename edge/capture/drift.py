"""Notices that a camera has been turned, shifted or zoomed: its picture's fixed background lies elsewhere.

Every CHECK_S one picture is looked at, small and grey. Its corners are found again in a reference (ORB, matched both
ways) and a shift with turn and zoom is fitted to the matches by RANSAC. People are foreground: what does not fit the
background's one motion is an outlier, so they neither make nor hide a move; light changes the grey but not where
corners lie. Sway comes back within seconds, so only a displacement that stays for STAY_S is told.
"""

import itertools
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.vocabulary import Polygon

CHECK_S = 4.0
STAY_S = 20.0  # so long must it lie elsewhere, or be back, before it is said
WINDOW = 5  # checks, STAY_S long: the median of them speaks
LIMIT = 0.02  # of the picture's width: a displacement that spoils a lane
MIRRORED = 1.0  # of the width: what a mirrored picture counts as; no turn and shift makes one
SMALL_PX = 480  # width of the picture that is looked at
CORNERS = 400
LEAST = 20  # corners that must be found again to believe in a motion
LEARN = 5  # checks until the reference is made: the median of them has few people in it
FADED = 0.4  # of the corners that agreed at first: fewer, and the reference is made anew (the light of the day goes on)
GRID = np.array([[x, y] for x in (0.0, 0.5, 1.0) for y in (0.0, 0.5, 1.0)])  # where a displacement is measured
RANSAC_PX = 2.5
RATIO = 0.85  # of the second-best match's distance (Lowe, 2004)

Grey = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Reference:
    """Where the background's corners lay when the lanes were drawn.

    Attributes:
        at: (N, 2) float32, in the small grey picture's pixels.
        words: (N, 32) uint8, ORB's descriptors.
        size: (height, width) of the small grey picture.
        base: (9, 2) float64, how far it lies from the very first reference, as Displacement.by.
    """

    at: NDArray[np.float32]
    words: NDArray[np.uint8]
    size: tuple[int, int]
    base: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Displacement:
    """How the background lies against the reference.

    Attributes:
        by: (9, 2) shift of the picture's corners, sides and middle (GRID), fractions of the picture's width.
        corners: how many of the reference's corners agree in it.
    """

    by: NDArray[np.float64]
    corners: int

    def at(self, places: NDArray[np.float64]) -> float:
        """The largest displacement at (N, 2) places, fractions of the picture; in fractions of its width."""
        # A similarity is affine: three of the nine points fix it everywhere.
        origin, right, down = self.by[0], self.by[6] - self.by[0], self.by[2] - self.by[0]
        moved = origin + places[:, :1] * right + places[:, 1:] * down
        return float(np.hypot(*moved.T).max())


class DriftJudge:
    """Judges the pictures of one camera in their order: does it still look where it did when its lanes were drawn?

    The reference is the median of the first pictures after the start, or one that an earlier process kept
    (`reference`: give it before the first picture, and keep it when it has changed). `places` are the corners of what
    was drawn on this camera (lanes, service lines, counting lines); a move that leaves all of them within LIMIT is not
    told, so a camera without lanes is never told to have moved.
    """

    def __init__(self, places: Iterable[Polygon], mask: Iterable[Polygon] = ()) -> None:
        points = list(itertools.chain.from_iterable(places))
        self._places = np.array(points, np.float64).reshape(-1, 2)
        self._mask = tuple(mask)
        self._orb = cv2.ORB.create(nfeatures=CORNERS, fastThreshold=12)
        self._matcher = cv2.BFMatcher(cv2.NORM_HAMMING)
        self._shots: deque[Grey] = deque(maxlen=LEARN)
        self.reference: Reference | None = None
        self._next_s = -float("inf")
        self._last_s = -float("inf")
        self._recent: deque[float] = deque(maxlen=WINDOW)
        self._first_corners: int | None = None
        self.moved = False
        self.latest: Displacement | None = None

    def judge(self, image: NDArray[np.uint8], pts_s: float) -> bool:
        """Has the camera moved? Looks at (H, W, 3) uint8 RGB `image` at media time `pts_s` if a look is due."""
        if pts_s < self._last_s:  # the clock was set back
            self._next_s = pts_s
        self._last_s = pts_s
        if len(self._places) == 0 or pts_s < self._next_s:
            return self.moved
        self._next_s = pts_s + CHECK_S
        grey = _small(image)
        if self._shots and self._shots[0].shape != grey.shape:
            self._shots.clear()
        if self.reference is not None and self.reference.size != grey.shape:
            self.reference = None  # another size of the picture: corners lie elsewhere for that reason alone
        if self.reference is None:
            self._learn(grey)
        else:
            self._compare(grey, self.reference)
        return self.moved

    def _learn(self, grey: Grey) -> None:
        self._shots.append(grey)
        if len(self._shots) == LEARN:
            self._take_reference(np.zeros_like(GRID))
            self._recent.clear()

    def _take_reference(self, base: NDArray[np.float64]) -> None:
        median = np.median(np.stack(self._shots), axis=0).astype(np.uint8)
        found = self._corners(median)
        if found is not None:
            self.reference = Reference(*found, (median.shape[0], median.shape[1]), base)
            self._first_corners = None

    def _corners(self, grey: Grey) -> tuple[NDArray[np.float32], NDArray[np.uint8]] | None:
        height, width = grey.shape
        allowed = np.full(grey.shape, 255, np.uint8)
        for polygon in self._mask:  # the edge of a black polygon stays where it is, however the camera turns
            cv2.fillPoly(allowed, [np.rint(np.array(polygon) * (width, height)).astype(np.int32)], (0,))
        allowed = cv2.erode(allowed, np.ones((31, 31), np.uint8), borderValue=255).astype(np.uint8)
        found, words = self._orb.detectAndCompute(grey, allowed)
        if words is None or len(found) < LEAST:
            return None
        return np.array([k.pt for k in found], np.float32), np.asarray(words, np.uint8)

    def _compare(self, grey: Grey, reference: Reference) -> None:
        self.latest = self._displacement(grey, reference)
        if self.latest is not None:
            self._recent.append(self.latest.at(self._places))
        elif self._displacement(np.ascontiguousarray(grey[:, ::-1]), reference) is not None:
            self._recent.append(MIRRORED)
        else:
            return  # too dark, too empty, too crowded: nothing is known, and nothing is said
        if len(self._recent) < WINDOW:
            return
        away = [d > LIMIT for d in self._recent]
        if all(away) or not any(away):
            self.moved = away[0]
        self._shots.append(grey)
        if self.latest is not None:
            self._renew(self.latest)

    def _renew(self, latest: Displacement) -> None:
        """Takes newer pictures as the reference when few of its corners are found; how far it lies is kept."""
        self._first_corners = self._first_corners or latest.corners
        still = np.ptp(self._recent) < LIMIT / 4
        if latest.corners >= FADED * self._first_corners or not still:
            return
        self._take_reference(latest.by)

    def _displacement(self, grey: Grey, then: Reference) -> Displacement | None:
        now = self._corners(grey)
        if now is None:
            return None
        now_at, now_words = now
        pairs = self._both_ways(then.words, now_words)
        if len(pairs) < LEAST:
            return None
        source, target = then.at[pairs[:, 0]], now_at[pairs[:, 1]]
        motion, agree = cv2.estimateAffinePartial2D(
            source, target, method=cv2.RANSAC, ransacReprojThreshold=RANSAC_PX, maxIters=500
        )
        if motion is None or int(agree.sum()) < LEAST or agree.mean() < 0.3:
            return None
        height, width = grey.shape
        at = GRID * (width, height)
        return Displacement(then.base + (at @ motion[:, :2].T + motion[:, 2] - at) / width, int(agree.sum()))

    def _both_ways(self, then: NDArray[np.uint8], now: NDArray[np.uint8]) -> NDArray[np.int64]:
        """(N, 2) indices of descriptors that are each other's clearly best match."""
        there = {m.queryIdx: m.trainIdx for m in _clear(self._matcher.knnMatch(then, now, k=2))}
        back = {m.queryIdx: m.trainIdx for m in _clear(self._matcher.knnMatch(now, then, k=2))}
        return np.array([(a, b) for a, b in there.items() if back.get(b) == a], np.int64).reshape(-1, 2)


def _clear(pairs: Sequence[Sequence[cv2.DMatch]]) -> list[cv2.DMatch]:
    return [p[0] for p in pairs if len(p) == 2 and p[0].distance < RATIO * p[1].distance]


def _small(image: NDArray[np.uint8]) -> Grey:
    height, width = image.shape[:2]
    scale = min(1.0, SMALL_PX / width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    # Shrunk first: the grey of a small picture costs nothing.
    shrunk = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.cvtColor(shrunk, cv2.COLOR_RGB2GRAY), np.uint8)
