"""The words of the pages."""

import pytest

from dashboard import words


@pytest.mark.parametrize(
    ("wait_s", "told"),
    [
        (None, "wait not known yet"),
        (0.0, "no wait"),
        (0.3, "no wait"),
        (1.0, "about 1 min"),
        (60.0, "about 1 min"),
        (60.4, "about 1 min"),
        (61.0, "about 2 min"),
        (240.0, "about 4 min"),
        (240.000001, "about 4 min"),
        (30 * 60.0, "about 30 min"),
        (30 * 60 + 1.0, "about 35 min"),
        (61 * 60.0, "about 1 h 5 min"),
        (2 * 3600.0, "about 2 h"),
    ],
)
def test_a_wait_is_rounded_up(wait_s: float | None, told: str) -> None:
    """A wait is told in whole minutes, never shorter than it is, above half an hour by fives."""
    assert words.wait_words(wait_s) == told


def test_a_stopped_wait_is_at_least() -> None:
    """While the service is stopped the wait is a lower bound, and no wait at all is never promised."""
    assert words.wait_words(240.0, stopped=True) == "at least 4 min"
    assert words.wait_words(0.0, stopped=True) == "wait not known while stopped"
    assert words.wait_interval_words(180.0, 330.0, stopped=True) == ""


@pytest.mark.parametrize(
    ("low_s", "high_s", "told"),
    [
        (180.0, 330.0, "3 to 6 min"),
        (185.0, 301.0, "3 to 6 min"),
        (10.0, 100.0, "up to 2 min"),
        (240.0, 240.0, ""),
        (None, 100.0, ""),
        (100.0, None, ""),
        (0.0, 0.0, ""),
        (50 * 60.0, 80 * 60.0, "50 min to 1 h 20 min"),
    ],
)
def test_a_waits_interval_is_widened(low_s: float | None, high_s: float | None, told: str) -> None:
    """The lower end is rounded down, the upper up; an interval without width is not told."""
    assert words.wait_interval_words(low_s, high_s) == told


def test_a_lengths_interval() -> None:
    """A length's interval is told where it says something."""
    assert words.length_interval_words(5, 7) == "5 to 7"
    assert words.length_interval_words(7, 7) == ""
    assert words.length_interval_words(None, 7) == ""


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (-1, "0 s"),
        (13.6, "14 s"),
        (59.6, "1 min"),
        (119, "1 min"),
        (3600, "1 h"),
        (47 * 3600, "47 h"),
        (3 * 86400, "3 days"),
    ],
)
def test_ages(seconds: float, told: str) -> None:
    """Ages go from seconds to days."""
    assert words.age_words(seconds) == told


@pytest.mark.parametrize(
    ("quality", "unknown_s", "told"),
    [
        ("stale", 12.0, "not known: no pictures from the camera for 12 s"),
        ("stale", None, "not known: no pictures from the camera"),
        ("frozen", 125.0, "not known: the camera's picture does not change for 2 min"),
        ("warming", None, "not known: the counter has just started"),
        ("ok", None, "not known"),
        ("something-new", 3.0, "not known: something-new for 3 s"),
    ],
)
def test_unknown_says_why(quality: str, unknown_s: float | None, told: str) -> None:
    """What is not known is told as such, with the reason and since when."""
    assert words.unknown_words(quality, unknown_s) == told


def test_silence_says_since_when() -> None:
    """When nothing arrives the page says for how long, or that the box is offline."""
    assert words.silent_words(130.0) == "not known: nothing heard for 2 min"
    assert words.silent_words(None) == "not known: nothing heard yet"
    assert words.silent_words(130.0, box_offline=True) == "not known: the box is offline for 2 min"


def test_every_word_of_the_messages_is_told() -> None:
    """Each quality, service state, camera state and picture state of the wire has words; faults say what to do."""
    from typing import get_args

    from edge.messages import CameraHealth
    from edge.vocabulary import PictureState, Quality, ServiceState

    assert set(get_args(Quality)) == set(words.QUALITIES)
    assert set(get_args(ServiceState)) == set(words.STATES)
    assert set(get_args(CameraHealth.model_fields["state"].annotation)) == set(words.CAMERAS)
    assert set(get_args(PictureState)) == {"ok", *words.PICTURES}
    faults = [*words.QUALITIES.values(), *words.CAMERAS.values(), *words.PICTURES.values()]
    assert all(told.do for told in faults if told.level == "bad")


def test_a_picture_fault_is_told_when_the_connection_is_well() -> None:
    """A camera that delivers frozen pictures is not called working; one without connection is not called frozen."""
    assert words.camera_words("ok", "ok").level == "good"
    assert words.camera_words("ok", "frozen").what == "Picture frozen"
    assert words.camera_words("lost", "frozen").what == "No connection"
    assert words.camera_words("exploded", "ok") == words.Told("exploded", "", "bad")


def test_names_are_listed() -> None:
    """Lists of names read as English."""
    assert [words.names_words(list("ABC"[:n])) for n in (1, 2, 3)] == ["A", "A or B", "A, B or C"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("wait_s > 300", "wait over 5 min"),
        ("wait_s >= 45", "wait at least 45 s"),
        ("length > 8", "people waiting over 8"),
        ("state == 'stopped'", "service is stopped"),
        ("camera lost", "camera lost"),
        ("over: wait_s > 300", "no longer: wait over 5 min"),
        ("still: length > 8", "still: people waiting over 8"),
        ("over: camera lost", "no longer: camera lost"),
        ("over: " * 3000, "no longer: " + "over: " * 2999),
        ("<img src=x onerror=alert(1)>", "<img src=x onerror=alert(1)>"),
    ],
)
def test_alerts_for_people(text: str, told: str) -> None:
    """A condition of the site file becomes words; anything else is passed on as it came."""
    assert words.alert_words(text) == told
