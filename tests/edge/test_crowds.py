"""What must hold for any crowd from the boxes on: tracker and counter together, as replay and live run them."""

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from calibration.pump import pump
from detector.runtime.detections import Detections
from edge.counter import Tick
from edge.queueing.balance import TEXT
from edge.settings import Site
from edge.vocabulary import LaneSettings
from tests.edge.queueing.scene import AREA, LINE, SIZE, lane, queue, site
from tests.edge.queueing.test_properties import SHAPES, mirror

# No shrinking: a failing crowd is told by its seed as it is, and a test's length is known beforehand.
few = settings(max_examples=5, phases=(Phase.explicit, Phase.generate), suppress_health_check=list(HealthCheck))
many = settings(few, max_examples=60)
seeds = st.integers(0, 2**32 - 1)
rates = st.sampled_from([0.5, 1.0, 2.0, 5.0, 10.0, 30.0]) | st.floats(0.5, 30.0)
steps = st.sampled_from([0.0, -0.3, -2.0, -3600.0, 5.0, 40.0, 600.0]) | st.floats(-700.0, 700.0)  # of the clock, s
sizes = st.sampled_from([0, 1, 2, 6, 12])  # people in all pictures together
crowds = st.tuples(seeds, rates, steps, sizes)
throngs = st.tuples(seeds, rates, steps, st.integers(100, 150))
THRONG = (0, 5.0, 0.0, 150)
BOX = np.array([30.0, 150.0])  # half its width, and its height
Item = tuple[str, float, Detections | None]
Of = tuple[int, float, float, int]  # seed, pictures a second, step of the clock, people


def crowd(of: Of) -> list[Item]:
    """People who come, stand, wander, hide and go; false boxes; empty pictures; one step of the clock."""
    seed, fps, step_s, people = of
    rng = np.random.default_rng(seed)
    place = rng.uniform((200.0, 160.0), (1100.0, 720.0), (people, 2))
    pictures, t_s = 60, float(rng.uniform(0.0, 50.0))
    stepped, gone = int(rng.integers(5, pictures)), int(rng.integers(20, 2 * pictures))
    out: list[Item] = []
    for k in range(pictures):
        t_s += 1.0 / fps + (step_s if k == stepped else 0.0)
        moving = rng.random(people) < 0.4
        place[moving] += rng.normal(0.0, 40.0 / fps**0.5, (int(moving.sum()), 2))
        shown = place[(rng.random(people) < 0.9) & (k < gone)]
        false = rng.uniform((0.0, 160.0), SIZE, (int(rng.random() < 0.1), 2))
        feet = np.round(np.concatenate([shown, false]) * 8.0) / 8.0  # a mirrored float32 is exact
        boxes = np.concatenate([feet - BOX, feet + BOX * (1.0, 0.0)], axis=1).astype(np.float32)
        scores = rng.choice(np.float32([0.9, 0.6, 0.3]), len(boxes), p=[0.8, 0.1, 0.1])
        out.append(("c1", t_s, Detections(t_s, SIZE, boxes, scores)))
    return out


def balanced(ticks: list[Tick]) -> None:
    """Joined less all who ended = people in the queue at every reading, nobody is made up or forgotten."""
    told = dict.fromkeys(("joined", "served", "left", "lost"), 0)
    ended = 0
    for tick in ticks:
        for event in tick.events:
            assert event.text != TEXT, "the count drifted"
            told[event.kind] += 1
            assert event.wait_s is None or event.wait_s >= 0.0
        ended += sum(v.outcome is not None for v in tick.visits)
        for r in tick.readings:
            inside = r.joined - r.served - r.left - r.lost
            assert inside >= 0
            assert told == {name: getattr(r, name) for name in told}
            assert ended == r.served + r.left + r.lost
            assert r.length in (None, inside)
            assert (r.wait_s is None) == (r.wait_low_s is None)


def look(where: Site, items: list[Item]) -> list[Tick]:
    """As replay does it."""
    return list(pump(where, items))


def check_balance(of: Of, shape: LaneSettings, count_served: bool) -> None:
    """One crowd."""
    balanced(look(site(queue(shape, count_served=count_served), fps=of[1]), crowd(of)))


@few
@given(crowds, st.sampled_from(SHAPES), st.booleans())
def test_the_count_adds_up_for_any_crowd(of: Of, shape: LaneSettings, count_served: bool) -> None:
    """Any rate, any step of the clock, any kind of lane, empty and crowded pictures."""
    check_balance(of, shape, count_served)


@pytest.mark.slow
@pytest.mark.timeout(900)
@many
@given(crowds, st.sampled_from(SHAPES), st.booleans())
def test_the_count_adds_up_for_very_many_crowds(of: Of, shape: LaneSettings, count_served: bool) -> None:
    """The same, looked at longer."""
    check_balance(of, shape, count_served)


@pytest.mark.slow
@pytest.mark.timeout(900)
@settings(few, max_examples=12)
@given(throngs)
@example(THRONG)
def test_the_count_adds_up_in_a_throng(of: Of) -> None:
    """A hundred and more people in one picture."""
    balanced(look(site(fps=of[1]), crowd(of)))


def shuffled(item: Item, rng: np.random.Generator) -> Item:
    """The same picture with its boxes in another order."""
    camera, pts_s, found = item
    assert found is not None
    order = rng.permutation(len(found.scores))
    return camera, pts_s, Detections(pts_s, found.size_px, found.boxes[order], found.scores[order])


def figures(ticks: list[Tick]) -> list[tuple[object, ...]]:
    """What is published of each reading, without the ids of tracks."""
    return [(r.pts_s, r.length, r.joined, r.served, r.left, r.lost, r.wait_s) for t in ticks for r in t.readings]


def check_order(of: Of) -> None:
    """One crowd, its boxes listed in two orders."""
    items, rng = crowd(of), np.random.default_rng(of[0])
    assert figures(look(site(fps=of[1]), items)) == figures(look(site(fps=of[1]), [shuffled(i, rng) for i in items]))


@pytest.mark.slow
@few
@given(crowds)
def test_the_order_of_boxes_changes_nothing(of: Of) -> None:
    """The same readings whatever order a detector lists people in."""
    check_order(of)


@pytest.mark.slow
@pytest.mark.timeout(900)
@many
@given(crowds)
@example(THRONG)
def test_the_order_of_boxes_changes_nothing_ever(of: Of) -> None:
    """The same, looked at longer, once in a throng."""
    check_order(of)


def in_a_mirror(item: Item) -> Item:
    """Left and right exchanged."""
    camera, pts_s, found = item
    assert found is not None
    boxes = found.boxes.copy()
    boxes[:, [0, 2]] = found.size_px[0] - found.boxes[:, [2, 0]]
    return camera, pts_s, Detections(pts_s, found.size_px, boxes, found.scores)


def check_mirror(of: Of, marked: bool) -> None:
    """One crowd and its mirror image."""
    line = LINE if marked else None
    skew = (AREA[0], (0.70, 0.35), AREA[2], (0.30, 0.90))
    plain = site(queue(lane(area=skew, service_line=line)), fps=of[1])
    glass = site(queue(lane(area=mirror(skew), service_line=mirror(line) if line else None)), fps=of[1])
    items = crowd(of)
    assert figures(look(plain, items)) == figures(look(glass, [in_a_mirror(i) for i in items]))


@pytest.mark.slow
@few
@given(crowds, st.booleans())
def test_a_mirrored_scene_gives_mirrored_counts(of: Of, marked: bool) -> None:
    """Exchange left and right in the pictures and in the site: the same readings."""
    check_mirror(of, marked)


@pytest.mark.slow
@pytest.mark.timeout(900)
@many
@given(crowds, st.booleans())
@example(THRONG, True)
def test_mirrored_scenes_give_mirrored_counts_ever(of: Of, marked: bool) -> None:
    """The same, looked at longer, once in a throng."""
    check_mirror(of, marked)
