"""What the counter tells of cameras that speak, start anew, and fall silent."""

from typing import Any

import pytest

from edge.camera_words import FIRST_WORD_S, SILENT_S, STARTING_S, CameraWords
from edge.messages import CameraHealth, utc


def word(state: str = "ok", **changes: Any) -> CameraHealth:
    figures = {
        "site": "s", "camera": "c1", "at": utc(1e9), "state": state, "detail": "", "picture": "ok",
        "frames_in_per_s": 25.0, "frames_out_per_s": 5.0, "age_s": 0.2, "latency_s": 0.1, "dropped": 0, "restarts": 0,
        "runtime": "fake", "model_sha256": "", "width": 640, "height": 360,
    }  # fmt: skip
    return CameraHealth.model_validate({**figures, **changes})


@pytest.fixture
def words() -> CameraWords:
    """One camera, c1, from second 100."""
    return CameraWords("s", ["c1"], 100.0)


def test_own_words_pass(words: CameraWords) -> None:
    """A camera that speaks is told as it says, and nothing is added."""
    assert words.health(word(restarts=2), 101.0) == word(restarts=2)
    assert words.silent(101.0 + SILENT_S, 1e9) == []


def test_silence_is_told_once(words: CameraWords) -> None:
    """Five seconds after the last sign of life the camera is lost, in words with the seconds, once."""
    words.health(word(), 101.0)
    words.tracks("c1", 103.0)
    assert words.silent(103.0 + SILENT_S, 1e9) == []
    (lost,) = words.silent(103.1 + SILENT_S, 1e9)
    assert (lost.state, lost.frames_in_per_s, lost.width) == ("lost", 0.0, 640)
    assert "said nothing for 5 s" in lost.detail
    assert words.silent(150.0, 1e9) == []


def test_new_process_is_a_restart(words: CameraWords) -> None:
    """A process that begins anew adds its predecessor's restarts and its end to the count."""
    words.health(word(restarts=3), 101.0)
    words.silent(110.0, 1e9)
    assert words.health(word("starting"), 111.0) == word("starting", restarts=4)
    assert words.health(word("starting"), 112.0) == word("starting", restarts=4)
    assert words.health(word(restarts=1), 113.0) == word(restarts=5)


def test_dead_in_its_start_again_and_again_is_counted(words: CameraWords) -> None:
    """A process that dies while starting is lost after two minutes, and its next start counts."""
    words.health(word("starting"), 101.0)
    assert words.silent(101.0 + STARTING_S, 1e9) == []
    assert len(words.silent(102.0 + STARTING_S, 1e9)) == 1
    told = words.health(word("starting"), 300.0)
    assert told is not None
    assert told.restarts == 1


def test_camera_that_never_spoke_is_lost(words: CameraWords) -> None:
    """A camera whose process never came is lost some time after the counter's start."""
    assert words.silent(100.0 + FIRST_WORD_S, 1e9) == []
    (lost,) = words.silent(101.0 + FIRST_WORD_S, 1e9)
    assert "has not spoken since the counter started" in lost.detail


def test_ended_on_purpose_stays_so(words: CameraWords) -> None:
    """A process that said that it ends is not called lost."""
    words.health(word("stopped"), 101.0)
    assert words.silent(10_000.0, 1e9) == []


def test_strangers_are_not_told(words: CameraWords) -> None:
    """A camera or site that is not in the site file is passed over."""
    assert words.health(word(camera="c9"), 101.0) is None
    assert words.health(word(site="t"), 101.0) is None
