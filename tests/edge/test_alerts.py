"""Alerts over time: for how long, how often, at what hours, and of cameras."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.alerts import AlertWatch, holds, on_duty
from edge.counter import Counter
from edge.messages import CameraHealth, QueueReading, utc
from edge.vocabulary import AlertSettings
from tests.edge.queueing.scene import every, lane, play, queue, site, stand

BERLIN = ZoneInfo("Europe/Berlin")


def alert(for_s: float = 0.0, repeat_s: float = 0.0, **hours: object) -> AlertSettings:
    """Length over 3."""
    return AlertSettings("q1", "length", ">", 3.0, for_s, "length > 3", repeat_s=repeat_s, **hours)  # type: ignore[arg-type]


@pytest.fixture
def told(make_reading: Callable[..., QueueReading]) -> Callable[..., list[tuple[float, str]]]:
    """`told(alert, [(second, length), ...], timezone="UTC", from_s=0.0)`: what is said, and when."""

    def run(
        one: AlertSettings, lengths: Iterable[tuple[float, int | None]], timezone: str = "UTC", from_s: float = 0.0
    ) -> list[tuple[float, str]]:
        watch, out = AlertWatch(one, timezone), []
        for pts_s, length in lengths:
            reading = make_reading("s", 1).model_copy(
                update={"pts_s": pts_s, "at": utc(from_s + pts_s), "length": length}
            )
            text = watch.told(reading)
            if text is not None:
                out.append((pts_s, text))
        return out

    return run


def steps(*runs: tuple[float, int | None]) -> list[tuple[float, int | None]]:
    """Runs of seconds with one length, a reading a second: (how long, length)."""
    out: list[tuple[float, int | None]] = []
    for seconds, length in runs:
        out += [(float(len(out) + k), length) for k in range(int(seconds))]
    return out


def test_told_again_while_it_holds(told: Callable[..., list[tuple[float, str]]]) -> None:
    """After for_s, then every repeat_s, then that it is over."""
    assert told(alert(10, 60), steps((5, 0), (150, 9), (60, 0))) == [
        (15.0, "length > 3"),
        (75.0, "still: length > 3"),
        (135.0, "still: length > 3"),
        (165.0, "over: length > 3"),
    ]


def test_open_from_telling_to_the_end(make_reading: Callable[..., QueueReading]) -> None:
    """An alert is open from when it was told, repeated or not, until it is over, or until nobody is to be told."""
    watch = AlertWatch(alert(10, 60, between=(0, 2)))
    opened: list[float | None] = []
    for pts_s, length in steps((5, 0), (100, 9)):
        at = {"pts_s": pts_s, "at": utc(pts_s), "length": length}
        watch.told(make_reading("s", 1).model_copy(update=at))
        opened.append(None if watch.opened is None else watch.opened.timestamp())
    assert [(second, opened[second]) for second in (14, 15, 80, 104)] == [
        (14, None),
        (15, 15.0),
        (80, 15.0),
        (104, 15.0),
    ]
    for pts_s in (119.0, 120.0):
        watch.told(make_reading("s", 1).model_copy(update={"pts_s": pts_s, "at": utc(pts_s), "length": 9}))
    assert watch.opened is None


def test_without_repeat_it_is_told_once(told: Callable[..., list[tuple[float, str]]]) -> None:
    """However long it holds."""
    assert told(alert(10), steps((3000, 9))) == [(10.0, "length > 3")]


def test_a_value_that_trembles_is_one_alert(told: Callable[..., list[tuple[float, str]]]) -> None:
    """4, 3, 4, 3, ...: it must hold for for_s to be told and be over for for_s to be over."""
    trembling = [(float(k), 4 - (k > 30 and k % 3 == 0)) for k in range(300)]
    assert told(alert(10), trembling) == [(10.0, "length > 3")]
    assert told(alert(10), [(float(k), 4 - k % 2) for k in range(300)]) == []


def test_what_is_not_known_ends_nothing(told: Callable[..., list[tuple[float, str]]]) -> None:
    """While no length is known the alert is neither over nor told anew; before it is told, the time begins again."""
    assert told(alert(10), steps((20, 9), (100, None), (20, 9))) == [(10.0, "length > 3")]
    assert told(alert(10), steps((5, 9), (3, None), (20, 9))) == [(18.0, "length > 3")]


def test_a_clock_set_back_begins_anew(told: Callable[..., list[tuple[float, str]]]) -> None:
    """The time that it has held is not negative, and not the old one."""
    assert told(alert(10), [*steps((20, 9)), *steps((20, 9))]) == [(10.0, "length > 3"), (10.0, "length > 3")]


def test_told_when_its_hours_begin(told: Callable[..., list[tuple[float, str]]]) -> None:
    """What began before 08:00 and still holds is told at 08:00 of the site, and is over at 09:00, whatever holds."""
    seven = datetime(2026, 5, 4, 7, 30, tzinfo=BERLIN).timestamp()  # a Monday
    hours = alert(60, between=(8 * 60, 9 * 60))
    readings = [(60.0 * m, 9 if m < 120 else 0) for m in range(1, 200)]
    assert told(hours, readings, "Europe/Berlin", seven) == [
        (30 * 60.0, "length > 3"),
        (90 * 60.0, "over: length > 3"),
    ]
    next_day = [(60.0 * m, 9) for m in range(1, 26 * 60)]
    twice = [(t, text[:5]) for t, text in told(hours, next_day, "Europe/Berlin", seven)]
    assert twice == [(1800.0, "lengt"), (5400.0, "over:"), (1800.0 + 86400, "lengt"), (5400.0 + 86400, "over:")]


@pytest.mark.parametrize(
    ("between", "weekdays", "at", "due"),
    [
        (None, (), "2026-05-04T03:00", True),
        ((480, 1080), (), "2026-05-04T08:00", True),
        ((480, 1080), (), "2026-05-04T17:59", True),
        ((480, 1080), (), "2026-05-04T18:00", False),
        ((480, 1440), (), "2026-05-04T23:59", True),
        (None, (0,), "2026-05-04T12:00", True),
        (None, (1, 6), "2026-05-04T12:00", False),
        ((1320, 360), (4,), "2026-05-08T23:00", True),
        ((1320, 360), (4,), "2026-05-09T05:59", True),
        ((1320, 360), (4,), "2026-05-09T23:00", False),
        ((1320, 360), (5,), "2026-05-09T05:59", False),
        ((1320, 360), (), "2026-05-09T12:00", False),
        ((120, 180), (), "2026-10-25T02:30", True),  # the hour that comes twice
        ((1320, 150), (5,), "2026-10-25T02:29", True),  # the night from Saturday that is an hour longer
        ((1320, 210), (5,), "2026-03-29T03:00", True),  # and the one that is shorter: 03:00 follows 01:59
        ((1320, 180), (5,), "2026-03-29T03:00", False),
        ((1320, 360), (6,), "2026-03-30T00:00", True),
    ],
)
def test_hours_and_days_are_the_sites(
    between: tuple[int, int] | None, weekdays: tuple[int, ...], at: str, due: bool
) -> None:
    """By the clock on the wall there; a night belongs to the day on which it begins."""
    instant = datetime.fromisoformat(at).replace(tzinfo=BERLIN).astimezone(UTC)
    assert on_duty(alert(between=between, weekdays=weekdays), instant, BERLIN) == due


@pytest.mark.parametrize(("evening", "hours"), [("2026-10-24", 6), ("2026-03-28", 4), ("2026-05-09", 5)])
def test_a_night_lasts_as_long_as_its_clocks_say(
    told: Callable[..., list[tuple[float, str]]], evening: str, hours: int
) -> None:
    """From 22:00 to 03:00: an hour more or less when the clocks are changed; one alert, over at three."""
    eight = datetime.fromisoformat(f"{evening}T20:00").replace(tzinfo=BERLIN).timestamp()
    night = alert(between=(22 * 60, 3 * 60), weekdays=(5,))  # Saturdays
    readings = [(60.0 * m, 9) for m in range(1, 26 * 60)]
    assert told(night, readings, "Europe/Berlin", eight) == [
        (2 * 3600.0, "length > 3"),
        ((2 + hours) * 3600.0, "over: length > 3"),
    ]


@pytest.mark.parametrize(
    ("op", "least_s", "is_true"),
    [(">", 310, True), (">", 290, None), (">=", 310, True), ("<", 310, False), ("<", 290, None), ("==", 290, None)],
)
def test_a_wait_that_is_only_a_least_says_what_it_can(
    make_reading: Callable[..., QueueReading], op: str, least_s: float, is_true: bool | None
) -> None:
    """While the service stands still "at least 290 s" does not end an alert on waits over 300, nor fulfil one under."""
    reading = make_reading("s", 1).model_copy(update={"wait_s": least_s, "wait_method": "at_least"})
    assert holds(AlertSettings("q1", "wait_s", op, 300.0, 0.0, ""), reading) is is_true


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 1439), st.integers(0, 1439), st.integers(0, 6), st.integers(0, 10**6))
def test_a_span_and_the_rest_of_the_day_are_the_whole(start: int, end: int, day: int, minutes: int) -> None:
    """At each instant either the span or its complement is on duty, never both."""
    if start == end:
        return
    instant = datetime.fromtimestamp(60.0 * minutes, UTC)
    spans = (alert(between=(start, end)), alert(between=(end, start)))
    assert sum(on_duty(one, instant, BERLIN) for one in spans) == 1
    assert not on_duty(alert(between=(start, end), weekdays=(day,)), instant, BERLIN) or on_duty(
        spans[0], instant, BERLIN
    )


def health(state: str) -> CameraHealth:
    """A word of camera c2."""
    figures = {
        "site": "case", "camera": "c2", "at": utc(0), "state": state, "detail": "", "picture": "ok",
        "frames_in_per_s": 0.0, "frames_out_per_s": 0.0, "age_s": None, "latency_s": None, "dropped": 0, "restarts": 0,
        "runtime": "", "model_sha256": "", "width": 0, "height": 0,
    }  # fmt: skip
    return CameraHealth.model_validate(figures)


def camera_lost(for_s: float) -> Counter:
    """A counter of two cameras with an alert on them."""
    lost = AlertSettings("q1", "camera", "==", "lost", for_s, "camera lost")
    return Counter(site(queue(lane(), lane(camera_id="c2")), alerts=[lost]))


def test_a_lost_camera_is_told_by_its_health() -> None:
    """Any camera of the queue; over when it is back."""
    counter = camera_lost(5.0)
    said = []
    for second, state in enumerate(["starting"] * 5 + ["ok"] * 5 + ["lost"] * 20 + ["ok"] * 20):
        counter.on_health(health(state))
        said += [(second, e.text) for e in counter.tick(float(second), 0.0).events]
    assert said == [(15, "camera lost"), (35, "over: camera lost")]


def test_a_lost_camera_is_told_by_its_pictures_where_no_health_comes() -> None:
    """In a replay a camera whose pictures end is lost; one that never had any is not."""
    counter = camera_lost(2.0)
    ticks = play(counter, {1: stand(640, 450)}, every(0.2, 10), camera="c2")
    ticks += [counter.tick(float(s), 1e9 + s) for s in range(11, 30)]
    assert [(e.pts_s, e.text) for t in ticks for e in t.events if e.kind == "alert"] == [(16.0, "camera lost")]
