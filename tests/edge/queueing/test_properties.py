"""What must hold for any crowd: books that balance, no wrong number, no dependence on order or mirror."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge.counter import Counter, Tick
from edge.settings import Site
from edge.vocabulary import PictureState, Point, Polygon, Tracks
from tests.edge.queueing.scene import AREA, LINE, SIZE, lane, play, queue, site, stand, tracks, visits, walk

quick = settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
seeds = st.integers(0, 2**32 - 1)
rates = st.sampled_from([0.5, 1.0, 3.0, 10.0, 30.0]) | st.floats(0.5, 30.0)
SERVICE: Polygon = ((0.3, 0.35), (0.6, 0.35), (0.6, 0.5), (0.3, 0.5))
SHAPES = [
    lane(),
    lane(service_line=None),
    lane(service_line=None, service_area=SERVICE),
    lane(staff_area=(((0.6, 0.3), (0.75, 0.3), (0.75, 0.6), (0.6, 0.6)),)),
]


def crowd(rng: np.random.Generator, fps: float, pictures: int = 80) -> list[Tracks]:
    """People who wander, stop, jump, flicker and change ids; bad pictures, empty ones, gaps and jumps of time."""
    people = int(rng.integers(0, 12))
    place = rng.uniform((200.0, 100.0), (1100.0, 720.0), (people, 2))
    ids = np.arange(people)
    out, t_s = [], float(rng.uniform(0.0, 100.0))
    for _ in range(pictures):
        t_s += float(rng.choice([1.0 / fps] * 30 + [0.0, -0.3, 5.0, -50.0, 40.0]))
        moving = rng.random(people) < 0.5
        place[moving] += rng.normal(0.0, 60.0 / fps**0.5, (int(moving.sum()), 2))
        jumped = rng.random(people) < 0.01
        place[jumped] = rng.uniform((0.0, 0.0), SIZE, (int(jumped.sum()), 2))
        renamed = rng.random(people) < 0.02
        ids = np.where(renamed, ids + 1000, ids)
        shown = np.flatnonzero(rng.random(people) < 0.85)
        picture: PictureState = str(rng.choice(["ok"] * 20 + ["frozen", "blind", "damaged", "moved"]))  # type: ignore[assignment]
        feet = {int(ids[k]): (float(place[k, 0]), float(place[k, 1])) for k in shown}
        out.append(tracks(t_s, feet, picture=picture))
    return out


def run(where: Site, pictures: list[Tracks]) -> list[Tick]:
    """A tick after every fifth picture."""
    counter, out = Counter(where), []
    for k, t in enumerate(pictures):
        counter.on_tracks(t)
        if k % 5 == 4:
            out.append(counter.tick(t.pts_s, t.pts_s + 1e9))
    return out


@quick
@given(seeds, rates, st.sampled_from(SHAPES), st.booleans())
def test_the_books_balance_at_every_reading(seed: int, fps: float, shape: object, count_served: bool) -> None:
    """Joined - served - left - lost is the length wherever one is told; totals never shrink; events match them."""
    where = site(queue(shape, count_served=count_served), fps=fps)  # type: ignore[arg-type]
    told = dict.fromkeys(("joined", "served", "left", "lost"), 0)
    for tick in run(where, crowd(np.random.default_rng(seed), fps)):
        [r] = tick.readings
        inside = r.joined - r.served - r.left - r.lost
        assert inside >= 0
        for event in tick.events:
            told[event.kind] += 1
            assert event.wait_s is None or event.wait_s >= 0.0
        assert told == {name: getattr(r, name) for name in told}
        if r.length is None:
            assert r.quality in ("stale", "frozen", "blind", "moved", "degraded")
            assert (r.length_low, r.length_high, r.wait_s) == (None, None, None)
        else:
            assert r.length == inside
            assert r.length_low is not None
            assert r.length_high is not None
            assert r.length_low <= r.length <= r.length_high
        for visit in tick.visits:
            assert visit.left_s is not None
            assert visit.joined_s <= (visit.served_s or visit.joined_s) <= visit.left_s


def shuffled(t: Tracks, rng: np.random.Generator) -> Tracks:
    """The same picture with its people listed in another order."""
    order = rng.permutation(len(t.track_ids))
    rows = {name: getattr(t, name)[order] for name in ("track_ids", "boxes", "ground", "observed", "last_seen_s")}
    return Tracks(**{**vars(t), **rows})


@quick
@given(seeds, rates)
def test_the_order_of_people_changes_nothing(seed: int, fps: float) -> None:
    """The same readings, events and visits whatever order the people are listed in."""
    pictures = crowd(np.random.default_rng(seed), fps)
    rng = np.random.default_rng(seed + 1)
    assert run(site(), pictures) == run(site(), [shuffled(t, rng) for t in pictures])


def mirror(points: tuple[Point, ...]) -> tuple[Point, ...]:
    """Left and right exchanged."""
    return tuple((1.0 - x, y) for x, y in points)


def mirrored(t: Tracks) -> Tracks:
    """The same picture in a mirror."""
    boxes = t.boxes.copy()
    boxes[:, [0, 2]] = t.size_px[0] - t.boxes[:, [2, 0]]
    ground = t.ground.copy()
    ground[:, 0] = 1.0 - ground[:, 0]
    return Tracks(**{**vars(t), "boxes": boxes, "ground": ground})


@quick
@given(seeds, rates, st.booleans())
def test_a_mirrored_scene_gives_mirrored_results(seed: int, fps: float, marked: bool) -> None:
    """Exchange left and right in the pictures and in the site: the same totals and lengths."""
    pictures = crowd(np.random.default_rng(seed), fps)
    line = LINE if marked else None
    skew: Polygon = (AREA[0], (0.70, 0.35), AREA[2], (0.30, 0.90))
    plain = site(queue(lane(area=skew, service_line=line)))
    glass = site(queue(lane(area=mirror(skew), service_line=mirror(line) if line else None)))
    for a, b in zip(run(plain, pictures), run(glass, [mirrored(t) for t in pictures]), strict=True):
        x, y = a.readings[0], b.readings[0]
        assert (x.length, x.joined, x.served, x.left, x.lost) == (y.length, y.joined, y.served, y.left, y.lost)


@quick
@given(seeds)
def test_equal_input_gives_equal_output(seed: int) -> None:
    """Two counters fed alike say the same, byte for byte."""
    pictures = crowd(np.random.default_rng(seed), 5.0)
    first, second = ([r.to_json() for t in run(site(), pictures) for r in t.readings] for _ in range(2))
    assert first == second


@pytest.mark.slow
@quick
@given(seeds, rates, st.floats(0.0, 1.0))
def test_a_wait_is_the_same_at_any_frame_rate(seed: int, fps: float, uneven: float) -> None:
    """In at 2.0 s, over the service line at 32.0 s: a wait of 30 s at any rate, also when pictures come unevenly."""
    rng = np.random.default_rng(seed)
    person = walk((0, 640, 684 + 2 * 60), (2, 640, 684), (6, 640, 400), (29, 640, 400), (32, 640, 216), (36, 640, 80))
    steps = rng.uniform(1.0 - uneven, 1.0 + uneven, int(44 * fps)) / fps
    times = np.cumsum(np.minimum(steps, 2.0)).tolist()
    [visit] = visits(play(Counter(site(fps=fps)), {1: person, 2: stand(100, 600)}, times))
    assert visit.outcome == "served"
    assert visit.served_s is not None
    assert abs(visit.served_s - visit.joined_s - 30.0) < 0.6


@quick
@given(seeds, st.integers(1, 400))
def test_any_numbers_are_survived(seed: int, people: int) -> None:
    """Boxes that are no numbers, have no size or lie far outside; hundreds of people; tiny pictures."""
    rng = np.random.default_rng(seed)
    counter = Counter(site())
    for k in range(12):
        feet = {i: (float(x), float(y)) for i, (x, y) in enumerate(rng.normal(600.0, 1e3, (people, 2)))}
        t = tracks(k * 0.2, feet, size=(1280, 720) if k % 3 else (1, 1), box=(0.0, 0.0))
        t.ground[rng.random(people) < 0.1] = np.nan
        t.boxes[rng.random(people) < 0.1] = np.inf
        counter.on_tracks(t)
    [reading] = counter.tick(2.4, 2.4).readings
    assert reading.length is not None
    assert reading.length == reading.joined - reading.served - reading.left - reading.lost
