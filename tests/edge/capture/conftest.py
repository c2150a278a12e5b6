"""Cameras, recordings and RTSP servers for the tests of capture."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from edge.capture.gst_library import PACKAGES, available
from edge.settings import CameraSettings

BACKENDS = ("pyav", "gstreamer")
SERVER = Path(__file__).parent / "rtsp_server.py"


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> str:
    """Each decoder; a test of GStreamer fails where it is missing, and says what to install."""
    if request.param == "gstreamer" and not available():
        pytest.fail(f"GStreamer is missing: apt-get install -y --no-install-recommends {PACKAGES}")
    return str(request.param)


def camera_at(source: object, **settings: object) -> CameraSettings:
    """A camera that takes every picture unless told otherwise; its source is shown as it is."""
    values = {"id": "c1", "name": "Camera 1", "source": str(source), "source_shown": str(source), "detect_fps": 1000.0}
    return CameraSettings(**{**values, **settings})  # type: ignore[arg-type]


@pytest.fixture
def camera() -> Callable[..., CameraSettings]:
    """Makes cameras."""
    return camera_at


def scene(number: int, width: int, height: int) -> NDArray[np.uint8]:
    """(height, width, 3) uint8: a colour ramp with a bright bar that tells the number."""
    y, x = np.mgrid[0:height, 0:width]
    image = np.stack([40 + x * 100 // width, 40 + y * 100 // height, np.full_like(x, 80)], axis=2).astype(np.uint8)
    left = number * 8 % max(1, width - 16)
    image[height // 4 : height // 2, left : left + 16] = (230, 200, 40)
    return image


def write_video(
    path: Path,
    times_ms: list[int],
    *,
    size: tuple[int, int] = (160, 120),
    codec: str = "libx264",
    pix_fmt: str = "yuv420p",
    b_frames: int = 0,
) -> Path:
    """A recording with one picture (scene 0, 1, ...) at each of `times_ms`."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=25)
        stream.width, stream.height, stream.pix_fmt = *size, pix_fmt
        stream.time_base = stream.codec_context.time_base = Fraction(1, 1000)
        stream.codec_context.gop_size = 10
        if codec == "libx264":
            stream.options = {"crf": "12", "preset": "ultrafast", "bf": str(b_frames)}
        for number, at_ms in enumerate(times_ms):
            frame = av.VideoFrame.from_ndarray(scene(number, *size), format="rgb24")
            frame.pts, frame.time_base = at_ms, Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


@pytest.fixture
def video(tmp_path: Path) -> Callable[..., Path]:
    """Writes recordings into the test's folder."""
    return lambda name, times_ms, **options: write_video(tmp_path / name, times_ms, **options)


class Camera:
    """An RTSP camera in a process of its own."""

    def __init__(self, *options: str) -> None:
        self._options = options
        self.port = "0"
        self.start()

    def start(self) -> None:
        """Serves, on the same port as before."""
        command = [sys.executable, str(SERVER), "--port", self.port, *self._options]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        words = self._process.stdout.readline().split()
        assert words[:1] == ["ready"], f"no RTSP server: apt-get install -y gir1.2-gst-rtsp-server-1.0 {PACKAGES}"
        self.port = words[1]

    @property
    def host(self) -> str:
        """Host and port."""
        return f"127.0.0.1:{self.port}"

    def kill(self) -> None:
        """Is gone at once; safe to call again."""
        self._process.kill()
        self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def freeze(self) -> None:
        """Says nothing more, with its connections open."""
        os.kill(self._process.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """Goes on."""
        os.kill(self._process.pid, signal.SIGCONT)


@pytest.fixture
def rtsp() -> Iterator[Callable[..., Camera]]:
    """Starts RTSP cameras, and ends them after the test."""
    cameras: list[Camera] = []

    def start(*options: str) -> Camera:
        cameras.append(Camera(*options))
        return cameras[-1]

    yield start
    for one in cameras:
        one.thaw() if one._process.poll() is None else None
        one.kill()


@pytest.fixture
def leak_check() -> Iterator[None]:
    """Afterwards there are as many threads as before."""
    before = threading.active_count()
    yield
    deadline_s = time.monotonic() + 15.0
    while threading.active_count() > before and time.monotonic() < deadline_s:
        time.sleep(0.05)
    assert threading.active_count() <= before, threading.enumerate()
