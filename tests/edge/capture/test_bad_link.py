"""A camera behind a bad network (fault F06): over TCP what is lost comes later, and pictures go on."""

from collections.abc import Callable
from typing import Any

import pytest

from edge.capture.open import Backend, open_source
from edge.errors import SourceError
from edge.settings import CameraSettings
from tests.chaos.toxic import Toxic, Toxics

pytestmark = pytest.mark.e2e
PICTURES = 40


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_pictures_go_on_over_a_bad_link(
    backend: Backend,
    camera: Callable[..., CameraSettings],
    rtsp: Callable[..., Any],
    capsys: pytest.CaptureFixture[str],
) -> None:
    """With 0.1 s each way and one piece of ten 0.6 s late pictures come, in order; after a break too."""
    server = rtsp()
    link = Toxic(int(server.host.rsplit(":", 1)[1]), Toxics(latency_s=0.1, stall_share=0.1), seed=7)
    settings = camera(f"rtsp://127.0.0.1:{link.port}/cam", detect_fps=10.0)
    pts_s: list[float] = []
    breaks = 0
    try:
        while len(pts_s) < PICTURES:
            source = open_source(settings, live=True, backend=backend)
            try:
                for frame in source.frames():
                    pts_s.append(frame.pts_s)
                    if len(pts_s) == PICTURES:
                        break
            except SourceError:
                breaks += 1
            finally:
                source.close()
    finally:
        link.close()
    assert pts_s == sorted(set(pts_s))
    with capsys.disabled():
        print(f" {backend}: {PICTURES} pictures in {pts_s[-1] - pts_s[0]:.1f} s, {breaks} breaks", end="")
