"""Damaged H.264 is told: by what the decoder complains of, over a real RTSP stream with broken bytes (fault F05)."""

import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import av.logging
import pytest

from detector.runtime.fake import FakeDetector
from edge.camera import run_camera
from edge.capture.damage import DamageJudge, Decoders
from edge.capture.open import Backend, open_source
from edge.link import LinkServer
from edge.messages import CameraHealth
from edge.paths import counter_socket
from edge.settings import CameraSettings, Site
from edge.vocabulary import Tracks


def test_complaints_in_three_seconds_of_ten_are_damage() -> None:
    """Told from the third second with complaints on, and taken back ten seconds after the last."""
    judge, said = DamageJudge(), []
    for step in range(300):
        at_s = step / 10
        complaints = sum(at_s >= t for t in (5.0, 5.1, 5.2, 7.0, 9.0))
        if judge.judge(complaints, at_s) != (said[-1][1] if said else False):
            said.append((at_s, not said or not said[-1][1]))
    assert said == [(9.0, True), (19.0, False)]


def test_the_first_pictures_of_a_stream_are_not_damage() -> None:
    """What a decoder says of a stream that it joins in the middle, and one error a minute, are not told."""
    judge = DamageJudge()
    assert not any(judge.judge(7 * (at_s >= 1) + at_s // 60, float(at_s)) for at_s in range(600))


@pytest.mark.e2e
@pytest.mark.timeout(240)
@pytest.mark.parametrize("broken", [0.0, 2e-4])
def test_a_damaged_stream_is_told_in_health_and_tracks(
    broken: float, camera: Callable[..., CameraSettings], rtsp: Callable[..., Any], tmp_path: Path
) -> None:
    """With 2 of 10,000 bytes broken the camera says "damaged" and its people still count; with none it never does."""
    server = rtsp("--pattern", "smpte", "--broken", str(broken), "--fps", "15", "--width", "640", "--height", "480")
    settings = camera(f"rtsp://{server.host}/cam", detect_fps=5.0)
    site = Site("s", "s", "UTC", "b1", tmp_path / "site.toml", "", cameras=(settings,), queues=())
    stop, said = threading.Event(), []
    with closing(LinkServer(counter_socket(tmp_path))) as link:
        worker = threading.Thread(
            target=run_camera,
            args=(site, "c1"),
            kwargs={"state": tmp_path, "stop": stop, "detector": FakeDetector({})},
        )
        worker.start()
        try:
            began_s = time.monotonic()
            while time.monotonic() - began_s < 200.0 and (broken or len(said) < 60):
                said += link.receive(0.5)
                if any(isinstance(item, CameraHealth) and item.picture == "damaged" for item in said):
                    break
        finally:
            stop.set()
            worker.join(30)
    pictures = {item.picture for item in said if isinstance(item, Tracks)}
    print(f"\nbroken {broken}: told after {time.monotonic() - began_s:.1f} s, {len(said)} messages, {pictures}")
    assert ("damaged" in pictures) == (broken > 0)
    assert broken or len(said) >= 60


@pytest.mark.e2e
@pytest.mark.timeout(120)
@pytest.mark.parametrize("fault", [("--broken", "0.001"), ("--lost", "0.02")], ids=["broken", "lost"])
def test_broken_bytes_and_lost_packets_are_counted_by_both_decoders(
    fault: tuple[str, str], backend: Backend, camera: Callable[..., CameraSettings], rtsp: Callable[..., Any]
) -> None:
    """PyAV and GStreamer are both heard: of broken bytes (F05), and of packets that never come (F06)."""
    from edge.capture.damage import COMPLAINTS

    server = rtsp("--pattern", "smpte", *fault, "--fps", "15", "--width", "640", "--height", "480")
    source = open_source(camera(f"rtsp://{server.host}/cam"), live=True, backend=backend)
    before, deadline_s = COMPLAINTS.count, time.monotonic() + 60.0
    try:
        while COMPLAINTS.count == before:
            assert time.monotonic() < deadline_s, "no complaint in 60 s"
            source.read(0.5)
    finally:
        source.close()


def test_no_decoder_with_threads_is_listened_to() -> None:
    """A complaint out of a decoder's own thread could wait for ever: FFmpeg is silent while there is such a decoder."""
    decoders = Decoders()
    with decoders.one(listened=False) as recording:
        assert recording
        with decoders.one(listened=True) as stream:
            assert not stream
            assert av.logging.get_level() is None
    with decoders.one(listened=True):
        assert av.logging.get_level() == av.logging.ERROR
        with decoders.one(listened=False) as later:
            assert not later
            assert av.logging.get_level() == av.logging.ERROR
    assert av.logging.get_level() is None
