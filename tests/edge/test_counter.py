"""The counter: readings, their quality, events and alerts."""

import pytest

from edge.counter import Counter, Tick
from edge.messages import QueueReading, utc
from edge.vocabulary import AlertSettings, PictureState
from tests.edge.queueing.scene import (
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


def customers(many: int, each_s: float, start_s: float = 2.0) -> dict[int, object]:
    """People who come in a crowd, stand apart, and are served one after another every `each_s`."""
    people = {}
    for i in range(many):
        x = 360.0 + 65.0 * i
        go_s = start_s + 10.0 + each_s * (i + 1)
        people[i] = walk((start_s, x, 760.0), (start_s + 4.0, x, 560.0), (go_s, x, 250.0), (go_s + 2.0, x, 120.0))
    return people


def run(many: int = 8, each_s: float = 20.0, until_s: float = 200.0) -> tuple[Counter, list[Tick]]:
    """A counter that has seen them."""
    counter = Counter(site())
    return counter, play(counter, {**customers(many, each_s), 99: stand(60, 600, 0, 1)}, every(0.2, until_s))  # type: ignore[dict-item]


def test_one_reading_a_tick_and_queue() -> None:
    """Seq counts a queue's readings; pts_s and at are the tick's."""
    counter = Counter(site(queue(queue_id="a"), queue(queue_id="b")))
    ticks = [counter.tick(float(s), 1e9 + s) for s in range(3)]
    assert [[(r.queue, r.seq, r.pts_s) for r in t.readings] for t in ticks] == [
        [("a", s + 1, s), ("b", s + 1, s)] for s in range(3)
    ]
    assert ticks[2].readings[0].at == utc(1e9 + 2)
    assert ticks[2].readings[0].site == "case"


def test_before_the_first_picture_nothing_is_known() -> None:
    """Null and stale, not 0."""
    [r] = Counter(site()).tick(0.0, 0.0).readings
    assert (r.length, r.length_low, r.length_high, r.wait_s, r.quality) == (None, None, None, None, "stale")


def test_a_served_line_tells_its_wait() -> None:
    """After a few departures every 20 s the wait for those behind is 20 s a head, with an interval around it."""
    _, ticks = run()
    rows = readings(ticks)
    young = rows[20]
    assert (young.length, young.quality, young.wait_s) == (8, "warming", None)
    at = next(r for r in rows if r.served == 5)
    assert (at.length, at.quality, at.state, at.wait_method) == (3, "ok", "serving", "rate")
    assert at.wait_s == pytest.approx(80.0, abs=4.0)
    assert at.wait_low_s is not None
    assert at.wait_high_s is not None
    assert at.wait_low_s < 80.0 < at.wait_high_s
    assert rows[-1].state == "idle"
    took_s = next(v.served_s - v.joined_s for t in ticks for v in t.visits if v.ahead_on_joining == 0 and v.served_s)
    assert (rows[-1].length, rows[-1].wait_s, rows[-1].quality) == (0, pytest.approx(took_s, abs=0.1), "ok")


def test_a_served_visit_carries_what_it_was_told() -> None:
    """The event has the wait that the last reading before joining showed, and the counter's own errors are theirs."""
    late = {50: walk((100, 300, 760), (104, 330, 560), (199, 330, 250), (201, 330, 120))}
    counter = Counter(site())
    ticks = play(counter, {**customers(8, 20.0), **late, 99: stand(60, 600, 0, 1)}, every(0.2, 210))  # type: ignore[dict-item]
    served = [e for t in ticks for e in t.events if e.kind == "served" and e.wait_s is not None]
    [last] = [e for e in served if e.told_s]
    [joined] = [e for t in ticks for e in t.events if e.kind == "joined" and e.pts_s > 30]
    shown = [r for r in readings(ticks) if r.pts_s <= joined.pts_s][-1]
    assert (last.told_s, last.told_low_s, last.told_high_s) == (shown.wait_s, shown.wait_low_s, shown.wait_high_s)
    errors = counter.wait_errors("q1")
    assert errors is not None
    told = [(e.told_s, e.wait_s) for e in served if e.told_s is not None and e.wait_s is not None]
    assert errors.n == len(told)
    assert errors.bias_s == pytest.approx(sum(t - w for t, w in told) / len(told), abs=0.1)


def test_flow_is_told_once_a_minute_is_known() -> None:
    """served_per_min is null in the first minute, then people served in the last five."""
    _, ticks = run(many=8)
    rows = readings(ticks)
    assert rows[59].served_per_min is None
    assert rows[180].served_per_min == pytest.approx(8 / 3.0, abs=0.05)
    assert rows[180].arrivals_per_min == pytest.approx(8 / 3.0, abs=0.05)


def test_a_stopped_server_is_told() -> None:
    """No departure for much longer than usual while people wait: stopped, and a wait without an upper end."""
    people = customers(8, 20.0)
    waiting = {50: walk((4, 700, 760), (8, 700, 640), (999, 700, 640))}
    counter = Counter(site())
    ticks = play(counter, {**people, **waiting, 99: stand(60, 600, 0, 1)}, every(0.2, 320))  # type: ignore[dict-item]
    rows = readings(ticks)
    last_s = max(v.served_s or 0.0 for v in visits(ticks))
    assert next(r for r in rows if r.pts_s > last_s + 60).state == "serving"
    late = rows[-1]
    assert (late.length, late.state, late.wait_high_s, late.wait_method) == (1, "stopped", None, "at_least")
    assert late.wait_s == pytest.approx(40.0, abs=4.0)


@pytest.mark.parametrize("picture", ["frozen", "blind", "moved"])
def test_a_useless_picture_is_no_evidence(picture: PictureState) -> None:
    """Nothing is told of it, nobody joins or goes because of it, and no wait is made of it."""
    counter = Counter(site())
    play(counter, {1: stand(640, 450)}, every(0.2, 20))
    ticks = play(counter, {}, every(0.2, 30, 20.2), picture=picture)
    rows = readings(ticks)
    assert {(r.length, r.wait_s, r.quality) for r in rows} == {(None, None, picture)}
    back = readings(play(counter, {1: stand(640, 450)}, every(0.2, 40, 30.2)))
    assert {(r.length, r.joined, r.lost, r.quality) for r in back} == {(1, 1, 0, "warming")}


def test_a_damaged_picture_is_used_and_told() -> None:
    """Decoding is damaged: the length stands, marked degraded."""
    counter = Counter(site())
    ticks = play(counter, {1: stand(640, 450)}, every(0.2, 20), picture="damaged")
    assert {(r.length, r.quality) for r in readings(ticks)} == {(1, "degraded")}


def test_one_camera_of_two_missing_is_degraded_and_unknown() -> None:
    """A part of a queue is not its length."""
    counter = Counter(site(queue(lane(), lane(camera_id="c2"))))
    ticks = play(counter, {1: stand(640, 450)}, every(0.2, 10))
    assert {(r.length, r.wait_s, r.quality) for r in readings(ticks)} == {(None, None, "degraded")}


def test_a_lane_on_no_camera_is_a_fault_of_the_site() -> None:
    """A queue whose camera the site lacks says config; tracks of unknown cameras are passed over."""
    good = site(queue(lane(camera_id="c9")))
    broken = type(good)(**{**vars(good), "cameras": site().cameras})
    counter = Counter(broken)
    counter.on_tracks(tracks(0.0, {1: (640.0, 450.0)}, camera="c9"))
    [r] = counter.tick(0.0, 0.0).readings
    assert (r.length, r.quality) == (None, "config")


def test_events_tell_what_happened_without_naming_anybody() -> None:
    """Joined and served, once each, with wait and people ahead; no track id in any message."""
    counter, ticks = run(many=2)
    events = [e for t in ticks for e in t.events]
    assert [e.kind for e in events] == ["joined", "joined", "served", "served"]
    assert [e.ahead_on_joining for e in events] == [0, 1, 0, 1]
    first = events[2]
    [visit] = [v for v in visits(ticks) if v.ahead_on_joining == 0]
    assert first.wait_s == first.stay_s == pytest.approx((visit.served_s or 0.0) - visit.joined_s, abs=1e-3)
    assert first.at == utc(1e9 + (visit.served_s or 0.0))
    assert all(b"c1/r" not in e.to_json() for e in events)
    assert counter.open_visits() == []


def test_open_visits_are_there_until_they_end() -> None:
    """Those still in the line, without an end."""
    counter = Counter(site())
    play(counter, {1: stand(640, 450), 2: stand(700, 450)}, every(0.2, 10))
    assert [(v.joined_s, v.left_s, v.outcome, v.censored) for v in counter.open_visits()] == [
        (0.0, None, None, True)
    ] * 2


def alert(field: str, op: str, value: float | str, for_s: float) -> AlertSettings:
    """An alert on q1."""
    return AlertSettings("q1", field, op, value, for_s, f"{field} {op} {value}")


def test_an_alert_is_told_once_while_its_condition_holds() -> None:
    """After for_s; over once it has been false for as long; again only after that."""
    counter = Counter(site(alerts=[alert("length", ">", 0, 5.0)]))
    people = {1: stand(640, 450, 0, 20), 2: stand(640, 450, 40, 70)}
    ticks = play(counter, people, every(0.2, 80))
    told = [(e.pts_s, e.text) for t in ticks for e in t.events if e.kind == "alert"]
    assert [t[1] for t in told] == ["length > 0", "over: length > 0"] * 2
    assert told[0][0] == 5.0
    assert 25.0 <= told[1][0] <= 30.0
    assert 50.0 <= told[2][0] <= 51.0


@pytest.mark.parametrize(
    ("field", "op", "value", "due"),
    [
        ("quality", "==", "stale", True),
        ("quality", "!=", "ok", True),
        ("length", "<=", 0, False),
        ("wait_s", "<", 1e9, False),
        ("joined", ">=", 1, True),
    ],
)
def test_what_is_not_known_fulfils_nothing(field: str, op: str, value: float | str, due: bool) -> None:
    """A null length is neither small nor large; a word can be asked for."""
    counter = Counter(site(alerts=[alert(field, op, value, 0.0)]))
    play(counter, {1: stand(640, 450)}, every(0.2, 2))
    late = counter.tick(60.0, 60.0)
    events = [e for e in late.events if e.kind == "alert"] or [
        e for e in counter.tick(61.0, 61.0).events if e.kind == "alert"
    ]
    already = field == "joined" or (field == "quality" and op == "!=")
    assert bool(events) == (due and not already)


def test_a_reading_is_the_same_after_its_json() -> None:
    """Readings survive the wire."""
    _, ticks = run(many=3, until_s=60)
    for r in readings(ticks):
        assert QueueReading.model_validate_json(r.to_json()) == r


def test_lengths_of_several_queues_do_not_mix() -> None:
    """Two queues side by side on one camera count their own people."""
    left = lane(area=((0.0, 0.3), (0.5, 0.3), (0.5, 0.95), (0.0, 0.95)), service_line=None)
    right = lane(area=((0.5, 0.3), (1.0, 0.3), (1.0, 0.95), (0.5, 0.95)), service_line=None)
    counter = Counter(site(queue(left, queue_id="l"), queue(right, queue_id="r")))
    ticks = play(counter, {1: stand(300, 500), 2: stand(400, 500), 3: stand(900, 500)}, every(0.2, 10))
    assert set(lengths(ticks, "l")) == {2}
    assert set(lengths(ticks, "r")) == {1}
