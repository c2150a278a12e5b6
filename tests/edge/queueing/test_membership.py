"""Who counts as in the line, and how a stay ends."""

import numpy as np
import pytest

from edge.counter import Counter, Tick
from edge.vocabulary import Polygon, Visit
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


def px(*points: tuple[float, float]) -> Polygon:
    """Pixels of SIZE as fractions."""
    return tuple((x / SIZE[0], y / SIZE[1]) for x, y in points)


SERVICE = px((320, 216), (960, 216), (960, 330), (320, 330))


def only(ticks: list[Tick]) -> Visit:
    """The one finished visit."""
    [visit] = visits(ticks)
    return visit


def outside(until_s: float = 1.0) -> Walk:
    """Somebody far from the lane: the camera's first pictures are over when others come."""
    return stand(100, 600, 0, until_s)


def test_who_is_there_at_the_first_picture_counts_at_once_and_is_censored() -> None:
    """Two people at the start: length 2 from the first reading on; no wait is made of them."""
    ticks = play(
        Counter(site()), {1: stand(600, 450), 2: walk((0, 700, 450), (20, 700, 450), (24, 700, 150))}, every(0.2, 30)
    )
    assert lengths(ticks)[:20] == [2] * 20
    visit = only(ticks)
    assert (visit.outcome, visit.censored, visit.joined_s) == ("served", True, 0.0)
    assert [e.wait_s for t in ticks for e in t.events if e.kind == "served"] == [None]


def test_a_newcomer_counts_after_min_stay_and_joined_when_entering() -> None:
    """Counted 5 s after the step inside; joined_s is the moment of that step."""
    person = walk((2, 640, 720), (6, 640, 560), (60, 640, 560))
    ticks = play(Counter(site()), {1: person, 9: outside()}, every(0.1, 20))
    assert lengths(ticks)[:8] == [0] * 8
    assert lengths(ticks)[8:] == [1] * 13
    [joined] = [e for t in ticks for e in t.events if e.kind == "joined"]
    assert joined.pts_s == pytest.approx(2.9, abs=0.02)


@pytest.mark.parametrize(
    "person",
    [walk((3, 200, 450), (9, 1100, 450)), walk((3, 640, 760), (6, 640, 500), (7, 640, 500), (10, 640, 760))],
    ids=["crosses", "turns back"],
)
def test_passers_by_leave_no_trace(person: Walk) -> None:
    """Stays shorter than min_stay_s are not visits."""
    ticks = play(Counter(site()), {1: person, 9: outside()}, every(0.1, 20))
    assert set(lengths(ticks)) == {0}
    assert visits(ticks) == []


def test_who_walks_through_a_long_lane_is_no_member() -> None:
    """Seven seconds inside at walking pace, without standing: a passer-by; the same at a shuffle: a member."""
    wide = queue(lane(area=px((100, 200), (1180, 200), (1180, 700), (100, 700)), service_line=None))
    fast = play(Counter(site(wide)), {1: walk((2, 20, 500), (9.5, 1250, 500)), 9: outside(0.5)}, every(0.1, 15))
    assert readings(fast)[-1].joined == 0
    slow = play(Counter(site(wide)), {1: walk((2, 20, 500), (42, 1250, 500)), 9: outside(0.5)}, every(0.1, 50))
    assert readings(slow)[-1].joined == 1


def test_leaving_beside_the_service_line_is_leaving() -> None:
    """Out over the side: left, at the moment of the step over the side; not served, no wait."""
    person = walk((1, 640, 760), (5, 640, 600), (30, 640, 600), (34, 1100, 600))
    visit = only(play(Counter(site()), {1: person, 9: outside()}, every(0.1, 40)))
    assert (visit.outcome, visit.served_s) == ("left", None)
    assert visit.left_s == pytest.approx(30 + 4 * (960 - 640) / 460, abs=0.05)


def test_without_a_service_mark_leaving_is_being_served() -> None:
    """A lane with neither line nor area: whoever leaves after min_stay_s was served, when leaving."""
    person = walk((1, 640, 760), (5, 640, 600), (30, 640, 600), (34, 1100, 600))
    plain = site(queue(lane(service_line=None)))
    visit = only(play(Counter(plain), {1: person, 9: outside()}, every(0.1, 40)))
    assert visit.outcome == "served"
    assert visit.served_s == visit.left_s == pytest.approx(30 + 4 * (960 - 640) / 460, abs=0.05)


def test_who_vanishes_inside_is_lost() -> None:
    """A track that ends in the middle of the lane is lost after hold_s, as of when it was last seen."""
    person = walk((1, 640, 760), (5, 640, 600), (30, 640, 600))
    ticks = play(Counter(site()), {1: person, 9: outside()}, every(0.1, 40))
    visit = only(ticks)
    assert (visit.outcome, visit.left_s) == ("lost", 30.0)
    assert lengths(ticks)[32] == 1
    assert lengths(ticks)[34] == 0


@pytest.mark.parametrize(("stops_at", "outcome"), [(260, "served"), (420, "lost")])
def test_the_first_of_the_line_who_vanishes_at_the_service_line_was_served(stops_at: float, outcome: str) -> None:
    """Standing within half a body height of the line, and not found again: served; farther away: lost."""
    person = walk((1, 640, 760), (9, 640, stops_at), (30, 640, stops_at))
    visit = only(play(Counter(site()), {1: person, 9: outside()}, every(0.1, 40)))
    assert (visit.outcome, visit.left_s) == (outcome, 30.0)


def test_who_walks_away_has_left_at_once() -> None:
    """Out over the side at a walk: no longer in the length a second later, though not yet far."""
    person = walk((1, 640, 760), (5, 640, 600), (30, 640, 600), (34, 1000, 600), (40, 1000, 600))
    ticks = play(Counter(site()), {1: person, 9: outside()}, every(0.1, 40))
    assert lengths(ticks)[33] == 1
    assert lengths(ticks)[35] == 0


def test_who_vanishes_walking_over_the_service_line_is_served() -> None:
    """The track ends 0.6 s before the line is reached, walking: served, at the time the walk leads there."""
    person = walk((1, 640, 760), (5, 640, 600), (30, 640, 600), (39.0, 640, 240))
    visit = only(play(Counter(site()), {1: person, 9: outside()}, every(0.1, 50)))
    assert visit.outcome == "served"
    assert visit.served_s == pytest.approx(30 + (600 - 216) / 40, abs=0.3)


def test_who_appears_beyond_the_line_is_who_vanished_before_it() -> None:
    """The track breaks on the way over the line: the new one outside explains where the person went."""
    before = walk((1, 640, 760), (5, 640, 600), (20, 640, 240), (30, 640, 240))
    after = walk((31, 640, 180), (34, 640, 60))
    visit = only(play(Counter(site()), {1: before, 2: after, 9: outside()}, every(0.1, 40)))
    assert visit.outcome == "served"
    assert 30.0 < (visit.served_s or 0.0) < 31.0


def test_standing_in_the_service_area_and_leaving_is_being_served() -> None:
    """served_s is when the area was entered, left_s when it was left; until then the person counts."""
    shop = site(queue(lane(service_line=None, service_area=SERVICE)))
    person = walk((1, 640, 760), (5, 640, 600), (20, 640, 600), (26, 640, 300), (50, 640, 300), (54, 640, 100))
    ticks = play(Counter(shop), {1: person, 9: outside()}, every(0.1, 60))
    visit = only(ticks)
    assert visit.outcome == "served"
    assert visit.served_s == pytest.approx(20 + 6 * 270 / 300, abs=0.05)
    assert visit.left_s == pytest.approx(50 + 4 * 84 / 200, abs=0.6)
    assert lengths(ticks)[30] == lengths(ticks)[50] == 1


def test_the_person_being_served_may_be_left_out() -> None:
    """With count_served off the visit ends when service begins, as of the moment of entering the area."""
    shop = site(queue(lane(service_line=None, service_area=SERVICE), count_served=False))
    person = walk((1, 640, 760), (5, 640, 600), (20, 640, 600), (26, 640, 300), (50, 640, 300), (54, 640, 100))
    ticks = play(Counter(shop), {1: person, 9: outside()}, every(0.1, 60))
    visit = only(ticks)
    assert visit.outcome == "served"
    assert visit.served_s == visit.left_s == pytest.approx(25.4, abs=0.05)
    assert lengths(ticks)[30:] == [0] * 31


def test_passing_the_service_area_quickly_is_not_service() -> None:
    """Two seconds in the service area and back into the line, then away over the side: left."""
    shop = site(queue(lane(service_line=None, service_area=SERVICE)))
    person = walk(
        (1, 640, 760), (5, 640, 600), (20, 640, 600), (23, 640, 300), (25, 640, 500), (40, 640, 500), (43, 1100, 500)
    )
    visit = only(play(Counter(shop), {1: person, 9: outside()}, every(0.1, 50)))
    assert visit.outcome == "left"


def test_staff_are_not_counted() -> None:
    """Who works in the staff area is staff, in the lane too; a customer beside is not."""
    till = site(queue(lane(staff_area=(px((900, 216), (960, 216), (960, 684), (900, 684)),))))
    worker = walk((0, 930, 400), (20, 930, 400), (22, 700, 400), (60, 700, 400))
    ticks = play(Counter(till), {1: worker, 2: stand(500, 400)}, every(0.2, 60))
    assert set(lengths(ticks)) == {1}


def test_a_gap_in_the_pictures_keeps_the_people_but_not_their_waits() -> None:
    """Ten seconds without pictures, then the same people under new ids: still one visit each, censored."""
    counter = Counter(site())
    before = {k: walk((1, 640, 760), (5, 500 + 100 * k, 600), (99, 500 + 100 * k, 600)) for k in range(3)}
    after = {k + 50: stand(505 + 100 * k, 600) for k in range(3)}
    ticks = play(counter, {**before, 9: outside()}, every(0.2, 30)) + play(
        counter, after, every(0.2, 60, 40), run="new"
    )
    last = readings(ticks)[-1]
    assert (last.length, last.joined, last.lost) == (3, 3, 0)
    assert all(v.censored for v in counter.open_visits())


def test_the_same_tracks_after_a_short_gap_keep_their_waits() -> None:
    """The tracker still knows them: no guess was made, the visit goes on uncensored."""
    counter = Counter(site())
    person = walk((1, 640, 760), (5, 640, 600), (99, 640, 600))
    play(counter, {1: person, 9: outside()}, every(0.2, 30))
    play(counter, {1: person}, every(0.2, 50, 34.4))
    [visit] = counter.open_visits()
    assert not visit.censored


def test_a_long_gap_loses_everybody() -> None:
    """A minute without pictures: those before are lost as of then, those after were there at the start."""
    counter = Counter(site())
    ticks = play(counter, {1: stand(640, 600)}, every(0.2, 30)) + play(
        counter, {1: stand(640, 600)}, every(0.2, 100, 90)
    )
    assert [(v.outcome, v.left_s) for v in visits(ticks)] == [("lost", 30.0)]
    [visit] = counter.open_visits()
    assert (visit.joined_s, visit.censored) == (90.0, True)


@pytest.mark.parametrize("jump_s", [-25.0, -1e6, 3600.0, 1e9])
def test_a_jump_of_media_time_makes_no_wrong_wait(jump_s: float) -> None:
    """The clock of the pictures jumps back or by hours: stays end as lost, and no visit ends before it began."""
    counter = Counter(site())
    person = walk((0, 640, 720), (6, 640, 560), (99, 640, 560))
    for k in range(300):
        p = person(k / 10)
        counter.on_tracks(tracks(k / 10, {} if p is None else {1: p}))
    for k in range(300, 600):
        counter.on_tracks(tracks(k / 10 + jump_s, {1: (640.0, 560.0)}))
    tick = counter.tick(59.9 + jump_s, 0.0)
    assert [v.outcome for v in tick.visits] == ["lost"]
    assert all(0.0 <= v.joined_s <= (v.left_s or 0.0) <= 30.0 for v in tick.visits)
    [reading] = tick.readings
    assert reading.length == 1
    assert counter.open_visits()[0].censored


def test_late_and_repeated_pictures_change_nothing() -> None:
    """Pictures that come again or a little late are passed over."""
    counter, plain = Counter(site()), Counter(site())
    person = walk((0, 640, 720), (6, 640, 560), (40, 640, 560), (44, 640, 150))
    for k in range(500):
        feet = {} if (p := person(k / 10)) is None else {1: p}
        for c in (counter, plain):
            c.on_tracks(tracks(k / 10, feet))
        if k > 5:
            counter.on_tracks(tracks(k / 10, {1: (640.0, 300.0)}))
            counter.on_tracks(tracks((k - 5) / 10, {2: (700.0, 600.0)}))
    assert counter.tick(50.0, 50.0) == plain.tick(50.0, 50.0)


def two_lanes(camera: str = "c1") -> tuple[Polygon, Polygon]:
    """The front and the back half of a line."""
    del camera
    return px((320, 216), (960, 216), (960, 450), (320, 450)), px((320, 450), (960, 450), (960, 684), (320, 684))


def test_a_visit_goes_from_lane_to_lane() -> None:
    """Two lanes on one camera: lengths add, one visit passes through both, order is front lane first."""
    front, back = two_lanes()
    chain = site(queue(lane(area=front), lane(area=back, service_line=None)))
    counter = Counter(chain)
    person = walk((1, 640, 760), (5, 640, 600), (30, 640, 600), (36, 640, 360), (60, 640, 360), (66, 640, 120))
    ticks = play(counter, {1: person, 2: stand(500, 650), 9: outside()}, every(0.1, 55))
    assert counter.lane_state("q1").members == (2, 1)  # the one who stood there at the start is behind
    ticks += play(counter, {1: person, 2: stand(500, 650)}, every(0.1, 75, 55.1))
    assert lengths(ticks)[10:60] == [2] * 50
    visit = only(ticks)
    assert (visit.outcome, visit.censored) == ("served", False)
    assert visit.joined_s == pytest.approx(1 + 4 * 76 / 160, abs=0.05)


def test_a_visit_goes_from_camera_to_camera() -> None:
    """Off the end of the back lane on one camera and into the front lane on another: one visit, one wait."""
    chain = site(queue(lane(), lane(camera_id="c2", service_line=None)))
    counter = Counter(chain)
    back = walk((1, 640, 760), (5, 640, 600), (30, 640, 600), (39, 640, 160))
    front = walk((38, 640, 720), (44, 640, 480), (60, 640, 480), (68, 640, 120))
    out = []
    for k in range(800):
        for camera, where, ident in (("c2", back, 7), ("c1", front, 3)):
            p = where(k / 10)
            counter.on_tracks(tracks(k / 10, {} if p is None else {ident: p}, camera=camera))
        if k % 10 == 0:
            out.append(counter.tick(k / 10, k / 10))
    visit = only(out)
    assert (visit.outcome, visit.track_ids) == ("served", ("c2/r/7", "c1/r/3"))
    assert visit.joined_s == pytest.approx(2.9, abs=0.05)
    assert visit.served_s == pytest.approx(60 + 8 * 264 / 360, abs=0.05)


def test_ten_people_in_a_moving_line() -> None:
    """A line of people who shuffle forward and are served every 20 s: all served, in order, with their true waits."""
    people: dict[int, Walk] = {}
    truth = []
    for i in range(10):
        arrive, stops = 2.0 + 12.0 * i, []
        stops.append((arrive, 640.0, 720.0))
        slot_times = [20.0 * (i - s) + 25.0 for s in range(min(i, 8), -1, -1)]  # when slot s is taken
        for s, t in zip(range(min(i, 8), -1, -1), slot_times, strict=True):
            y = 240.0 + 50.0 * s
            reach_s = max(t, arrive + (720.0 - y) / 80.0, stops[-1][0] + 0.7)
            stops += [(max(reach_s - 0.6, stops[-1][0] + 0.01), 640.0, stops[-1][2])] if len(stops) > 1 else []
            stops.append((reach_s, 640.0, y))
        stops += [(stops[-1][0] + 18.0, 640.0, 240.0), (stops[-1][0] + 21.0, 640.0, 100.0)]
        people[i] = walk(*stops)
        truth.append(stops)
    end_s = max(s[-1][0] for s in truth)
    ticks = play(Counter(site()), {**people, 99: outside()}, every(0.2, end_s + 6))
    done = visits(ticks)
    assert [v.outcome for v in done] == ["served"] * 10
    moments = np.arange(0.0, end_s, 0.05)
    for i, visit in enumerate(sorted(done, key=lambda v: v.joined_s)):
        inside = [t for t in moments if (p := people[i](float(t))) is not None and 216.0 < p[1] < 684.0]
        assert visit.joined_s == pytest.approx(inside[0], abs=0.1)
        assert visit.served_s == pytest.approx(inside[-1], abs=0.1)
