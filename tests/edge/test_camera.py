"""The process of one camera, with a detector that says what it is told."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from detector.runtime.detections import Detections
from detector.runtime.fake import FakeDetector
from edge import camera as camera_module
from edge.camera import CameraPipeline, run_camera
from edge.camera_health import Meter, running, trouble
from edge.camera_retry import Retry
from edge.capture.gst_library import PACKAGES
from edge.capture.open import open_source
from edge.errors import LinewiseError, SourceError
from edge.link import LinkServer
from edge.link_lines import LinkItem
from edge.messages import CameraHealth
from edge.paths import counter_socket
from edge.settings import CameraSettings, Site
from edge.vocabulary import Tracks

SERVER = Path(__file__).parent / "capture" / "rtsp_server.py"


def one_person(pts_s: float, image: np.ndarray) -> Detections:
    """Somebody stands in the middle."""
    h, w = image.shape[:2]
    box = np.array([[0.4 * w, 0.2 * h, 0.6 * w, 0.9 * h]], np.float32)
    return Detections(pts_s, (w, h), box, np.array([0.9], np.float32))


def site_with(source: object, folder: Path, **settings: Any) -> Site:
    """A site of one camera "c1"."""
    camera = CameraSettings("c1", "Camera 1", str(source), re.sub(r":[^:@/]+@", ":***@", str(source)), **settings)
    return Site("s1", "S 1", "UTC", "b1", folder / "site.toml", "0" * 64, cameras=(camera,), queues=())


class Running:
    """A camera's process in a thread, and all that the counter hears of it."""

    def __init__(self, site: Site, state: Path) -> None:
        self.items: list[tuple[float, LinkItem]] = []
        self.stop = threading.Event()
        self._server = LinkServer(counter_socket(state))
        options = {"state": state, "stop": self.stop, "detector": FakeDetector(one_person)}
        self._thread = threading.Thread(target=run_camera, args=(site, "c1"), kwargs=options, daemon=True)
        self._thread.start()

    def until(self, condition: Callable[[], object], what: str, timeout_s: float = 40.0) -> float:
        """Listens until the condition holds; how long that took."""
        began_s = time.monotonic()
        while not condition():
            now_s = time.monotonic()
            assert now_s - began_s < timeout_s, f"not within {timeout_s} s: {what}; last: {self.last}"
            self.items += [(now_s, item) for item in self._server.receive(0.1)]
        return time.monotonic() - began_s

    @property
    def tracks(self) -> list[Tracks]:
        """All tracks so far."""
        return [i for _, i in self.items if isinstance(i, Tracks)]

    @property
    def health(self) -> list[CameraHealth]:
        """All health messages so far."""
        return [i for _, i in self.items if isinstance(i, CameraHealth)]

    @property
    def last(self) -> CameraHealth | None:
        """The newest health."""
        return self.health[-1] if self.health else None

    def says(self, state: str) -> Callable[[], bool]:
        """Is this the camera's state now?"""
        return lambda: self.last is not None and self.last.state == state

    def end(self) -> None:
        """Ends it, as SIGTERM would."""
        self.stop.set()
        deadline_s = time.monotonic() + 20.0
        while self._thread.is_alive() and time.monotonic() < deadline_s:
            self.items += [(time.monotonic(), item) for item in self._server.receive(0.05)]
        assert not self._thread.is_alive()
        self.items += [(time.monotonic(), item) for item in self._server.receive(0.5)]
        self._server.close()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[[Site], Running]]:
    """Starts a camera's process."""
    running: list[Running] = []

    def begin(site: Site) -> Running:
        running.append(Running(site, tmp_path))
        return running[-1]

    yield begin
    for one in running:
        if not one.stop.is_set():
            one.end()


def test_a_step_is_the_same_live_and_in_replay(tmp_path: Path) -> None:
    """The pipeline makes of a replayed picture the tracks of the person in it, with the picture's state."""
    camera = site_with("test://?fps=10&seconds=3&width=64&height=48", tmp_path).camera("c1")
    pipeline = CameraPipeline(camera, FakeDetector(one_person), run="r1")
    with closing(open_source(camera, live=False)) as source:
        made = [pipeline.step(frame) for frame in source.frames()]
    assert [t.pts_s for t in made] == pytest.approx([i * 0.2 for i in range(15)])
    assert {len(t.track_ids) for t in made[2:]} == {1}
    assert made[-1].run == "r1"
    assert made[-1].size_px == (64, 48)
    assert {t.picture for t in made} == {"ok"}
    assert made[-1].captured_utc_s == 0.0


def test_a_frozen_picture_reaches_the_tracks(tmp_path: Path) -> None:
    """Tracks of a picture that does not change say so from 8 s on."""
    camera = site_with("test://?pattern=still&fps=5&seconds=12&width=64&height=48", tmp_path).camera("c1")
    pipeline = CameraPipeline(camera, FakeDetector(one_person), run="r1")
    with closing(open_source(camera, live=False)) as source:
        made = [pipeline.step(frame) for frame in source.frames()]
    assert next(t.pts_s for t in made if t.picture == "frozen") == pytest.approx(8.2, abs=0.3)


@pytest.mark.slow
def test_tracks_and_health_go_out(start: Callable[[Site], Running], tmp_path: Path) -> None:
    """A running camera sends tracks in order and a health with measured rates; stopped, it says so."""
    running_camera = start(site_with("test://?fps=20&width=64&height=48", tmp_path))
    running_camera.until(lambda: len(running_camera.tracks) > 5, "tracks")
    running_camera.until(lambda: len([h for h in running_camera.health if h.frames_out_per_s > 0]) > 2, "rates")
    running_camera.end()
    states = [h.state for h in running_camera.health]
    assert states[0] == "starting"
    assert states[-1] == "stopped"
    ok = [h for h in running_camera.health if h.state == "ok"][-1]
    assert ok.runtime == "fake"
    assert (ok.width, ok.height) == (64, 48)
    assert ok.frames_in_per_s > ok.frames_out_per_s > 0
    assert ok.age_s is not None
    assert ok.latency_s is not None
    assert ok.detail == "Pictures arrive."
    times_s = [t.pts_s for t in running_camera.tracks]
    assert times_s == sorted(set(times_s))
    assert abs(times_s[-1] - time.monotonic()) < 60
    assert len({t.run for t in running_camera.tracks}) == 1


@pytest.mark.slow
def test_a_recording_that_ends_rests(start: Callable[[Site], Running], tmp_path: Path) -> None:
    """Played to its end once, a recording is not begun again: the camera is stopped, and says how to loop it."""
    running_camera = start(site_with("test://?fps=20&seconds=0.5&width=64&height=48", tmp_path))
    running_camera.until(running_camera.says("stopped"), "stopped")
    assert "loop = true" in running_camera.health[-1].detail
    assert running_camera.tracks


@pytest.mark.slow
def test_a_missing_file_is_told(start: Callable[[Site], Running], tmp_path: Path) -> None:
    """A file that isn't there is not_found with its name, again and again, until it is there."""
    running_camera = start(site_with(tmp_path / "later.mp4", tmp_path))
    running_camera.until(running_camera.says("not_found"), "not_found")
    assert "later.mp4: no such file" in running_camera.health[-1].detail
    running_camera.until(lambda: running_camera.health[-1].restarts >= 1, "tried again")
    assert running_camera.health[-1].age_s is None


@pytest.mark.slow
def test_no_detector_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A detector that can't be loaded is told in the camera's health, and ends the process in words."""
    site = site_with("test://", tmp_path)
    monkeypatch.setattr(camera_module, "open_detector", lambda *_, **__: (_ for _ in ()).throw(
        camera_module.DetectorError("no runtime starts")
    ))  # fmt: skip
    server = LinkServer(counter_socket(tmp_path))
    with pytest.raises(LinewiseError, match="camera c1: no detector: no runtime starts"):
        run_camera(site, "c1", state=tmp_path, stop=threading.Event())
    items: list[LinkItem] = []
    while more := server.receive(1.0):
        items += more
    server.close()
    assert [i.state for i in items if isinstance(i, CameraHealth)] == ["starting", "failed"]


def test_the_ladder_of_a_camera_that_is_away() -> None:
    """An absent camera is tried every half second to four, so that it is seen within 10 s of its return (D6)."""
    retry = Retry()
    assert [retry.wait_s(k, 0.0) for k in ("ended", "refused", "refused", "stalled", "refused")] == [0.5, 1, 2, 4, 4]
    assert retry.wait_s("stalled", 60.0) == 0.5
    assert max(retry.wait_s("refused", 0.0) for _ in range(1000)) == 4.0


def test_the_ladder_of_a_wrong_password() -> None:
    """A camera that refuses the password is tried ever more seldom, 60 s apart in the end (F10)."""
    retry = Retry()
    waits_s = [retry.wait_s("auth_failed", 0.0) for _ in range(25)]
    assert waits_s == [1.0] * 5 + [5.0] * 5 + [10.0] * 10 + [60.0] * 5
    assert retry.wait_s("not_found", 0.0) == 0.5
    assert [retry.wait_s("not_found", 0.0) for _ in range(8)][-1] == 30.0


@pytest.mark.parametrize(
    ("kind", "state"),
    [("refused", "lost"), ("stalled", "lost"), ("ended", "lost"), ("auth_failed", "auth_failed"),
     ("not_found", "not_found"), ("unreadable", "failed")],
)  # fmt: skip
def test_states_of_faults(kind: str, state: str) -> None:
    """Each kind of fault is a state that operators see, in the fault's own words."""
    assert trouble(SourceError("what to do", kind)).state == state
    assert trouble(SourceError("what to do", kind)).detail == "what to do"


def test_a_stall_shows_before_it_is_given_up() -> None:
    """From three seconds without a picture the camera is stalled; pictures that show nothing are told in words."""
    assert running(2.9, "ok").state == "ok"
    assert running(3.0, "ok").state == "stalled"
    assert "Clean the lens" in running(0.1, "blind").detail
    assert "Restart it" in running(0.1, "frozen").detail


def test_rates_are_measured_over_the_last_seconds() -> None:
    """Rates are those of the last ten seconds, counts survive a reconnect, and nothing grows."""
    meter = Meter("s1", "c1", detect_fps=5.0)

    class Source:
        received, dropped, arrived_s, size_px = 0, 0, None, (64, 48)

    condition = running(0.0, "ok")
    now_s, source = 100.0, Source()
    meter.opened(source)  # type: ignore[arg-type]
    for step in range(400):
        now_s += 0.1
        source.received += 2
        source.arrived_s = now_s  # type: ignore[assignment]
        meter.sent(now_s, now_s - 0.05)
        if step == 200:
            meter.closed()
            source = Source()
            meter.opened(source)  # type: ignore[arg-type]
        message = meter.message(condition, "ok", now_s=now_s, now_utc_s=0.0)
    assert message.frames_in_per_s == pytest.approx(20.0, rel=0.05)
    assert message.frames_out_per_s == pytest.approx(10.0, rel=0.05)
    assert message.latency_s == pytest.approx(0.05)
    assert message.restarts == 1
    assert len(meter._samples) < 110
    meter.closed()
    assert meter.message(condition, "ok", now_s=now_s + 30, now_utc_s=0.0).age_s == pytest.approx(30.0)


class RtspServer:
    """An RTSP camera that can be killed, frozen and started again on its port."""

    def __init__(self, *options: str) -> None:
        self.port, self._options = "0", options
        self.start()

    def start(self) -> None:
        """Serves, on the same port as before."""
        command = [sys.executable, str(SERVER), "--port", self.port, *self._options]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        words = self.process.stdout.readline().split()
        assert words[:1] == ["ready"], f"no RTSP server: apt-get install -y gir1.2-gst-rtsp-server-1.0 {PACKAGES}"
        self.port = words[1]

    def kill(self) -> None:
        """Is gone at once."""
        self.process.kill()
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()


@pytest.mark.e2e
@pytest.mark.slow
def test_a_camera_dies_freezes_and_comes_back(start: Callable[[Site], Running], tmp_path: Path) -> None:
    """Killed for a while and frozen for a while, a camera is told lost in 5 s or so and is ok soon after (F01, F02)."""
    server = RtspServer()
    running_camera = start(site_with(f"rtsp://127.0.0.1:{server.port}/cam", tmp_path))
    running_camera.until(running_camera.says("ok"), "ok")
    server.kill()
    lost_s = running_camera.until(running_camera.says("lost"), "lost")
    until_s = time.monotonic() + 6.0
    running_camera.until(lambda: time.monotonic() > until_s, "away for 6 s")
    seen = len(running_camera.tracks)
    server.start()
    back_s = running_camera.until(lambda: running_camera.says("ok")() and len(running_camera.tracks) > seen, "back")
    os.kill(server.process.pid, signal.SIGSTOP)
    stalled_s = running_camera.until(running_camera.says("stalled"), "stalled")
    frozen_s = stalled_s + running_camera.until(running_camera.says("lost"), "given up")
    os.kill(server.process.pid, signal.SIGCONT)
    thawed_s = running_camera.until(running_camera.says("ok"), "ok again")
    print(
        f"\nkilled: lost after {lost_s:.2f} s, ok {back_s:.2f} s after its return; frozen: stalled after "
        f"{stalled_s:.2f} s, given up after {frozen_s:.2f} s, ok {thawed_s:.2f} s after it went on"
    )
    running_camera.end()
    server.kill()
    assert max(lost_s, back_s, frozen_s) < 60  # a busy machine; the figures of a quiet one are printed above
    assert 2.0 < stalled_s < frozen_s
    times_s = [t.pts_s for t in running_camera.tracks]
    assert times_s == sorted(set(times_s))
    assert running_camera.health[-1].restarts >= 2


@pytest.mark.e2e
@pytest.mark.slow
def test_a_wrong_password_is_told_and_kept(
    start: Callable[[Site], Running],
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """A wrong password is auth_failed; it is in no health, no log and no output (F10, F50)."""
    server = RtspServer("--user", "viewer", "--password", "right")
    running_camera = start(site_with(f"rtsp://viewer:S3CR3T-canary@127.0.0.1:{server.port}/cam", tmp_path))
    running_camera.until(running_camera.says("auth_failed"), "auth_failed")
    running_camera.until(lambda: running_camera.health[-1].restarts >= 2, "tried again")
    running_camera.end()
    server.kill()
    said = "".join(h.model_dump_json() for h in running_camera.health)
    assert "viewer:***@" in said
    assert "canary" not in said + caplog.text + "".join(capfd.readouterr())
