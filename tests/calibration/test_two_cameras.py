"""One queue in two lanes, on one camera and on two: recorded detections through trackers and counter."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from calibration.pump import pump
from edge.config import load_site
from edge.counter import Tick
from edge.messages import QueueReading
from edge.settings import Site
from edge.vocabulary import LaneSettings, LineSettings, Point, Polygon, Visit
from tests.calibration.test_pump import Item, people
from tests.edge.queueing.scene import SIZE, Walk, every, lane, queue, readings, site, stand, walk

HEAD: Polygon = ((0.25, 0.30), (0.75, 0.30), (0.75, 0.62), (0.25, 0.62))
TAIL: Polygon = ((0.25, 0.62), (0.75, 0.62), (0.75, 0.98), (0.25, 0.98))
EXAMPLE = Path(__file__).parent.parent.parent / "examples" / "two-cameras.toml"
Scene = Mapping[str, Mapping[int, Walk]]


def lanes(*cameras: str) -> tuple[LaneSettings, LaneSettings]:
    """The head with its service line, and the tail behind it."""
    return lane(camera_id=cameras[0], area=HEAD), lane(camera_id=cameras[1], area=TAIL, service_line=None)


def pictures(
    scene: Scene, until_s: float, *, dead: Callable[[str, float], bool] = lambda c, t_s: False
) -> Iterator[Item]:
    """Each camera's people, five pictures a second in turn; the clock goes on where a camera is dead."""
    for t_s in every(0.2, until_s):
        for camera, walks in scene.items():
            feet = [p for where in walks.values() if (p := where(t_s)) is not None]
            yield camera, t_s, None if dead(camera, t_s) else people(t_s, *feet)


def through(where: Site, items: Iterable[Item]) -> tuple[list[QueueReading], list[Visit]]:
    """All readings and all visits, open ones too."""
    ticks: list[Tick] = list(pump(where, items))
    return readings(ticks, where.queues[0].id), [v for t in ticks for v in t.visits]


def only(visits: list[Visit]) -> Visit:
    """The one visit."""
    [visit] = visits
    return visit


@pytest.mark.slow
def test_from_lane_to_lane_on_one_camera_is_one_visit() -> None:
    """Waits in the tail, moves up, waits in the head, is served: joined once, served once, one wait."""
    one = walk((5, 640, 715), (8, 640, 600), (40, 640, 600), (43, 640, 380), (70, 640, 380), (73, 640, 120))
    told, visits = through(site(queue(*lanes("c1", "c1"))), pictures({"c1": {1: one}}, 80))
    visit = only(visits)
    assert (visit.outcome, visit.censored) == ("served", False)
    assert visit.joined_s == pytest.approx(5.5, abs=1.0)
    assert visit.served_s == pytest.approx(72.0, abs=1.5)
    assert {r.length for r in told if 15 < r.pts_s < 70} == {1}
    assert (told[-1].joined, told[-1].served, told[-1].left, told[-1].lost) == (1, 1, 0, 0)


@pytest.mark.slow
def test_from_camera_to_camera_is_one_visit() -> None:
    """The same where the tail is seen by another camera, with two seconds on the way that none sees."""
    tail = walk((5, 640, 715), (8, 640, 600), (40, 640, 600), (42, 640, 460), (42.4, 640, 430))
    head = walk((44.4, 640, 430), (46, 640, 380), (70, 640, 380), (73, 640, 120))
    told, visits = through(site(queue(*lanes("c1", "c2"))), pictures({"c1": {1: head}, "c2": {1: tail}}, 80))
    visit = only(visits)
    assert visit.outcome == "served"
    assert [t.split("/")[0] for t in visit.track_ids] == ["c2", "c1"]
    assert (visit.served_s or 0.0) - visit.joined_s == pytest.approx(66.5, abs=2.5)
    assert (told[-1].joined, told[-1].served, told[-1].left, told[-1].lost) == (1, 1, 0, 0)
    assert {r.length for r in told if 15 < r.pts_s < 70} == {1}


@pytest.mark.parametrize("cameras", [("c1", "c1"), ("c1", "c2")])
def test_lengths_add(cameras: tuple[str, str]) -> None:
    """Two in the head and three in the tail are five."""
    head = {k: stand(500 + 150 * k, 400) for k in range(2)}
    tail = {10 + k: stand(420 + 150 * k, 660) for k in range(3)}
    scene = {"c1": head, "c2": tail} if cameras[1] == "c2" else {"c1": {**head, **tail}}
    told, _ = through(site(queue(*lanes(*cameras))), pictures(scene, 15))
    assert {r.length for r in told} == {5}


@pytest.mark.slow
def test_one_dead_camera_of_two_is_degraded_and_comes_back() -> None:
    """While one of two is stale the length is null, never the other's alone; nobody is lost or joins because of it."""
    scene = {"c1": {1: stand(640, 400)}, "c2": {k: stand(420 + 150 * k, 660) for k in range(3)}}
    items = pictures(scene, 60, dead=lambda camera, t_s: camera == "c2" and 20 <= t_s < 40)
    told, visits = through(site(queue(*lanes("c1", "c2"))), items)
    assert {(r.length, r.quality) for r in told if r.pts_s < 20} == {(4, "warming")}
    dark = [r for r in told if 24 <= r.pts_s < 40]
    assert {(r.length, r.length_low, r.length_high, r.wait_s, r.quality) for r in dark} == {
        (None, None, None, None, "degraded")
    }
    assert {r.length for r in told if r.pts_s < 40} == {4, None}
    late = [r for r in told if r.pts_s > 47]
    assert {(r.length, r.quality, r.joined, r.lost) for r in late} == {(4, "warming", 4, 0)}
    assert len(visits) == 4


def test_all_cameras_dead_is_stale() -> None:
    """Degraded is for a part; when none sees anything it is stale."""
    scene = {"c1": {1: stand(640, 400)}, "c2": {1: stand(640, 660)}}
    told, _ = through(site(queue(*lanes("c1", "c2"))), pictures(scene, 30, dead=lambda camera, t_s: t_s >= 10))
    assert {(r.length, r.quality) for r in told if r.pts_s >= 15} == {(None, "stale")}


def test_a_queues_other_cameras_do_not_matter() -> None:
    """A dead camera that has no lane of the queue takes nothing from it."""
    where = site(queue(lane()), queue(lane(camera_id="c2"), queue_id="q2"))
    scene = {"c1": {1: stand(640, 450)}, "c2": {1: stand(640, 450)}}
    told, _ = through(where, pictures(scene, 20, dead=lambda camera, t_s: camera == "c2"))
    assert {(r.length, r.quality) for r in told} == {(1, "warming")}


def picture_of(x: float, y: float) -> Point:
    """Fractions as pixels."""
    return x * SIZE[0], y * SIZE[1]


@pytest.mark.slow
def test_the_example_of_two_cameras_is_such_a_site() -> None:
    """examples/two-cameras.toml: up the corridor, over to the desk, served there; the door's line counts the coming."""
    where = load_site(EXAMPLE, {"CAM_PASSWORD": "x", "MQTT_PASSWORD": "x"})
    way = {
        "corridor": walk((4, *picture_of(0.5, 0.80)), (10, *picture_of(0.5, 0.60)), (50, *picture_of(0.5, 0.50)),
                         (54, *picture_of(0.5, 0.27)), (54.6, *picture_of(0.5, 0.23))),
        "counter": walk((56.5, *picture_of(0.5, 0.9)), (60, *picture_of(0.5, 0.6)), (80, *picture_of(0.5, 0.55)),
                        (83, *picture_of(0.5, 0.36)), (110, *picture_of(0.5, 0.36)), (114, *picture_of(0.95, 0.2))),
    }  # fmt: skip
    told, visits = through(where, pictures({camera: {1: one} for camera, one in way.items()}, 120))
    visit = only(visits)
    assert (visit.outcome, visit.censored) == ("served", False)
    assert (visit.served_s or 0.0) == pytest.approx(82.0, abs=3.0)
    assert (told[-1].joined, told[-1].served) == (1, 1)


@pytest.mark.slow
def test_a_counting_line_through_the_real_tracker() -> None:
    """Five come down over the line and two go up, on one of two cameras; the others' people are not counted."""
    line = LineSettings("door", "c1", ((0.2, 0.5), (0.8, 0.5)))
    where = replace(site(queue(*lanes("c1", "c2"))), lines=(line,))
    down = {k: walk((8.0 * k, 500, 160), (8.0 * k + 6, 500, 600)) for k in range(5)}
    up = {10 + k: walk((5 + 9.0 * k, 800, 600), (11 + 9.0 * k, 800, 160)) for k in range(2)}
    ticks = list(pump(where, pictures({"c1": {**down, **up}, "c2": down}, 60)))
    last = [r for t in ticks for r in t.lines][-1]
    assert (last.count_in, last.count_out, last.quality) == (5, 2, "ok")
