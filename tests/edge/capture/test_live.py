"""Live sources without a camera: recordings and patterns at their own pace, the newest picture first."""

import itertools
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from edge.capture.live import LiveSource
from edge.capture.open import Backend, open_source
from edge.capture.source import Due, Image
from edge.errors import SourceError
from edge.settings import CameraSettings
from edge.vocabulary import Frame

Make = Callable[..., CameraSettings]
pytestmark = pytest.mark.usefixtures("leak_check")


def taken(source: object, count: int) -> list[Frame]:
    """The next frames; the source is closed."""
    try:
        return list(itertools.islice(source.frames(), count))  # type: ignore[attr-defined]
    finally:
        source.close()  # type: ignore[attr-defined]


@pytest.mark.slow
def test_a_recording_plays_at_its_pace_and_ends(backend: Backend, camera: Make, video: Callable[..., Path]) -> None:
    """Played live, a recording of a second lasts a second, on the box's clock, and then says that it has ended."""
    path = video("v.mp4", list(range(0, 1001, 100)))
    source = open_source(camera(path), live=True, backend=backend)
    frames = []
    began_s = time.monotonic()
    with pytest.raises(SourceError, match="has ended") as caught:
        frames.extend(source.frames())
    source.close()
    assert caught.value.kind == "ended"
    assert time.monotonic() - began_s >= 0.95
    assert source.received == 11
    assert len(frames) + source.dropped == 11
    assert began_s <= frames[0].pts_s <= time.monotonic()
    assert abs(frames[0].captured_utc_s - time.time()) < 60


@pytest.mark.slow
def test_a_loop_goes_on_and_on(backend: Backend, camera: Make, video: Callable[..., Path]) -> None:
    """With loop a recording of four pictures is played over and over; media time never stands or runs back."""
    path = video("v.mp4", [0, 20, 40, 60])
    frames = taken(open_source(camera(path, loop=True), live=True, backend=backend), 25)
    steps_s = [b.pts_s - a.pts_s for a, b in itertools.pairwise(frames)]
    assert min(steps_s) > 0
    assert max(steps_s) < 10


def test_masks_hold_in_live(backend: Backend, camera: Make, video: Callable[..., Path]) -> None:
    """What is masked is black in live pictures too."""
    mask = (((0.0, 0.0), (1.0, 0.0), (1.0, 0.5), (0.0, 0.5)),)
    frame = taken(open_source(camera(video("v.mp4", [0, 40]), mask=mask), live=True, backend=backend), 1)[0]
    assert not frame.image[:60].any()
    assert frame.image[62:].any()


def test_a_slow_consumer_gets_the_newest(camera: Make) -> None:
    """Who comes late gets the newest picture; what was passed over is counted, and memory stays flat."""
    source = open_source(camera("test://?fps=50&width=64&height=48"), live=True)
    first = source.read(10.0)
    deadline_s = time.monotonic() + 30.0
    while source.received < 20:
        assert time.monotonic() < deadline_s
        time.sleep(0.02)
    second = source.read(10.0)
    source.close()
    assert first is not None
    assert second is not None
    assert second.pts_s - first.pts_s > 0.3
    assert source.dropped >= 15
    assert source.taken_arrived_s is not None


@pytest.mark.slow
def test_thinning_holds_in_live(camera: Make) -> None:
    """At 50 pictures a second and detect_fps 10 the taken ones lie a tenth of a second apart."""
    frames = taken(open_source(camera("test://?fps=50&width=64&height=48", detect_fps=10.0), live=True), 6)
    cells = [round((f.pts_s - frames[0].pts_s) * 10) for f in frames]
    assert all(a < b for a, b in itertools.pairwise(cells))


def test_the_pattern_in_replay(camera: Make) -> None:
    """test:// in replay gives all its pictures at once, the same in every run."""
    made = camera("test://?width=33&height=21&fps=10&seconds=0.5")
    one, other = (taken(open_source(made, live=False), 99) for _ in range(2))
    assert [f.pts_s for f in one] == pytest.approx([0.0, 0.1, 0.2, 0.3, 0.4])
    assert all(np.array_equal(a.image, b.image) for a, b in zip(one, other, strict=True))
    assert one[0].image.shape == (21, 33, 3)
    assert not np.array_equal(one[0].image, one[3].image)


def test_a_pattern_that_cannot_be_is_told(camera: Make) -> None:
    """All that is wrong in a test:// address is told at once, with what is allowed."""
    with pytest.raises(SourceError) as caught:
        open_source(camera("test://?width=0&speed=3&pattern=plaid&fps=fast"), live=False)
    for words in ("width=0 (1 to 8192)", "speed (known: width", "pattern=plaid (one of moving", "fps=fast"):
        assert words in str(caught.value)


class Scripted:
    """A reader whose camera does as the test says."""

    backend = "scripted"
    passed_over = 0

    def __init__(self, steps: list[tuple[float | None, float]], stop: threading.Event) -> None:
        """`steps`: (timestamp, seconds to wait before it); then silence until it is stopped."""
        self._steps = steps
        self._stop = stop

    def pictures(self, due: Due) -> Iterator[tuple[float, Image]]:
        """See Reader."""
        for raw_s, wait_s in self._steps:
            self._stop.wait(wait_s)
            media_s = due(raw_s)
            if media_s is not None:
                yield media_s, np.full((4, 4, 3), 7, np.uint8)
        self._stop.wait(30)


def test_wild_timestamps_stay_on_the_clock(camera: Make) -> None:
    """A stream whose timestamps jump, repeat and are missing has media time that goes on, near the box's clock."""
    wild = [0.0, 0.02, 0.02, 9e6, None, -5.0, 47721.9, 0.0, 0.02]
    steps: list[tuple[float | None, float]] = [(raw, 0.02) for raw in wild]
    source = LiveSource(camera("rtsp://x/y"), lambda stop: Scripted(steps, stop), paced=False)
    frames = []
    while source.received < len(wild) or len(frames) + source.dropped < len(wild):
        frame = source.read(5.0)
        assert frame is not None
        frames.append(frame)
    now_s = time.monotonic()
    source.close()
    assert all(a.pts_s < b.pts_s for a, b in itertools.pairwise(frames))
    assert all(now_s - 30 < f.pts_s <= now_s + 0.1 for f in frames)


@pytest.mark.slow
def test_silence_is_noticed(camera: Make) -> None:
    """Five seconds after the last picture the source gives up, by the monotonic clock, and says what to look at."""
    source = LiveSource(camera("rtsp://x/y"), lambda stop: Scripted([(0.0, 0.0)], stop), paced=False)
    assert source.read(10.0) is not None
    with pytest.raises(SourceError, match="cable") as caught:
        source.read(30.0)
    assert caught.value.kind == "stalled"
    assert source.arrived_s is not None
    assert 4.9 < time.monotonic() - source.arrived_s < 60.0
    source.close()


@pytest.mark.parametrize(
    "address",
    ["rtsp://127.0.0.1:1/x ! filesink location=LEAK", 'rtsp://127.0.0.1:1/x" ! filesink location="LEAK'],
)
def test_an_address_is_never_a_pipeline(address: str, backend: Backend, camera: Make, tmp_path: Path) -> None:
    """An address that looks like a piece of a pipeline is an address that can't be reached; no file appears (F47)."""
    leak = tmp_path / "leak"
    source = open_source(camera(address.replace("LEAK", str(leak))), live=True, backend=backend)
    with pytest.raises(SourceError):
        next(source.frames())
    source.close()
    assert not leak.exists()


@pytest.mark.parametrize("address", ["rtsp://", "rtsp://host:port/x", "http://:80/", "ftp://host/x"])
def test_an_address_that_is_none_is_told(address: str, camera: Make) -> None:
    """An address without a host, with a port that is no number, or of an unknown kind says how to write it."""
    with pytest.raises(SourceError, match="rtsp://"):
        open_source(camera(address), live=True)


def test_no_such_device(backend: Backend, camera: Make) -> None:
    """A V4L2 device that isn't there is told as such."""
    source = open_source(camera("v4l2:///dev/video99"), live=True, backend=backend)
    with pytest.raises(SourceError, match="no such") as caught:
        next(source.frames())
    source.close()
    assert caught.value.kind == "not_found"
