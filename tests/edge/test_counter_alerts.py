"""Alerts through the counter: for how long, how often, at what hours; and the count's own alarm."""

from datetime import UTC, datetime

from edge.counter import Counter
from edge.queueing.balance import TEXT
from edge.vocabulary import AlertSettings
from tests.edge.queueing.scene import every, lane, play, queue, readings, site, stand, tracks

MORNING_S = datetime(2026, 5, 4, 7, 58, 0, tzinfo=UTC).timestamp()  # a Monday


def told(alert: AlertSettings, people: dict[int, object], until_s: int, utc0_s: float = 0.0) -> list[tuple[int, str]]:
    """(second, text) of every alert event, with a picture and a tick a second."""
    counter, out = Counter(site(alerts=[alert], fps=2.0)), []
    for s in range(until_s + 1):
        for part in (0.0, 0.5):
            feet = {i: p for i, where in people.items() if (p := where(s + part)) is not None}  # type: ignore[operator]
            counter.on_tracks(tracks(s + part, feet))
        tick = counter.tick(float(s), utc0_s + s)
        out += [(s, e.text) for e in tick.events if e.kind == "alert" and e.text is not None]
    return out


def test_for_s_and_repeat_through_the_counter() -> None:
    """Held for 20 s: told; again each minute while it holds; over after 20 s without."""
    alert = AlertSettings("q1", "length", ">", 0, 20.0, "length > 0", repeat_s=60.0)
    people = {1: stand(640, 450, 0, 150)}
    assert [text for _, text in told(alert, people, 200)] == [
        "length > 0", "still: length > 0", "still: length > 0", "over: length > 0",
    ]  # fmt: skip
    seconds = [s for s, _ in told(alert, people, 200)]
    assert seconds[:3] == [20, 80, 140]
    assert 170 <= seconds[3] <= 175


def test_a_short_crowd_is_no_alert() -> None:
    """What does not hold for for_s is not told."""
    alert = AlertSettings("q1", "length", ">", 0, 60.0, "length > 0")
    assert told(alert, {1: stand(640, 450, 0, 40)}, 120) == []


def test_a_schedule_through_the_counter() -> None:
    """From 08:00 only, on Mondays only: what began at 07:58 is told when eight strikes, on Tuesday not at all."""
    alert = AlertSettings(
        "q1", "length", ">", 0, 20.0, "length > 0", between=(8 * 60, 17 * 60), weekdays=(0,)
    )  # fmt: skip
    people = {1: stand(640, 450, 0, 400)}
    assert told(alert, people, 200, MORNING_S) == [(120, "length > 0")]
    assert told(alert, people, 200, MORNING_S + 86400.0) == []


def test_a_count_that_drifts_is_told_and_set_right() -> None:
    """A visit that nobody stands for: an alert without any in the site file, degraded, and the count adds up again."""
    counter = Counter(site())
    play(counter, {1: stand(640, 450), 2: stand(700, 450)}, every(0.5, 10))
    counter._queues[0].book.join(10.0, (), censored=False)
    ticks = play(counter, {1: stand(640, 450), 2: stand(700, 450)}, every(0.5, 90, 10.5))
    alerts = [(e.queue, e.text) for t in ticks for e in t.events if e.kind == "alert"]
    assert alerts == [("q1", TEXT), ("q1", f"over: {TEXT}")]
    first, *_, last = readings(ticks)
    assert (first.quality, first.joined, first.lost, first.length) == ("degraded", 3, 1, 2)
    assert last.quality == "warming"


def test_a_counter_without_staff_is_closed_and_opens_with_the_first() -> None:
    """Staff behind it: idle; gone for five minutes: closed; somebody comes: serving."""
    staff = (((0.8, 0.2), (0.9, 0.2), (0.9, 0.5), (0.8, 0.5)),)
    counter = Counter(site(queue(lane(staff_area=staff)), fps=1.0))
    people = {1: stand(1088, 250, 0, 100), 2: stand(640, 450, 500, 600)}
    states = {r.pts_s: r.state for r in readings(play(counter, people, every(1.0, 520)))}
    assert {states[s] for s in range(10, 390)} == {"idle"}
    assert {states[s] for s in range(405, 498)} == {"closed"}
    assert states[515.0] == "serving"
