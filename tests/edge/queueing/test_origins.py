"""People who begin in the middle of a queue on two cameras: whose time of joining they have."""

import pytest

from edge.counter import Counter
from edge.vocabulary import Polygon, Visit
from tests.edge.queueing.scene import Walk, every, lane, play, queue, site, stand, tracks, walk

HEAD: Polygon = ((0.25, 0.30), (0.75, 0.30), (0.75, 0.62), (0.25, 0.62))
TAIL: Polygon = ((0.25, 0.62), (0.75, 0.62), (0.75, 0.98), (0.25, 0.98))
STAYS = stand(400, 660)  # somebody in the tail all the while
SERVED_S = 90.0


def served_from(from_s: float) -> Walk:
    """Stands in the middle of the head from that moment on, and is served at SERVED_S."""
    return walk((from_s, 640, 360), (SERVED_S, 640, 360), (SERVED_S + 2.0, 640, 100))


def ended(head: dict[int, Walk], tail: dict[int, Walk], *, cameras: tuple[str, str] = ("c1", "c2")) -> list[Visit]:
    """Visits that ended within 100 s, two pictures a second; with one camera both lanes are on it."""
    lanes = (lane(camera_id=cameras[0], area=HEAD), lane(camera_id=cameras[1], area=TAIL, service_line=None))
    counter, visits = Counter(site(queue(*lanes))), []
    shown: dict[str, dict[int, Walk]] = {}
    for camera, people in zip(cameras, (head, tail), strict=True):
        shown.setdefault(camera, {}).update(people)
    for k, t_s in enumerate(every(0.5, 100.0)):
        for camera, people in shown.items():
            counter.on_tracks(
                tracks(t_s, {i: p for i, w in people.items() if (p := w(t_s)) is not None}, camera=camera)
            )
        if k % 2 == 0:
            visits += counter.tick(t_s, 1e9 + t_s).visits
    return visits


def waiting_in_the_tail(until_s: float) -> Walk:
    """Comes over the tail's border at 10 s and stands there until not seen any more."""
    return walk((8, 640, 730), (12, 640, 680), (until_s, 640, 680))


def one(visits: list[Visit], outcome: str) -> Visit:
    """The one visit with that outcome."""
    [visit] = [v for v in visits if v.outcome == outcome]
    return visit


def test_who_is_found_has_waited_since_the_one_lost_joined() -> None:
    """Lost in the tail at 30 s, found in the middle of the head at 45 s: the wait is the whole one."""
    visits = ended({1: served_from(45.0)}, {2: waiting_in_the_tail(30.0), 3: STAYS})
    assert one(visits, "lost").joined_s == pytest.approx(10.0, abs=2.5)
    assert one(visits, "served").joined_s == one(visits, "lost").joined_s
    assert one(visits, "served").served_s == pytest.approx(SERVED_S + 1.0, abs=1.5)


def test_found_before_the_other_is_lost() -> None:
    """Found at 30 s while the other track stands until 50 s: the served visit began first, the lost one later."""
    visits = ended({1: served_from(30.0)}, {2: waiting_in_the_tail(50.0), 3: STAYS})
    assert one(visits, "served").joined_s == pytest.approx(10.0, abs=2.5)
    assert one(visits, "lost").joined_s == pytest.approx(30.0, abs=0.5)


def test_the_first_lost_is_the_first_found() -> None:
    """Two are lost, two are found: first in, first out."""
    later = walk((18, 800, 730), (22, 800, 680), (34, 800, 680))
    head = {1: walk((45, 600, 360), (70, 600, 360), (72, 600, 100)), 4: walk((50, 760, 420), (101, 760, 420))}
    visits = ended(head, {2: waiting_in_the_tail(30.0), 5: later, 3: STAYS})
    assert one(visits, "served").joined_s == pytest.approx(10.0, abs=2.5)
    assert sorted(v.joined_s for v in visits if v.outcome == "lost") == pytest.approx([10.0, 20.0], abs=2.5)


def test_who_comes_over_the_outer_border_joins_then() -> None:
    """Somebody was lost; a newcomer over the border of the last lane is nobody but a newcomer."""
    comes = walk((40, 640, 730), (43, 640, 680), (60, 640, 680), (62, 900, 700), (64, 1200, 700))
    visits = ended({}, {2: waiting_in_the_tail(30.0), 3: STAYS, 6: comes})
    assert one(visits, "left").joined_s == pytest.approx(42.0, abs=2.0)


def test_nobody_is_looked_for_in_an_empty_queue() -> None:
    """When nobody was in the queue meanwhile, the one lost has gone: the next begins anew."""
    visits = ended({1: served_from(45.0)}, {2: waiting_in_the_tail(30.0)})
    assert one(visits, "served").joined_s == pytest.approx(45.0, abs=0.5)


def test_on_one_camera_who_only_stands_there_tells_nothing() -> None:
    """Both lanes on one camera, one there from the start far behind: who is found in front joined just then."""
    visits = ended({1: served_from(45.0)}, {2: waiting_in_the_tail(30.0), 3: STAYS}, cameras=("c1", "c1"))
    assert one(visits, "served").joined_s == pytest.approx(45.0, abs=0.5)


def in_line(found: Walk, behind: Walk, *, served: Walk | None = None) -> list[Visit]:
    """One camera and lane: one comes at 9 s and is lost at 30 s, one is behind, one found, maybe one served before."""
    lost = walk((8, 640, 730), (14, 640, 300), (30, 640, 300))
    people = {1: lost, 2: behind, 3: found, 9: stand(100, 600, 0, 1.0)} | ({4: served} if served else {})
    return [v for t in play(Counter(site()), people, every(0.5, 100.0)) for v in t.visits]


NEXT = walk((16, 640, 730), (20, 640, 420), (101, 640, 420))


def test_who_stands_before_somebody_has_joined_before() -> None:
    """Found at 45 s before one who joined at 17 s: it is who was lost at the head, with the whole wait."""
    visits = in_line(served_from(45.0), NEXT)
    assert one(visits, "lost").joined_s == pytest.approx(8.7, abs=0.5)
    assert one(visits, "served").joined_s == one(visits, "lost").joined_s


def test_nobody_lost_joined_before_that() -> None:
    """The one behind came before the one who was lost: who is found between has been there as long as that one."""
    early = walk((2, 640, 730), (6, 640, 420), (101, 640, 420))
    visits = in_line(served_from(45.0), early)
    assert one(visits, "served").joined_s == pytest.approx(2.5, abs=0.5)


def test_who_lets_others_by_tells_nothing() -> None:
    """The one behind has been passed by somebody served: who is found before it has joined just then."""
    early = walk((2, 640, 730), (6, 640, 420), (101, 640, 420))
    passes = walk((18, 700, 730), (24, 700, 260), (32, 700, 260), (34, 700, 100))
    visits = in_line(served_from(45.0), early, served=passes)
    assert sorted(v.joined_s for v in visits if v.outcome == "served") == pytest.approx([18.7, 45.0], abs=0.5)


def test_who_comes_in_over_the_side_before_others_is_new() -> None:
    """A friend steps in from outside before one who joined long ago: joined then."""
    friend = walk((40, 1200, 300), (45, 700, 300), (60, 700, 300), (62, 700, 100))
    visits = in_line(friend, NEXT)
    assert one(visits, "served").joined_s == pytest.approx(42.4, abs=0.5)
