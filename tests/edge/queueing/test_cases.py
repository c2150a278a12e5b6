"""The failures that users of such systems reported, each as its whole kind."""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pytest

from edge.counter import Counter
from edge.vocabulary import Point, Polygon
from tests.edge.queueing.scene import (
    SIZE,
    Walk,
    every,
    lane,
    lengths,
    play,
    queue,
    readings,
    site,
    stand,
    tracks,
    visits,
    walk,
)


def flickering(where: Walk, share_hidden: float, holes: list[tuple[float, float]], seed: int) -> Walk:
    """The same walk, unseen in a share of the pictures and during the holes."""
    rng = np.random.default_rng(seed)

    def seen(t_s: float) -> Point | None:
        hidden = rng.random() < share_hidden or any(a < t_s < b for a, b in holes)
        return None if hidden else where(t_s)

    return seen


@pytest.mark.parametrize("fps", [2, 5, 12])
@pytest.mark.parametrize("share", [0.0, 0.25, 0.5])
def test_flicker_and_holes_change_nothing(fps: int, share: float) -> None:
    """A standing person whose detection flickers, with holes shorter than hold_s: length 1, one join, nobody lost."""
    person = flickering(stand(640, 450), share, [(20.0, 20.8), (40.0, 42.0)], seed=fps)
    counter = Counter(site())
    ticks = play(counter, {1: lambda t: (640.0, 450.0) if t == 0 else person(t)}, every(1 / fps, 60))
    last = readings(ticks)[-1]
    assert lengths(ticks) == [1] * 61
    assert (last.joined, last.served, last.left, last.lost) == (1, 0, 0, 0)


def test_a_new_id_after_every_hole_is_the_same_visit() -> None:
    """The tracker loses the person every 4 s for a second and gives a new id each time: still one visit."""
    people = {k: stand(640 + 10 * (k % 2), 450, 4.0 * k, 4.0 * k + 3.0) for k in range(15)}
    ticks = play(Counter(site()), people, every(0.2, 59))
    assert lengths(ticks) == [1] * 60
    assert readings(ticks)[-1].joined == 1


@pytest.mark.parametrize("amplitude_px", [6.0, 20.0, 45.0])
@pytest.mark.parametrize("edge", ["bottom", "side"])
def test_a_trembling_foot_on_the_edge_joins_once(amplitude_px: float, edge: str) -> None:
    """A foot that crosses the edge 400 times, then walks in and stays: one join, length changes at most twice."""

    def foot(t_s: float) -> Point:
        off = amplitude_px * (-1.0) ** round(t_s * 10)
        into = min(max(t_s - 40.0, 0.0) * 40.0, 150.0)
        if t_s >= 40.0:
            off = 0.0
        return (640.0, 684.0 - off - into) if edge == "bottom" else (320.0 + off + into, 450.0)

    ticks = play(Counter(site()), {1: foot}, every(0.1, 70))
    last, seen = readings(ticks)[-1], lengths(ticks)
    assert (last.joined, last.served, last.left, last.lost, last.length) == (1, 0, 0, 0, 1)
    assert sum(a != b for a, b in pairwise(seen)) <= 2


def test_a_foot_on_the_service_line_is_not_served() -> None:
    """The head of the line trembles over the service line for a minute and then goes: served once, then."""

    def foot(t_s: float) -> Point | None:
        if t_s > 72.0:
            return None
        if t_s > 70.0:
            return (640.0, 216.0 - 60.0 * (t_s - 70.0))
        return (640.0, 216.0 + 6.0 * (-1.0) ** round(t_s * 10)) if t_s > 10.0 else (640.0, 616.0 - 39.0 * t_s)

    ticks = play(Counter(site()), {1: foot}, every(0.1, 80))
    [visit] = visits(ticks)
    assert visit.outcome == "served"
    assert visit.served_s == pytest.approx(70.0, abs=0.3)


def px(*points: tuple[float, float]) -> Polygon:
    """Pixels of SIZE as fractions."""
    return tuple((x / SIZE[0], y / SIZE[1]) for x, y in points)


def test_a_box_over_two_zones_counts_in_neither() -> None:
    """A big box touches both zones with its foot in neither; somebody stands in A: A 1, B 0."""
    a = lane(area=px((0, 200), (400, 200), (400, 400), (0, 400)), service_line=None)
    b = lane(area=px((420, 100), (1000, 100), (1000, 300), (420, 300)), service_line=None)
    counter = Counter(site(queue(a, queue_id="a"), queue(b, queue_id="b")))
    ticks = play(counter, {1: stand(510, 700), 2: stand(300, 390)}, every(0.1, 20))
    assert lengths(ticks, "a") == [1] * 21
    assert lengths(ticks, "b") == [0] * 21


def test_a_person_where_two_lanes_overlap_is_in_one_of_them() -> None:
    """Overlapping lanes of two queues: the person counts once, where deeper inside, and stays there."""
    a = lane(area=px((100, 200), (700, 200), (700, 600), (100, 600)), service_line=None)
    b = lane(area=px((600, 200), (1200, 200), (1200, 600), (600, 600)), service_line=None)
    counter = Counter(site(queue(a, queue_id="a"), queue(b, queue_id="b")))
    ticks = play(counter, {1: walk((0, 640, 400), (20, 640, 400), (22, 660, 400), (60, 660, 400))}, every(0.2, 60))
    assert lengths(ticks, "a") == [1] * 61
    assert lengths(ticks, "b") == [0] * 61


@pytest.mark.parametrize("fps", [1, 10])
def test_an_emptied_scene_is_nought_and_a_dead_camera_is_unknown(fps: int) -> None:
    """Five people vanish: 0 and ok within hold_s + 1 s. No pictures: null and stale within 5 s, and never 0 again."""
    people = {i: stand(400 + 100 * i, 480, 0, 30 - 1e-6) for i in range(5)}
    counter = Counter(site(fps=fps))
    ticks = play(counter, people, every(1 / fps, 60))
    ticks += [counter.tick(float(s), 1e9 + s) for s in range(61, 120)]
    rows = readings(ticks)
    assert [r.length for r in rows[:30]] == [5] * 30
    assert {(r.length, r.quality, r.wait_s) for r in rows[35:61]} == {(0, "ok", 0.0)}
    assert {(r.length, r.length_low, r.length_high, r.wait_s, r.quality) for r in rows[66:]} == {
        (None, None, None, None, "stale")
    }
    assert rows[-1].lost == 5
    assert all(r.length is not None or r.quality == "stale" for r in rows)


@pytest.mark.parametrize("size", [(640, 360), (1920, 1080), (1280, 960)])
def test_a_new_resolution_keeps_the_lanes(size: tuple[int, int]) -> None:
    """The stream changes its size (and shape) in the middle: everybody stays counted."""
    counter = Counter(site())
    people = {i: stand(400 + 120 * i, 480) for i in range(4)}
    ticks = play(counter, people, every(0.2, 30))
    ticks += play(counter, people, every(0.2, 60, 30.2), size=size)
    assert set(lengths(ticks)) == {4}
    assert readings(ticks)[-1].joined == 4


def uneven(seed: int, until_s: float) -> Iterator[float]:
    """Moments 0.1 to 2 s apart."""
    rng = np.random.default_rng(seed)
    t_s = 0.0
    while t_s < until_s:
        yield round(t_s, 3)
        t_s += float(rng.choice([0.1, 0.2, 0.5, 1.0, 2.0]))


@pytest.mark.parametrize("times", [0.5, 2.0, 5.0, pytest.param(30.0, marks=pytest.mark.slow), "uneven"])
def test_a_wait_does_not_depend_on_the_frame_rate(times: float | str) -> None:
    """Entered at 0.9 s, over the service line at 115.85 s: 114.95 s at any rate from 0.5 to 30 pictures a second."""
    person = walk((0, 640, 720), (6.75, 640, 450), (110, 640, 450), (116.4, 640, 194), (118.5, 640, 110))
    moments = list(uneven(4, 125)) if isinstance(times, str) else every(1 / float(times), 124)
    ticks = play(Counter(site()), {1: person}, moments)
    [visit] = visits(ticks)
    assert (visit.outcome, visit.censored) == ("served", False)
    assert visit.served_s is not None
    assert visit.served_s - visit.joined_s == pytest.approx(114.95, abs=0.4)


def test_a_clock_that_jumps_changes_no_wait() -> None:
    """The wall clock steps by an hour in the middle of a stay: the wait is media time and does not notice."""
    counter = Counter(site())
    person = walk((0, 640, 720), (6, 640, 450), (60, 640, 450), (70, 640, 150))
    out = []
    for k in range(800):
        p = person(k / 10)
        counter.on_tracks(tracks(k / 10, {} if p is None else {1: p}))
        if k % 10 == 0:
            out.append(counter.tick(k / 10, 1e9 + k / 10 + (3600.0 if k > 300 else 0.0)))
    [served] = [e for tick in out for e in tick.events if e.kind == "served"]
    assert served.wait_s == pytest.approx(67.2, abs=0.3)
