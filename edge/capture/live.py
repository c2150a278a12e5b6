"""A live source: a thread decodes, a slot of one hands over the newest picture, a watchdog looks at the last one's age.

Recordings are played through it too, at their own pace: once, or over and over (`camera.loop`).
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator

from edge.capture.faults import file_fault, network_fault
from edge.capture.mask import black_out
from edge.capture.media_time import LiveClock, ReplayClock
from edge.capture.source import Reader
from edge.capture.thinning import Thinner
from edge.errors import SourceError
from edge.settings import CameraSettings
from edge.vocabulary import Frame

STALLED_S = 3.0  # no picture for this long: told in health
LOST_S = 5.0  # and for this long: given up and opened anew
OPENING_S = 10.0  # may pass before the first picture
LATE_S = 1.0  # a recording that is played this far behind its pace goes on from here
CLOSING_S = 8.0  # the decoder's own time-outs are shorter

_log = logging.getLogger(__name__)
MakeReader = Callable[[threading.Event], Reader]  # the event asks the reader to end


class LiveSource:
    """Newest picture wins; media time is the box's monotonic clock."""

    def __init__(self, camera: CameraSettings, make_reader: MakeReader, *, paced: bool, loop: bool = False) -> None:
        """Starts at once.

        Args:
            camera: whose pictures these are.
            make_reader: makes a reader; called again for each round of a loop.
            paced: the reader has no pace of its own (a recording, a pattern).
            loop: starts again at its end.
        """
        self._camera = camera
        self._make_reader = make_reader
        self._paced = paced
        self._loop = loop
        self._stop = threading.Event()
        self._changed = threading.Condition()
        self._slot: tuple[Frame, float] | None = None
        self._fault: SourceError | None = None
        self._thinner = Thinner(camera.detect_fps)
        self._live_clock = LiveClock()
        self._pace = _Pace(self._stop)
        self._reader = make_reader(self._stop)
        self._passed_over = 0
        self.backend = self._reader.backend
        self.size_px: tuple[int, int] | None = None
        self.received = 0
        self.dropped = 0
        self.arrived_s: float | None = None
        self.taken_arrived_s: float | None = None
        self._opened_s = time.monotonic()
        self._thread = threading.Thread(target=self._decode, name=f"decode-{camera.id}", daemon=True)
        self._thread.start()

    def frames(self) -> Iterator[Frame]:
        """See Source; ends when the source is closed."""
        while not self._stop.is_set():
            frame = self.read(1.0)
            if frame is not None:
                yield frame

    def read(self, timeout_s: float) -> Frame | None:
        """See Source."""
        deadline_s = time.monotonic() + timeout_s
        with self._changed:
            while True:
                if self._slot is not None:
                    (frame, self.taken_arrived_s), self._slot = self._slot, None
                    return frame
                if self._fault is not None:
                    raise self._fault
                now_s = time.monotonic()
                silent_at_s = self._silent_at_s()
                if now_s >= silent_at_s:
                    self._stop.set()
                    raise self._silent()
                if now_s >= deadline_s or self._stop.is_set():
                    return None
                self._changed.wait(min(deadline_s, silent_at_s) - now_s)

    def _silent_at_s(self) -> float:
        if self._paced:  # a recording's own pauses are no fault
            return float("inf")
        return self._opened_s + OPENING_S if self.arrived_s is None else self.arrived_s + LOST_S

    def _silent(self) -> SourceError:
        if self.arrived_s is None:
            return network_fault(self._camera, "refused", f"no picture in {OPENING_S:.0f} s")
        return network_fault(self._camera, "stalled", f"none for {LOST_S:.0f} s")

    def close(self) -> None:
        """See Source."""
        self._stop.set()
        with self._changed:
            self._changed.notify_all()
        self._thread.join(CLOSING_S)
        if self._thread.is_alive():
            _log.warning("camera %s: its decoder does not end; its thread is left behind", self._camera.id)

    def _decode(self) -> None:
        fault = self._ended()
        try:
            self._play(self._reader)
            while self._loop and not self._stop.is_set():
                before = self.received
                self._pace.again()
                self._play(self._make_reader(self._stop))
                if self.received == before:
                    raise file_fault(self._camera, "unreadable", "there is no picture in it that can be decoded")
        except SourceError as error:
            fault = error.with_traceback(None)  # its frames would keep the decoder alive as long as this source
        finally:
            with self._changed:
                self._fault = fault
                self._changed.notify_all()

    def _ended(self) -> SourceError:
        return file_fault(self._camera, "ended") if self._paced else network_fault(self._camera, "ended")

    def _play(self, reader: Reader) -> None:
        for media_s, image in reader.pictures(self._due):
            if self._stop.is_set():
                return
            black_out(image, self._camera.mask)
            frame = Frame(self._camera.id, media_s, time.time(), image)
            with self._changed:
                self.dropped += self._slot is not None
                self._slot = (frame, self.arrived_s or 0.0)
                self.size_px = (image.shape[1], image.shape[0])
                self._changed.notify_all()

    def _due(self, raw_s: float | None) -> float | None:
        media_s = self._pace.wait(raw_s) if self._paced else None
        now_s = time.monotonic()
        if media_s is None:
            media_s = self._live_clock.media_s(raw_s, now_s)
        self.arrived_s = now_s
        over = self._reader.passed_over - self._passed_over
        self._passed_over += over
        self.dropped += over
        self.received += 1 + over
        return media_s if self._thinner.wants(media_s) and not self._stop.is_set() else None


class _Pace:
    """Holds a recording to its own pace on the monotonic clock, round after round."""

    def __init__(self, stop: threading.Event) -> None:
        self._stop = stop
        self._clock = ReplayClock()
        self._start_s: float | None = None
        self._last_s = 0.0
        self._step_s = 0.04

    def again(self) -> None:
        """The next picture is the first of a new round: one step after the last one."""
        self._clock = ReplayClock()
        self._start_s = self._last_s + self._step_s

    def wait(self, raw_s: float | None) -> float:
        """Waits until the picture is due; its media time."""
        now_s = time.monotonic()
        if self._start_s is None:
            self._start_s = now_s
        at_s = self._start_s + self._clock.media_s(raw_s)
        if now_s - at_s > LATE_S:
            self._start_s += now_s - at_s
            at_s = now_s
        if 0.0 < at_s - self._last_s < LATE_S:
            self._step_s = at_s - self._last_s
        self._last_s = at_s
        self._stop.wait(max(0.0, at_s - now_s))
        return at_s
