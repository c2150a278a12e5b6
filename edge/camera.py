"""The process of one camera: pictures in, Tracks and health out to the box's counter, for months.

Read `_Worker.run`, then `CameraPipeline.step`. Cameras go away and come back: every fault of a source is told in health
and the camera is opened anew; nothing here grows meanwhile.
"""

import logging
import secrets
import threading
import time
from contextlib import closing
from pathlib import Path

from detector.runtime.errors import DetectorError
from detector.runtime.open import open_detector
from detector.runtime.protocol import Detector
from edge.camera_health import ENDED, STARTING, STOPPED, Condition, Meter, running, trouble
from edge.camera_retry import Retry
from edge.capture.damage import COMPLAINTS, DamageJudge
from edge.capture.drift_memory import DriftWatch
from edge.capture.open import open_source
from edge.capture.sanity import PictureJudge
from edge.capture.source import Source
from edge.errors import LinewiseError, SourceError
from edge.link import LinkClient
from edge.paths import counter_socket
from edge.settings import CameraSettings, Site
from edge.tracking import Tracker
from edge.vocabulary import Frame, PictureState, Tracks
from edge.watchdog import Heartbeat, notify

HEALTH_S = 2.0
LOG_S = 600.0
TURN_S = 0.25  # the longest wait of the main loop
LOADING_US = 900_000_000  # systemd's patience while an engine is built

_log = logging.getLogger(__name__)


class CameraPipeline:
    """What happens to each picture, live and in replay alike: judged, looked at by the detector, people followed.

    Attributes:
        picture: what is wrong with the last picture.
    """

    def __init__(
        self, camera: CameraSettings, detector: Detector, *, run: str, drift: DriftWatch | None = None
    ) -> None:
        """`run` names the tracker's life: track ids are unique within it; `drift` None: moves are not looked for."""
        self._detector = detector
        self._judge = PictureJudge()
        self._drift = drift
        self._damage = DamageJudge()
        self._tracker = Tracker(camera, run=run)
        self.picture: PictureState = "ok"

    def step(self, frame: Frame) -> Tracks:
        """One picture, in the order of pts_s."""
        self.picture = self._judge.judge(frame.image, frame.pts_s)
        if self._damage.judge(COMPLAINTS.count, frame.pts_s) and self.picture == "ok":
            self.picture = "damaged"
        if self.picture == "ok" and self._drift is not None and self._drift.judge(frame.image, frame.pts_s):
            self.picture = "moved"
        detections = self._detector.detect(frame.image, frame.pts_s)
        return self._tracker.update(detections, captured_utc_s=frame.captured_utc_s, picture=self.picture)


def run_camera(
    site: Site, camera_id: str, *, state: Path, stop: threading.Event, detector: Detector | None = None
) -> None:
    """Runs one camera of the site until `stop` is set.

    Args:
        site: the whole site; its [detector] says what to load.
        camera_id: which camera.
        state: the site's state folder, where the counter's socket is.
        stop: ends it.
        detector: used instead of the site's (and left open).

    Raises:
        LinewiseError: the detector can't be loaded; what is wrong with a camera is told in health instead.
    """
    camera = site.camera(camera_id)
    with closing(LinkClient(counter_socket(state))) as link:
        meter = Meter(site.id, camera.id, detect_fps=camera.detect_fps)
        worker = _Worker(camera, link, meter, DriftWatch(site, camera, state))
        worker.tell()
        if detector is not None:
            worker.run(detector, stop)
            return
        notify(f"EXTEND_TIMEOUT_USEC={LOADING_US}", "STATUS=loading the detector")
        try:
            loaded = open_detector(site.detector_runtime, model=site.detector_model, threads=site.detector_threads)
        except DetectorError as error:
            worker.condition = Condition("failed", str(error))
            worker.tell()
            raise LinewiseError(f"camera {camera.id}: no detector: {error}") from error
        with closing(loaded):
            worker.run(loaded, stop)


class _Worker:
    """One camera's main loop and what it tells.

    Attributes:
        condition: how the camera is.
    """

    def __init__(self, camera: CameraSettings, link: LinkClient, meter: Meter, drift: DriftWatch) -> None:
        self._camera = camera
        self._drift = drift
        self._link = link
        self._meter = meter
        self._heartbeat = Heartbeat()
        self._picture: PictureState = "ok"
        self._told: tuple[Condition, PictureState] | None = None
        self._tell_at_s = -float("inf")
        self._logged = ("", 0.0)
        self.condition = STARTING

    def run(self, detector: Detector, stop: threading.Event) -> None:
        """Opens the camera again and again until `stop` is set."""
        self._meter.detector = detector
        pipeline = CameraPipeline(self._camera, detector, run=secrets.token_hex(4), drift=self._drift)
        retry = Retry()
        _log.info("camera %s: %s, detector %s", self._camera.id, self._camera.source_shown, detector.name)
        notify("READY=1", f"STATUS=camera {self._camera.id}")
        while not stop.is_set():
            opened_s = time.monotonic()
            fault = self._connection(pipeline, stop)
            if fault is None:
                break
            good_s = time.monotonic() - opened_s if self.condition.state in ("ok", "stalled") else 0.0
            if fault.kind == "ended" and self._is_recording():
                self._wait(float("inf"), ENDED, stop)
                break
            wait_s = retry.wait_s(fault.kind, good_s)
            self._log_fault(fault, wait_s)
            self._wait(wait_s, trouble(fault), stop)
        self.condition = STOPPED
        self.tell()
        notify("STOPPING=1")

    def _log_fault(self, fault: SourceError, wait_s: float) -> None:
        """One line a kind of fault, then one in LOG_S: a camera may be away for months."""
        now_s = time.monotonic()
        if str(fault) != self._logged[0] or now_s - self._logged[1] >= LOG_S:
            self._logged = (str(fault), now_s)
            _log.warning("%s Opening it again in %.1f s, and so on.", fault, wait_s)

    def _is_recording(self) -> bool:
        return "://" not in self._camera.source or self._camera.source.startswith("test://")

    def _connection(self, pipeline: CameraPipeline, stop: threading.Event) -> SourceError | None:
        """Works on the camera until it fails; None: `stop` was set."""
        try:
            source = open_source(self._camera, live=True)
        except SourceError as error:
            self._meter.opened(None)
            return error
        self._meter.opened(source)
        try:
            while not stop.is_set():
                self._turn(source, pipeline)
        except SourceError as error:
            return error
        finally:
            self._meter.closed()
            source.close()
        return None

    def _turn(self, source: Source, pipeline: CameraPipeline) -> None:
        frame = source.read(TURN_S)
        if frame is not None:
            self._link.send(pipeline.step(frame))
            self._meter.sent(time.monotonic(), source.taken_arrived_s)
            self._picture = pipeline.picture
        if source.arrived_s is not None:
            self.condition = running(time.monotonic() - source.arrived_s, self._picture)
        self.tell()

    def _wait(self, wait_s: float, condition: Condition, stop: threading.Event) -> None:
        """Tells how things are, until `wait_s` has passed or `stop` is set."""
        self.condition = condition
        until_s = time.monotonic() + wait_s
        while not stop.is_set() and (left_s := until_s - time.monotonic()) > 0.0:
            self.tell()
            stop.wait(min(TURN_S, left_s))

    def tell(self) -> None:
        """Once a turn: the heartbeat, and health if it is due or something has changed."""
        self._heartbeat.beat()
        now_s = time.monotonic()
        told = (self.condition, self._picture)
        if told == self._told and now_s < self._tell_at_s:
            self._link.flush()
            return
        if self._told is not None and told[0] != self._told[0]:
            if self.condition.state == "ok" and self._told[0].state != "stalled":
                self._logged = ("", 0.0)
                _log.info("camera %s: pictures arrive", self._camera.id)
            notify(f"STATUS=camera {self._camera.id}: {self.condition.state}. {self.condition.detail}")
        self._told = told
        self._tell_at_s = now_s + HEALTH_S
        self._link.send(self._meter.message(*told, now_s=now_s, now_utc_s=time.time()))
