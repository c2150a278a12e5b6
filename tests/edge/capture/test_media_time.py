"""Media time goes on whatever timestamps do (F09)."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.capture.media_time import LiveClock, ReplayClock


def replayed(raw_s: list[float | None], step_s: float = 0.04) -> list[float]:
    """Media times of a recording."""
    clock = ReplayClock(step_s)
    return [round(clock.media_s(raw), 6) for raw in raw_s]


def test_uneven_times_are_kept_from_the_first_on() -> None:
    """A recording that starts at 5 s with uneven steps has the same steps from 0."""
    assert replayed([5.0, 5.1, 5.4, 7.0, 65.0]) == [0.0, 0.1, 0.4, 2.0, 60.0]


@pytest.mark.parametrize(
    ("raw_s", "media_s"),
    [
        ([0.0, 0.04, 0.04, 0.08], [0.0, 0.04, 0.041, 0.08]),
        ([0.0, 0.08, 0.04, 0.12], [0.0, 0.08, 0.081, 0.12]),
        ([0.0, 0.04, -7.0, -6.96], [0.0, 0.04, 0.08, 0.12]),
        ([0.0, 0.04, 5000.0, 0.12, 0.16], [0.0, 0.04, 0.08, 0.12, 0.16]),
        ([0.0, 0.04, 47721.9, 47721.94], [0.0, 0.04, 0.08, 0.12]),
        ([None, None, 3.0, 3.04], [0.0, 0.04, 0.08, 0.12]),
    ],
    ids=["repeated", "disordered", "set back", "one wild", "wrapped", "missing"],
)
def test_broken_times_are_mended(raw_s: list[float | None], media_s: list[float]) -> None:
    """Repeated, backward, missing and wild timestamps give a time that goes on in plausible steps."""
    assert replayed(raw_s) == media_s


numbers = st.one_of(st.none(), st.floats(-1e6, 1e6), st.floats(0, 10))


@given(st.lists(numbers, max_size=50))
def test_replay_time_is_strictly_monotone(raw_s: list[float | None]) -> None:
    """No list of timestamps makes media time stand or run back."""
    media = replayed(raw_s)
    assert all(a < b for a, b in itertools.pairwise(media))


@given(st.lists(st.tuples(numbers, st.floats(0.0, 3.0)), max_size=50))
def test_live_time_is_strictly_monotone(pictures: list[tuple[float | None, float]]) -> None:
    """No stream makes media time stand, run back, or run ahead of the box's clock by more than its least steps."""
    clock, now_s, last_s = LiveClock(), 100.0, -1.0
    for raw_s, later_s in pictures:
        now_s += later_s
        media_s = clock.media_s(raw_s, now_s)
        assert media_s > last_s
        assert media_s <= now_s + 0.001 * len(pictures)
        last_s = media_s


def test_a_streams_own_steps_are_kept() -> None:
    """Pictures that arrive unevenly, but are stamped evenly, are placed evenly, behind the least delay."""
    clock = LiveClock()
    delays_s = [0.0, 0.05, 0.02, 0.08, 0.01]
    media = [clock.media_s(7.0 + i * 0.2, 50.0 + i * 0.2 + d) for i, d in enumerate(delays_s)]
    assert media == pytest.approx([50.0, 50.2, 50.4, 50.6, 50.8])


def test_a_burst_at_the_start_is_not_in_the_future() -> None:
    """A server that sends its last second at once does not put the stream a second ahead of the clock."""
    clock = LiveClock()
    for i in range(25):
        media_s = clock.media_s(i * 0.04, 10.0 + i * 0.001)
    assert media_s <= 10.03
    assert clock.media_s(2.0, 11.024) == pytest.approx(11.024, abs=0.1)


@pytest.mark.parametrize("drift", [0.999, 1.001], ids=["slow", "fast"])
def test_a_cameras_wrong_clock_does_not_add_up(drift: float) -> None:
    """A camera whose clock is off by a thousandth is within 50 ms of the box's clock after an hour."""
    clock = LiveClock()
    now_s = 0.0
    for i in range(18_000):
        now_s = i * 0.2
        media_s = clock.media_s(i * 0.2 * drift, now_s)
    assert abs(now_s - media_s) < 0.05


def test_a_jump_of_the_streams_clock_is_taken_out() -> None:
    """After a jump back or forward by an hour the next picture is placed where it arrives."""
    clock = LiveClock()
    clock.media_s(0.0, 10.0)
    assert clock.media_s(3600.2, 10.2) == pytest.approx(10.2)
    assert clock.media_s(0.4, 10.4) == pytest.approx(10.4)
