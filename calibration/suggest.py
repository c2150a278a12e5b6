"""Suggests lanes from where people stand and in which order they move; each with the figures that speak for it.

Standing: slower than STAND of one's own height a second. Seconds stood are summed on a grid; what is left above a share
of the busiest places falls into clusters. People leave a line at one place, where they are served: a cluster with
several such places is several lines, and each of its cells belongs to the place that most who stood there went to. The
lane's direction is that of people's own displacement while they are in it, its service line the side they leave by.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from calibration.sightings import Table
from edge.config_geometry import WrongValueError, checked_polygon
from edge.vocabulary import Point, Polygon

COLUMNS = 96  # of the grid
STAND = 0.25  # own heights a second: 0.4 m/s, a slow shuffle
WINDOW_S = 2.0  # over which speed is measured
BUSY = 0.15  # of the busiest places' seconds: less is where somebody stood once
PAUSE_S = 5.0  # who stands for less has only paused
LEAST_PEOPLE = 3
LEAST_STAND_S = 4.0  # stood by each of them
REACH = 0.3  # own heights: how far a person reaches around the foot
ENDS = 0.3  # of the commonest leaving place's people: fewer are no place of service
APART = 0.8  # own heights between two places of service
AGREE = 0.6  # of the people move the same way: less is a crowd, not a line


@dataclass(frozen=True)
class Suggestion:
    """A lane that the tracks speak for.

    Attributes:
        area: outline of the floor where people stood, fractions of the picture.
        service_line: the side they leave by; None where they do not move one way.
        people: how many stood in it.
        stood_s: median seconds that each stood.
        reason: the same in words.
    """

    area: Polygon
    service_line: tuple[Point, Point] | None
    people: int
    stood_s: float
    reason: str


def suggest(seen: Table, most: int = 6) -> list[Suggestion]:
    """Lanes, the busiest first; empty where nobody stood."""
    if len(seen.at_s) < 10:
        return []
    standing = _standing(seen)
    labels, count = _clusters(seen, standing)
    labels, count = _by_end(seen, standing, labels, count)
    found = [_lane(seen, standing, labels, n) for n in range(1, count)]
    lanes = [lane for lane in found if lane is not None]
    return sorted(lanes, key=lambda lane: -lane.people * lane.stood_s)[:most]


def _square(seen: Table) -> NDArray[np.float64]:
    """(N, 2) feet in picture heights, so that a distance is the same in every direction."""
    return seen.foot * (seen.aspect, 1.0)


def _standing(seen: Table) -> NDArray[np.float64]:
    """(N,) seconds that each sighting stands for; 0 while walking."""
    foot, at_s = _square(seen), seen.at_s
    seconds = np.zeros(len(at_s))
    edges = np.flatnonzero(np.diff(seen.person)) + 1
    for rows in np.split(np.arange(len(at_s)), edges):
        times = at_s[rows]
        before = np.searchsorted(times, times - WINDOW_S / 2)
        after = np.minimum(np.searchsorted(times, times + WINDOW_S / 2), len(rows) - 1)
        way = np.hypot(*(foot[rows[after]] - foot[rows[before]]).T)
        span = np.maximum(times[after] - times[before], 1e-3)
        slow = (way / span < STAND * np.maximum(seen.height[rows], 1e-3)) & (after > before)
        step = np.minimum(np.diff(times, append=times[-1]), WINDOW_S)
        run = np.cumsum(np.diff(slow, prepend=slow[0]))  # one number a stretch of standing or walking
        stretch_s = np.bincount(run, weights=step)[run]
        seconds[rows] = np.where(slow & (stretch_s >= PAUSE_S), step, 0.0)
    return seconds


def _cells(seen: Table) -> tuple[NDArray[np.int64], NDArray[np.int64], tuple[int, int]]:
    rows_n = max(1, round(COLUMNS / seen.aspect))
    x = np.clip((seen.foot[:, 0] * COLUMNS).astype(np.int64), 0, COLUMNS - 1)
    y = np.clip((seen.foot[:, 1] * rows_n).astype(np.int64), 0, rows_n - 1)
    return x, y, (rows_n, COLUMNS)


def _clusters(seen: Table, standing: NDArray[np.float64]) -> tuple[NDArray[np.int32], int]:
    """A label a cell, 0 outside; and the number of labels."""
    x, y, shape = _cells(seen)
    seconds = np.zeros(shape)
    np.add.at(seconds, (y, x), standing)
    tall = float(np.median(seen.height[standing > 0])) if (standing > 0).any() else 0.2
    sigma = max(0.12 * tall * shape[0], 0.7)  # an eighth of a person: boxes are not more exact
    smooth = cv2.GaussianBlur(seconds, (0, 0), sigma)
    busy = smooth[smooth > 1e-6]
    if not busy.size:
        return np.zeros(shape, np.int32), 1
    stood = (smooth > BUSY * np.quantile(busy, 0.98)).astype(np.uint8)
    reach = max(1, round(0.2 * tall * shape[0]))  # people in a line stand an arm's length apart
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    closed = cv2.morphologyEx(stood, cv2.MORPH_CLOSE, kernel)
    count, labels = cv2.connectedComponents(closed)
    return labels.astype(np.int32), count


def _by_end(
    seen: Table, standing: NDArray[np.float64], labels: NDArray[np.int32], count: int
) -> tuple[NDArray[np.int32], int]:
    """Clusters that people leave at several places, split: a new label for each place."""
    x, y, _ = _cells(seen)
    split, next_label = np.zeros_like(labels), 1
    for n in range(1, count):
        cluster = labels == n
        here = (labels[y, x] == n) & (standing > 0)
        goes_to, places = _leaving_places(seen, here)
        if places < 2:
            split[cluster] = next_label
            next_label += 1
            continue
        votes = np.zeros((places, *labels.shape))
        known = here & (goes_to >= 0)
        np.add.at(votes, (goes_to[known], y[known], x[known]), standing[known])
        votes = np.stack([cv2.GaussianBlur(v, (0, 0), 1.5) for v in votes])
        winner, voted = votes.argmax(axis=0), votes.max(axis=0) > 1e-3
        nearest = ndimage.distance_transform_edt(~voted, return_distances=False, return_indices=True)
        split[cluster] = (winner[tuple(nearest)] + next_label)[cluster]
        next_label += places
    return split, next_label


def _leaving_places(seen: Table, here: NDArray[np.bool_]) -> tuple[NDArray[np.int64], int]:
    """For each sighting the leaving place that its person went to, -1: none; and how many places there are."""
    foot, goes_to = _square(seen), np.full(len(seen.at_s), -1)
    rows = np.flatnonzero(here)
    if not rows.size:
        return goes_to, 0
    last = rows[np.append(np.flatnonzero(np.diff(seen.person[rows])), len(rows) - 1)]
    ends, tall = foot[last], float(np.median(seen.height[last]))
    near = np.hypot(*(ends[:, None] - ends[None]).transpose(2, 0, 1)) < 0.4 * tall
    crowd = near.sum(axis=1).astype(np.float64)
    peaks: list[NDArray[np.float64]] = []
    least = max(LEAST_PEOPLE, ENDS * crowd.max())
    for i in np.argsort(-crowd, kind="stable"):
        if crowd[i] >= least and all(np.hypot(*(ends[i] - p)) > APART * tall for p in peaks):
            peaks.append(ends[i])
    for place, peak in enumerate(peaks):
        leavers = seen.person[last[np.hypot(*(ends - peak).T) < 0.4 * tall]]
        goes_to[here & np.isin(seen.person, leavers)] = place
    return goes_to, len(peaks)


def _lane(seen: Table, standing: NDArray[np.float64], labels: NDArray[np.int32], n: int) -> Suggestion | None:
    x, y, _ = _cells(seen)
    here = labels[y, x] == n
    people, inverse = np.unique(seen.person[here], return_inverse=True)
    stood_s = np.bincount(inverse, weights=standing[here], minlength=len(people))
    members = people[stood_s >= LEAST_STAND_S]
    if len(members) < LEAST_PEOPLE:
        return None
    area = _outline(labels == n, float(np.median(seen.height[here & (standing > 0)])))
    if area is None:
        return None
    ways, ends = _ways(seen, here, members)
    direction = ways.sum(axis=0)
    length = float(np.hypot(*direction))
    agree = float((ways @ direction > 0).mean()) if length > 0 else 0.0
    line = _head(area, ends[ways @ direction > 0], direction, seen.aspect) if len(ways) and agree >= AGREE else None
    median_s = float(np.median(stood_s[stood_s >= LEAST_STAND_S]))
    reason = f"{len(members)} people stood here, half of them {median_s:.0f} s or longer"
    if line is None:
        reason += "; they do not move one way, so where they are served is for you to draw"
    else:
        reason += f"; {agree:.0%} of {len(ways)} who moved on went {_compass(direction)}, out across the line"
    return Suggestion(area, line, len(members), median_s, reason)


def _ways(
    seen: Table, here: NDArray[np.bool_], members: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(M, 2) displacements within the cluster, picture heights, of those who moved; and (M, 2) where they ended."""
    foot = _square(seen)
    ways, ends = [], []
    for person in members:
        rows = np.flatnonzero(here & (seen.person == person))
        way = foot[rows[-1]] - foot[rows[0]]
        if np.hypot(*way) > REACH * float(np.median(seen.height[rows])):
            ways.append(way)
            ends.append(foot[rows[-1]])
    return np.array(ways).reshape(-1, 2), np.array(ends).reshape(-1, 2)


def _outline(cells: NDArray[np.bool_], tall: float) -> Polygon | None:
    """A simple outline of the cells, a foot's reach wider; fractions of the picture."""
    rows_n, columns = cells.shape
    zoom = 8  # a finer grid: an outline of cells has steps
    fine = cv2.resize(cells.astype(np.uint8), None, fx=zoom, fy=zoom, interpolation=cv2.INTER_NEAREST)
    reach = max(1, round(0.5 * REACH * tall * rows_n * zoom))
    fine = cv2.dilate(fine, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1)))
    contours, _ = cv2.findContours(fine, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    outline = max(contours, key=cv2.contourArea)
    hull = cv2.convexHull(outline)
    if cv2.contourArea(outline) > 0.75 * cv2.contourArea(hull):
        outline = hull  # a straight line needs no dents; a winding one keeps them
    simple = outline
    for tolerance in np.arange(2.0, 40.0, 2.0):
        simple = cv2.approxPolyDP(outline, tolerance, closed=True)
        if len(simple) <= 8:
            break
    points = [(float(px) / (columns * zoom), float(py) / (rows_n * zoom)) for px, py in simple[:, 0]]
    try:
        return checked_polygon(tuple((round(min(a, 1.0), 4), round(min(b, 1.0), 4)) for a, b in points))
    except WrongValueError:
        return None


def _head(
    area: Polygon, ends: NDArray[np.float64], direction: NDArray[np.float64], aspect: float
) -> tuple[Point, Point] | None:
    """The side of the area that faces the way people go and lies nearest to where they were last seen in it."""
    corners = np.array(area) * (aspect, 1.0)
    following = np.roll(corners, -1, axis=0)
    way = direction / np.hypot(*direction)
    last = np.median(ends, axis=0)
    sides = following - corners
    turn = np.sign(np.sum(corners[:, 0] * following[:, 1] - following[:, 0] * corners[:, 1]))
    outward = turn * np.stack([sides[:, 1], -sides[:, 0]], axis=1) / np.maximum(np.hypot(*sides.T), 1e-9)[:, None]
    ahead = ((corners + following) / 2 - last) @ way
    # How far ahead the side lies, for sides that people walk out of; a long side along the line faces nobody.
    score = np.where(outward @ way > 0.4, (outward @ way) * np.hypot(*sides.T) + ahead, -np.inf)
    best = int(np.argmax(score))
    if not np.isfinite(score[best]):
        return None
    return area[best], area[(best + 1) % len(area)]


def _compass(direction: NDArray[np.float64]) -> str:
    across = "right" if direction[0] > 0 else "left"
    along = "down" if direction[1] > 0 else "up"
    steep = abs(direction[1]) / max(abs(direction[0]), 1e-9)
    return along if steep > 2.4 else across if steep < 0.4 else f"{along} and {across}"
