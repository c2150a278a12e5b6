"""Looks at one camera in the background while its lanes are drawn: the newest picture, people, and who is a member.

The worker's own parts: capture, detector, tracker and counter; so what is seen while drawing is what will be counted.
"""

import atexit
import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from calibration.recording import file_camera
from calibration.sightings import Sightings, Table
from detector.runtime.protocol import Detector
from edge.capture.mask import black_out
from edge.capture.open import open_source
from edge.counter import Counter
from edge.errors import SourceError
from edge.settings import CameraSettings, Site
from edge.tracking import Tracker
from edge.vocabulary import Frame, Tracks

HISTORY = 600  # pictures that a newly drawn lane is tried on at once
AGAIN_S = 2.0
END_S = 5.0
WIDTH_PX = 1280  # of the picture that is shown

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Person:
    """One tracked person: box (x1 y1 x2 y2) and foot, fractions of the picture; `queue`: whose member, "" nobody's."""

    track: int
    box: tuple[float, ...]
    foot: tuple[float, ...]
    queue: str


class Watcher:
    """One camera's thread.

    Attributes:
        trouble: why there is no picture, or no people, for the installer; "" if all is well.
    """

    def __init__(self, site: Site, camera: CameraSettings, open_detector: Callable[[], Detector] | None) -> None:
        """Begins at once; `open_detector` None: the picture alone."""
        self._camera, self._open_detector = camera, open_detector
        self._site, self._counter = site, Counter(site)
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._image: NDArray[np.uint8] | None = None
        self._tracks: Tracks | None = None
        self._history: deque[Tracks] = deque(maxlen=HISTORY)
        self._seen = Sightings()
        self.trouble = "The camera is being opened."
        self._thread = threading.Thread(target=self._run, name=f"watch-{camera.id}", daemon=True)
        self._thread.start()

    def close(self, wait_s: float = 0.0) -> None:
        """Ends the thread at its next picture; waits for it so long."""
        self._stop.set()
        self._thread.join(wait_s)

    def draw(self, site: Site) -> None:
        """Another draft of the site: its lanes are tried on the last minutes at once."""
        with self._lock:
            if site.config_sha256 == self._site.config_sha256:
                return
            self._site, self._counter = site, Counter(site)
            for tracks in self._history:
                self._count(tracks)

    @property
    def image(self) -> NDArray[np.uint8] | None:
        """The newest picture, (H, W, 3) uint8 RGB."""
        return self._image

    def jpeg(self) -> bytes | None:
        """The newest picture; None before the first."""
        image = self._image
        if image is None:
            return None
        if image.shape[1] > WIDTH_PX:
            size = (WIDTH_PX, round(image.shape[0] * WIDTH_PX / image.shape[1]))
            image = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
        return bytes(cv2.imencode(".jpg", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, 80])[1])

    def people(self) -> list[Person]:
        """Everybody in the newest picture."""
        with self._lock:
            tracks = self._tracks
            if tracks is None:
                return []
            queue_of = {t: v.queue_id for v in self._counter.open_visits() for t in v.track_ids}
            size = np.array([*tracks.size_px, *tracks.size_px], np.float64)
            return [
                Person(
                    int(track),
                    tuple((tracks.boxes[i] / size).tolist()),
                    tuple(tracks.ground[i].tolist()),
                    queue_of.get(f"{tracks.camera_id}/{tracks.run}/{track}", ""),
                )
                for i, track in enumerate(tracks.track_ids.tolist())
            ]

    def seen(self) -> Table:
        """Where people were seen since the page was opened."""
        with self._lock:
            return self._seen.table()

    def _run(self) -> None:
        detector = self._loaded()
        tracker = Tracker(self._camera, run=f"{time.monotonic():.0f}")
        while not self._stop.is_set():
            try:
                with closing(open_source(self._camera, live=True)) as source:
                    for frame in source.frames():
                        self._take(frame, detector, tracker)
                        if self._stop.is_set():
                            break
            except SourceError as error:
                self.trouble = str(error)
                self._stop.wait(AGAIN_S)
        if detector is not None:
            detector.close()

    def _loaded(self) -> Detector | None:
        if self._open_detector is None:
            return None
        from detector.runtime.errors import DetectorError  # noqa: PLC0415 - where nobody is looked for, none is loaded

        try:
            return self._open_detector()
        except DetectorError as error:
            self._open_detector = None
            _log.warning("no people are shown: %s", error)
            return None

    def _take(self, frame: Frame, detector: Detector | None, tracker: Tracker) -> None:
        image = frame.image.copy()
        black_out(image, self._site.camera(frame.camera_id).mask)
        if detector is None:
            self._image, self.trouble = image, ""
            return
        tracks = tracker.update(detector.detect(image, frame.pts_s))
        with self._lock:
            self._image, self._tracks, self.trouble = image, tracks, ""
            self._history.append(tracks)
            self._seen.add(tracks)
            self._count(tracks)

    def _count(self, tracks: Tracks) -> None:
        self._counter.on_tracks(tracks)
        self._counter.tick(tracks.pts_s, 0.0)


_watchers: dict[tuple[str, str], Watcher] = {}
_guard = threading.Lock()


def watcher_of(site: Site, camera_id: str, recording: str, *, detect: bool) -> Watcher:
    """The one watcher of a camera in this process; the first call begins it.

    Raises:
        KeyError: the site has no such camera.
    """
    with _guard:
        camera = site.camera(camera_id)
        if recording:
            camera = file_camera(camera, Path(recording))
        # Masks are the draft's, put on each picture here: a mask just drawn needs no camera opened anew.
        camera = replace(camera, mask=(), loop=camera.loop or "://" not in camera.source)
        key = (camera_id, camera.source)
        if key not in _watchers:
            for old in [k for k in _watchers if k[0] == camera_id]:
                _watchers.pop(old).close()
            _watchers[key] = Watcher(site, camera, _opener(site) if detect else None)
        return _watchers[key]


@atexit.register
def _close_all() -> None:
    """A detector at work while the interpreter ends would abort the process."""
    for watcher in _watchers.values():
        watcher.close(END_S)


def _opener(site: Site) -> Callable[[], Detector]:
    def opened() -> Detector:
        from detector.runtime.open import open_detector  # noqa: PLC0415 - loads a runtime

        return open_detector(site.detector_runtime, model=site.detector_model, threads=site.detector_threads)

    return opened
