"""Counting lines: who has crossed, and who has only come near."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge.queueing.crossings import LineCounter, crossings, distance
from edge.vocabulary import LineSettings, Point, Tracks
from tests.edge.queueing.scene import BOX, SIZE, Walk, every, stand, tracks, walk

DOOR = ((0.0, 0.5), (1.0, 0.5))  # y 360 px; its left is the upper half of the picture
quick = settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
rates = st.sampled_from([0.5, 1.0, 2.0, 3.0, 5.0, 10.0, 30.0])
seeds = st.integers(0, 2**32 - 1)


def counted(pictures: Sequence[Tracks], points: Sequence[Point] = DOOR) -> tuple[int, int]:
    """(in, out) of a line that has seen these pictures, and the time after them."""
    line = LineCounter(LineSettings("door", "c1", tuple(points)))
    for picture in pictures:
        line.update(picture)
    line.settle(1e9)
    return line.count_in, line.count_out


def shown(people: Mapping[int, Walk], fps: float, until_s: float = 30.0) -> list[Tracks]:
    """Pictures of these people."""
    return [
        tracks(t_s, {i: p for i, where in people.items() if (p := where(t_s)) is not None})
        for t_s in every(1.0 / fps, until_s)
    ]


@quick
@given(rates, st.floats(0.3, 1.2), st.floats(0.0, 1.0), st.booleans())
def test_a_walk_across_counts_once_at_any_rate(fps: float, heights_s: float, late_s: float, down: bool) -> None:
    """Strolling to brisk, at 0.5 to 30 pictures a second: one, in its direction."""
    pace = heights_s * BOX[1]
    far = 360.0 - pace * 6.0, 360.0 + pace * 6.0
    stops = (late_s, 640.0, far[not down]), (late_s + 12.0, 640.0, far[down])
    assert counted(shown({1: walk(*stops)}, fps)) == ((1, 0) if down else (0, 1))


@pytest.mark.parametrize("at_s", [0.0, 0.13, 0.25, 0.37])
def test_a_runner_is_counted_at_two_pictures_a_second(at_s: float) -> None:
    """5 m/s, three body heights a second: a step of more than a body between two pictures."""
    runner = walk((at_s, 640.0, 20.0), (at_s + 1.5, 640.0, 700.0))
    assert counted(shown({1: runner}, 2.0, 5.0)) == (1, 0)


@pytest.mark.parametrize("fps", [1.0, 2.0, 5.0, 30.0])
def test_back_and_forth_counts_both_ways_once_each(fps: float) -> None:
    """Over, a while there, and back."""
    there = walk((0, 600, 200), (4, 600, 520), (8, 600, 520), (12, 600, 200))
    assert counted(shown({1: there}, fps)) == (1, 1)


@pytest.mark.slow
@quick
@given(seeds, rates, st.floats(340.0, 380.0), st.booleans())
def test_trembling_on_the_line_counts_nothing(seed: int, fps: float, y: float, comes: bool) -> None:
    """A person who stands on the line, having appeared there or walked up to it and gone back, has not crossed."""
    rng = np.random.default_rng(seed)
    stops = [(0.0, 640.0, 200.0), (3.0, 640.0, y), (25.0, 640.0, y), (29.0, 640.0, 200.0)]
    where = walk(*(stops if comes else [(0.0, 640.0, y), (25.0, 640.0, y)]))

    def trembling(t_s: float) -> Point | None:
        p = where(t_s)
        jitter = np.clip(rng.normal(0.0, 4.0, 2), -2.0, 2.0)  # 22 px is clear; the line is at most 20 px away
        return None if p is None else (p[0] + jitter[0], p[1] + jitter[1])

    assert counted(shown({1: trembling}, fps)) == (0, 0)


@pytest.mark.parametrize("fps", [2.0, 5.0, 10.0])
def test_a_box_that_jumps_over_the_line_and_back_counts_nothing(fps: float) -> None:
    """One picture in eight has the foot on the line's other side: a box cut or stretched, not a walk."""
    pictures = [tracks(k / fps, {1: (640.0, 460.0 if k % 8 == 5 else 300.0)}) for k in range(80)]
    assert counted(pictures) == (0, 0)


@pytest.mark.parametrize("fps", [2.0, 5.0, 10.0])
def test_a_track_that_breaks_on_the_line_counts_once(fps: float) -> None:
    """The person goes on under another id, a second later and farther on: one crossing, not two and not none."""
    people = {
        1: walk((0.0, 640.0, 150.0), (5.0, 640.0, 350.0)),
        2: walk((6.0, 640.0, 390.0), (11.0, 640.0, 590.0)),
    }
    assert counted(shown(people, fps)) == (1, 0)
    everybody_new = {
        k: walk((k / 2, 640.0, 150.0 + 20.0 * k), (k / 2 + 0.4, 640.0, 166.0 + 20.0 * k)) for k in range(22)
    }
    assert counted(shown(everybody_new, 10.0)) == (1, 0)


def test_who_appears_on_the_line_has_not_crossed() -> None:
    """A first sight near the line says nothing of where the person came from; one clearly beside it does."""
    assert counted(shown({1: walk((0, 640, 345), (5, 640, 600))}, 5.0)) == (0, 0)
    assert counted(shown({1: walk((0, 640, 330), (5, 640, 600))}, 5.0)) == (1, 0)


def test_somebody_else_far_away_is_somebody_else() -> None:
    """One person ends on this side and another begins over there: nobody crossed."""
    people = {1: stand(200, 250, 0, 5), 2: stand(1100, 550, 5.5, 10)}
    assert counted(shown(people, 5.0)) == (0, 0)


def test_round_the_end_is_not_across() -> None:
    """A line that ends in the picture is crossed only where it is."""
    half = ((0.0, 0.5), (0.4, 0.5))
    round_it = walk((0, 300, 200), (3, 700, 200), (6, 700, 520), (9, 300, 520))
    assert counted(shown({1: round_it}, 5.0), half) == (0, 0)
    assert counted(shown({1: walk((0, 300, 200), (9, 300, 520))}, 5.0), half) == (1, 0)


def test_corners_belong_to_one_side() -> None:
    """A step through a corner of the line crosses once; one into its bay and out again not at all."""
    bent = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0))
    assert crossings((2.0, -1.0), (0.0, 1.0), bent) == 1
    assert crossings((0.5, -1.0), (0.5, 1.0), bent) == 1
    assert crossings((0.5, -0.5), (1.5, 0.5), bent) == 0
    assert crossings((0.0, 1.0), (3.0, 1.5), bent) == 0
    assert distance((2.0, 0.5), bent) == 1.0


def test_times_that_jump_count_nothing() -> None:
    """A clock set back, a long gap: who is over there now may have come any way. Late pictures are left out."""
    for after_s in (-100.0, 60.0):
        first = [tracks(10.0 + k / 5, {1: (640.0, 200.0)}) for k in range(10)]
        then = [tracks(12.0 + after_s + k / 5, {1: (640.0, 500.0)}) for k in range(10)]
        assert counted([*first, *then]) == (0, 0)
    late = [tracks(t_s, {1: (640.0, 200.0 if t_s > 10 else 500.0)}) for t_s in (10.1, 10.3, 9.9, 10.5)]
    assert counted(late) == (0, 0)


def crowd(seed: int, fps: float) -> list[Tracks]:
    """People who wander over the picture, flicker and change ids."""
    rng = np.random.default_rng(seed)
    many = int(rng.integers(1, 10))
    place, heading = rng.uniform((100.0, 100.0), (1180.0, 700.0), (many, 2)), rng.normal(0.0, 80.0, (many, 2))
    ids, out = np.arange(many), []
    for k in range(100):
        heading += rng.normal(0.0, 40.0 / fps**0.5, (many, 2))
        place = np.clip(place + heading / fps, (0.0, 60.0), (1280.0, 720.0))
        ids = np.where(rng.random(many) < 0.02, ids + 1000, ids)
        seen = np.flatnonzero(rng.random(many) < 0.9)
        out.append(tracks(k / fps, {int(ids[i]): (float(place[i, 0]), float(place[i, 1])) for i in seen}))
    return out


def changed(picture: Tracks, feet: Callable[[np.ndarray], np.ndarray], order: np.ndarray | None = None) -> Tracks:
    """The picture with other feet, or its people in another order."""
    rows = np.arange(len(picture.track_ids)) if order is None else order
    foot = feet(picture.ground[rows].astype(np.float64) * SIZE)
    listed = {int(i): (float(x), float(y)) for i, (x, y) in zip(picture.track_ids[rows], foot, strict=True)}
    return tracks(picture.pts_s, listed)


@pytest.mark.slow
@quick
@given(seeds, rates)
def test_a_mirrored_scene_and_a_turned_line_swap_in_and_out(seed: int, fps: float) -> None:
    """Mirrored left to right, or with the line drawn from its other end: the same crossings the other way round."""
    line = ((0.1, 0.6), (0.45, 0.41), (0.93, 0.52))
    pictures = crowd(seed, fps)
    came, went = counted(pictures, line)
    mirror = [changed(p, lambda foot: np.array([SIZE[0], 0.0]) + foot * (-1.0, 1.0)) for p in pictures]
    assert counted(mirror, [(1.0 - x, y) for x, y in line]) == (went, came)
    assert counted(pictures, line[::-1]) == (went, came)


@pytest.mark.slow
@quick
@given(seeds, rates)
def test_the_order_of_the_tracks_does_not_matter(seed: int, fps: float) -> None:
    """People listed in another order in each picture are counted the same."""
    rng = np.random.default_rng(seed)
    pictures = crowd(seed, fps)
    shuffled = [changed(p, lambda foot: foot, rng.permutation(len(p.track_ids))) for p in pictures]
    assert counted(shuffled) == counted(pictures)


def test_memory_is_bounded() -> None:
    """People who are gone are forgotten."""
    line = LineCounter(LineSettings("door", "c1", DOOR))
    for k in range(3000):
        line.update(tracks(k / 5, {k: (100.0 + (k * 331) % 1000, 500.0)}))
    assert len(line._walkers) <= 60
