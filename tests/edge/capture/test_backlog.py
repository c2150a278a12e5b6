"""A box that decodes slower than its camera sends shows the newest pictures, not those of ever longer ago (F29)."""

import random
import time
from collections.abc import Callable
from typing import Any

import pytest

from edge.capture.backlog import LATE_S, Backlog
from edge.capture.live import LiveSource
from edge.capture.open import Backend, open_source
from edge.settings import CameraSettings

FPS = 30.0
GOP = 30


def decoded_late_s(decoding_s: float, seconds: float) -> list[float]:
    """How old each decoded picture was, by a reader that needs `decoding_s` for one and nothing for the others."""
    backlog, now_s, ages_s = Backlog(), 1000.0, []
    for number in range(int(seconds * FPS)):
        sent_s = 1000.0 + number / FPS
        now_s = max(now_s, sent_s)
        if not backlog.passes_over(number / FPS, now_s, key=number % GOP == 0):
            ages_s.append(now_s - sent_s)
            now_s += decoding_s
    assert backlog.passed_over == int(seconds * FPS) - len(ages_s)
    return ages_s


@pytest.mark.parametrize("share", [0.9, 0.5, 0.1])
def test_a_slow_reader_stays_near_the_present(share: float) -> None:
    """With time for a share of the pictures none is older than about LATE_S, for an hour, and the time is used."""
    ages_s = decoded_late_s(1.0 / (share * FPS), 3600.0)
    assert max(ages_s) <= LATE_S + 0.1  # what a clock may drift between two times of being caught up
    assert len(ages_s) > 0.5 * share * 3600 * FPS


def test_a_fast_reader_takes_everything() -> None:
    """Who keeps up loses nothing: for an hour, with jitter and a camera's clock that is wrong by a thousandth."""
    rng, backlog, arrived_s = random.Random(1), Backlog(), 0.0
    for number in range(int(3600 * FPS)):
        arrived_s = max(arrived_s, number / FPS * 1.001 + rng.expovariate(1 / 0.03))
        assert not backlog.passes_over(number / FPS, arrived_s, key=number % GOP == 0)


@pytest.mark.parametrize("jump_s", [3600.0, -3600.0, 47721.9])
def test_a_jump_of_the_streams_clock_is_no_backlog(jump_s: float) -> None:
    """A camera that sets its clock loses no picture, nor does one without timestamps."""
    backlog = Backlog()
    for number in range(600):
        raw_s = number / FPS + (jump_s if number > 300 else 0.0)
        assert not backlog.passes_over(raw_s, number / FPS, key=False)
        assert not backlog.passes_over(None, number / FPS, key=False)


@pytest.mark.e2e
@pytest.mark.timeout(180)
def test_what_waits_is_passed_over(
    backend: Backend, camera: Callable[..., CameraSettings], rtsp: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reader that needs 0.5 s a picture passes others of a real camera over, counts them and goes on."""
    due = LiveSource._due

    def slow(source: LiveSource, raw_s: float | None) -> float | None:
        time.sleep(0.5)
        return due(source, raw_s)

    monkeypatch.setattr(LiveSource, "_due", slow)
    server = rtsp("--fps", "30", "--pattern", "smpte")
    source = open_source(camera(f"rtsp://{server.host}/cam"), live=True, backend=backend)
    try:
        deadline_s = time.monotonic() + 120.0
        while source.dropped < 20:
            assert time.monotonic() < deadline_s, "nothing is passed over"
            source.read(1.0)
        assert source.read(30.0) is not None
        assert source.received > source.dropped
    finally:
        source.close()
