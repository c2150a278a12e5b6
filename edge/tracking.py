"""Follows people from picture to picture: our own two-stage association (after ByteTrack, Zhang et al. 2022,
arXiv:2110.06864: boxes of low score only continue people, never start them) over the filters of kalman.py.

Waits are made of identity, so a person who is hidden is carried on, standing, and found again by place. Who
runs is followed from the first two boxes on, up to 5 m/s, and runs on while unseen. All motion is in seconds of media
time; the rate of the pictures does not matter.

A person is shown from the second picture on in which a good box is found at the place, at least `confirm_s` after the
first (0.15 s: the second picture up to 6 a second, the third at 10); in the tracker's first picture at once. A box that
no other picture confirms within 0.6 s or two pictures is forgotten.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from detector.runtime.detections import Detections
from edge import ground
from edge.association import alone_costs, assign, overlap, pair_costs, running_pairs, within
from edge.kalman import Array, States, correct, first_states, predict
from edge.people import People
from edge.settings import CameraSettings
from edge.vocabulary import PictureState, Tracks

NOISE = np.array([0.03, 0.03, 0.05, 0.06])  # of a measured (x middle, top, width, height), in body heights
STILL_SPEED = np.array([0.15, 0.10, 0.04, 0.07])  # standing people's velocity deviation, body heights a second
RESTLESS = 0.7  # and this share of the present speed on top
LASTS_S = 1.5  # a velocity lasts this long
HIDDEN_LASTS_S = (0.3, 0.9)  # while unseen: of one who stood, of one who walked
BACKWARD_S = 0.5  # time may run back this far (reordered pictures); farther is a new recording
GHOST_S = 0.6
LEAVING_S = 0.6
SAME_BOX = 0.8  # overlap of a box with a matched one that makes it the same person found twice
DOUBLE = (0.4, 0.85)  # a weak box that overlaps a matched one so far, and lies in it or around it to this share ...
DOUBLE_S = 1.0  # ... brings nobody back who is hidden for longer
TENTATIVE_COST = 2.0
HIDDEN_COST, HIDDEN_COST_S = 9.0, 0.5
MAX_BOXES = 500
LOW_LIMIT_S = 2.0  # who was hidden longer than this is not found again by a box of low score
FIRST_SPEED = np.array([0.5, 0.35, 0.15, 0.25])  # deviation of an unknown velocity, body heights a second
RUNNER = 1.2  # body heights a second: nobody walks so fast
RUNS_ON_S, RUNNER_LIMIT_S = 20.0, 1.5  # a runner who is not seen runs on; after so long it is somebody else
OUTWARD = 0.15  # body heights a second


class Tracker:
    """Follows the people of one camera."""

    def __init__(self, camera: CameraSettings, *, run: str) -> None:
        """`run` names this tracker's life: track ids are unique within it."""
        self._camera = camera
        self._run = run
        self._birth_score = camera.tracker.birth_score
        self._keep_score = camera.tracker.keep_score
        self._max_hidden_s = max(camera.tracker.max_hidden_s, 2.2 / camera.detect_fps)
        self._confirm_s = camera.tracker.confirm_s
        self._people = People.nobody()
        self._next_id = 1
        self._pts_s: float | None = None
        self._interval_s = 1.0 / camera.detect_fps
        self._size_px: tuple[int, int] | None = None

    def update(self, detections: Detections, *, captured_utc_s: float = 0.0, picture: PictureState = "ok") -> Tracks:
        """Takes one picture's boxes and returns all confirmed people, hidden ones included.

        Raises ValueError if pts_s or the size is no finite positive thing; boxes that are not finite are left out.
        """
        width, height = detections.size_px
        if not np.isfinite(detections.pts_s) or width < 1 or height < 1:
            raise ValueError(f"pts_s must be finite and the size positive, got {detections.pts_s}, {width}x{height}")
        pts_s = float(detections.pts_s)
        self._resize(detections.size_px)
        before_s = self._pts_s
        first = self._step(pts_s)
        boxes, scores = _usable(detections, self._keep_score)
        high, low = boxes[scores >= self._birth_score], boxes[scores < self._birth_score]
        dt_s = 0.0 if before_s is None else max(pts_s - before_s, 0.0)
        used = self._match(high, low, pts_s=pts_s, dt_s=dt_s)
        self._forget(pts_s)
        self._bear(high[~used], high[used], pts_s=pts_s, first=first)
        return self._tracks(pts_s, dt_s, captured_utc_s, picture)

    def _resize(self, size_px: tuple[int, int]) -> None:
        """Scales everybody when the stream changes its size."""
        before, self._size_px = self._size_px, size_px
        if before is None or before == size_px:
            return
        fx, fy = size_px[0] / before[0], size_px[1] / before[1]
        factor = np.array([fx, fy, fx, fy])
        p = self._people
        cov = p.cov * (factor**2)[:, None]
        self._people = replace(p, x=p.x * factor, v=p.v * factor, cov=cov, known=p.known * fy)

    def _step(self, pts_s: float) -> bool:
        """Moves everybody to the picture's time; True if nothing came before it: start, gap or another recording."""
        before, self._pts_s = self._pts_s, pts_s
        if before is None:
            return True
        dt_s = pts_s - before
        if dt_s < -BACKWARD_S or dt_s > self._max_hidden_s:
            self._people = People.nobody()
            return True
        p = self._people
        if dt_s < 0:
            p = replace(p, born_s=np.minimum(p.born_s, pts_s), seen_s=np.minimum(p.seen_s, pts_s))
        elif dt_s > 0:
            self._interval_s += 0.2 * (min(dt_s, 2.5) - self._interval_s)
        body = p.body_px[:, None]
        pace = np.abs(p.v) / body
        was_seen = (p.seen_s >= before - 1e-9)[:, None]
        gone_s = HIDDEN_LASTS_S[0] + (HIDDEN_LASTS_S[1] - HIDDEN_LASTS_S[0]) * np.minimum(pace / 0.5, 1.0) ** 2
        gone_s[_running(p)] = RUNS_ON_S
        speed = np.hypot(STILL_SPEED, RESTLESS * pace) * body
        states = predict(p.states, max(dt_s, 0.0), speed=speed, tau_s=np.where(was_seen, LASTS_S, gone_s))
        self._people = replace(p, x=states.x, v=states.v, cov=states.cov)
        return False

    def _match(self, high: Array, low: Array, *, pts_s: float, dt_s: float) -> NDArray[np.bool_]:
        """Finds everybody's box, good boxes first, and corrects their states; which good boxes are taken."""
        p = self._people
        hidden_s = np.maximum(pts_s - p.seen_s, 0.0)
        noise = NOISE * p.body_px[:, None]
        cost = pair_costs(p.states, p.body_px, hidden_s, high, noise)
        cost += np.where(p.shown, 0.0, TENTATIVE_COST)[:, None]
        missed_s = np.clip(hidden_s - dt_s, 0.0, HIDDEN_COST_S)
        alone = alone_costs(high, self._size_px or (1, 1))
        rows, columns = assign(cost + (HIDDEN_COST * missed_s / HIDDEN_COST_S)[:, None], alone)
        rows, columns = _assign_runners(p, hidden_s, high, rows, columns)
        rows, columns = _assign_rest(cost, alone, rows, columns)
        rest = np.zeros(0, np.intp)
        if len(low):
            waits = p.shown & (hidden_s < LOW_LIMIT_S)
            waits[rows] = False
            rest = np.flatnonzero(waits)
        weak = p.take(rest)
        low_cost = pair_costs(weak.states, weak.body_px, hidden_s[rest], low, 2 * noise[rest])
        late = hidden_s[rest] >= max(DOUBLE_S, 4 * dt_s)
        low_cost[np.ix_(late, _doubles(low, high[columns]))] = np.inf
        low_rows, low_columns = assign(low_cost, alone_costs(low, self._size_px or (1, 1)))
        who = np.concatenate([rows, rest[low_rows]])
        measured = np.concatenate([high[columns], low[low_columns]])
        trust = np.concatenate([noise[rows], 2 * noise[rest[low_rows]]])
        self._people = _corrected(p, who, measured, trust, pts_s)
        used = np.zeros(len(high), np.bool_)
        used[columns] = True
        return used

    def _forget(self, pts_s: float) -> None:
        """Lets go of who was hidden too long, of ghosts, and of those who walked out of the picture."""
        p = self._people
        size = np.array(self._size_px)
        hidden_s = pts_s - p.seen_s
        middle = p.x[:, :2] + np.stack([np.zeros(len(p.ids)), p.x[:, 3] / 2], axis=1)
        outside = ((middle < 0) | (middle > size)).any(axis=1)
        limit_s = np.full(len(p.ids), self._max_hidden_s)
        limit_s[_running(p)] = max(RUNNER_LIMIT_S, 2.2 * self._interval_s)
        limit_s[p.leaving] = max(LEAVING_S, 1.5 * self._interval_s)
        limit_s[~p.shown | (p.hits < 2)] = max(GHOST_S, 2.2 * self._interval_s)
        self._people = p.take((hidden_s <= limit_s) & ~(outside & (hidden_s > 0)))

    def _bear(self, boxes: Array, taken: Array, *, pts_s: float, first: bool) -> None:
        """Starts a person for each good box that is left, unless it is the second box of somebody."""
        corners, others = _corners(boxes), _corners(taken)
        double = (overlap(corners, others) > SAME_BOX).any(axis=1)
        double |= np.tril(overlap(corners, corners) > SAME_BOX, k=-1).any(axis=1)
        boxes = boxes[~double]
        ids = np.arange(self._next_id, self._next_id + len(boxes), dtype=np.int64)
        self._next_id += len(boxes)
        body = np.maximum(boxes[:, 3], 2.2 * boxes[:, 2])[:, None]
        states = first_states(boxes, NOISE * body, FIRST_SPEED * body)
        p = self._people
        seen_again = (p.hits >= 2) & (p.seen_s - p.born_s >= self._confirm_s - 1e-6)
        self._people = replace(p, shown=p.shown | seen_again).join(People.new(ids, states, pts_s, shown=first))

    def _tracks(self, pts_s: float, dt_s: float, captured_utc_s: float, picture: PictureState) -> Tracks:
        p = self._people
        size_px = self._size_px or (1, 1)
        boxes, observed = p.boxes, p.seen_s >= pts_s
        unseen = ground.bottom_cut(boxes, size_px) | ground.bottom_hidden(boxes)
        known = ground.remember(p.known, boxes, observed & ~unseen, dt_s)
        leaving = np.where(observed, _on_the_way_out(p, size_px), p.leaving)
        self._people = replace(p, known=known, leaving=leaving)
        points = ground.ground_points(boxes, known, unseen, size_px)
        shown = p.shown
        return Tracks(
            camera_id=self._camera.id,
            run=self._run,
            pts_s=pts_s,
            captured_utc_s=captured_utc_s,
            size_px=size_px,
            track_ids=p.ids[shown],
            boxes=boxes[shown].astype(np.float32),
            ground=points[shown].astype(np.float32),
            observed=observed[shown],
            last_seen_s=p.seen_s[shown],
            picture=picture,
        )


def _assign_rest(
    cost: Array, alone: Array, rows: NDArray[np.intp], columns: NDArray[np.intp]
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Pairs, and those that boxes nobody took make with people nobody found.

    A hidden person may not take the box of one who is seen, or all who step forward in a line would pass on their ids
    one by one; a box that is left over in the middle of the picture is rather a hidden person than a new one.
    """
    lost = np.setdiff1d(np.arange(cost.shape[0]), rows)
    left = np.setdiff1d(np.arange(cost.shape[1]), columns)
    if not len(lost) or not len(left):
        return rows, columns
    again, boxes = assign(cost[np.ix_(lost, left)], alone[left])
    return np.concatenate([rows, lost[again]]), np.concatenate([columns, left[boxes]])


def _assign_runners(
    p: People, hidden_s: Array, high: Array, rows: NDArray[np.intp], columns: NDArray[np.intp]
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Pairs, and those that boxes nobody took make with people seen once who must have run there.

    They come before those who are hidden: somebody found a moment ago is likelier to go on than one long unseen to be
    where a runner passes.
    """
    lost = np.setdiff1d(np.flatnonzero(~p.shown & (p.hits == 1)), rows)
    left = np.setdiff1d(np.arange(len(high)), columns)
    again, boxes = running_pairs(p.x[lost], p.body_px[lost], hidden_s[lost], high[left])
    return np.concatenate([rows, lost[again]]), np.concatenate([columns, left[boxes]])


def _corrected(p: People, who: NDArray[np.intp], measured: Array, noise: Array, pts_s: float) -> People:
    """The people after a measurement of some of them."""
    states = correct(States(p.x[who], p.v[who], p.cov[who]), measured, noise)
    x, v, cov, seen_s, hits = p.x.copy(), p.v.copy(), p.cov.copy(), p.seen_s.copy(), p.hits.copy()
    x[who], v[who], cov[who], seen_s[who] = states.x, states.v, states.cov, pts_s
    hits[who] += 1
    return replace(p, x=x, v=v, cov=cov, seen_s=seen_s, hits=hits)


def _usable(detections: Detections, keep_score: float) -> tuple[Array, Array]:
    """Boxes (M, 4) as (x middle, top, width, height) and scores (M,), best first in an order of their own."""
    corners = detections.boxes.astype(np.float64)
    scores = detections.scores.astype(np.float64)
    with np.errstate(invalid="ignore", over="ignore"):  # nan and inf are sorted out here
        sides = corners[:, 2:] - corners[:, :2]
        good = (np.abs(corners) < 1e5).all(axis=1) & (sides >= 2).all(axis=1) & (scores >= keep_score)
    corners, scores = corners[good], scores[good]
    order = np.lexsort((corners[:, 0], corners[:, 2], corners[:, 3], corners[:, 1], -scores))[:MAX_BOXES]
    corners, scores = corners[order], scores[order]
    sides = corners[:, 2:] - corners[:, :2]
    middle = (corners[:, 0] + corners[:, 2]) / 2
    return np.column_stack([middle, corners[:, 1], sides]), scores


def _corners(boxes: Array) -> Array:
    """(N, 4) x1 y1 x2 y2 of (x middle, top, width, height)."""
    half = boxes[:, 2] / 2
    return np.stack([boxes[:, 0] - half, boxes[:, 1], boxes[:, 0] + half, boxes[:, 1] + boxes[:, 3]], axis=1)


def _doubles(low: Array, taken: Array) -> NDArray[np.bool_]:
    """(M,): weak boxes that are rather a second one on somebody who has been found.

    Who stands close behind somebody is seen beside or above them; a detector in doubt draws a box round the first.
    """
    corners, others = _corners(low), _corners(taken)
    twice = (overlap(corners, others) > DOUBLE[0]) & (within(corners, others) > DOUBLE[1])
    return np.asarray(twice.any(axis=1))


def _running(p: People) -> NDArray[np.bool_]:
    """(N,): moves as nobody walks."""
    return np.asarray(np.hypot(p.v[:, 0], p.v[:, 1]) > RUNNER * p.body_px)


def _on_the_way_out(p: People, size_px: tuple[int, int]) -> NDArray[np.bool_]:
    """(N,): the box touches a border and moves towards it."""
    width, height = size_px
    boxes, pace = p.boxes, p.v / p.body_px[:, None]
    left = (boxes[:, 0] <= 0.01 * width) & (pace[:, 0] < -OUTWARD)
    right = (boxes[:, 2] >= 0.99 * width) & (pace[:, 0] > OUTWARD)
    down = (boxes[:, 3] >= 0.99 * height) & (pace[:, 1] > OUTWARD)
    up = (boxes[:, 1] <= 0.01 * height) & (pace[:, 1] < -OUTWARD)
    return left | right | down | up
