"""Whether a camera's stream arrives damaged, by what the decoder complains of: the picture itself does not show it.

FFmpeg, which decodes H.264 and H.265 in PyAV and in GStreamer alike, fills broken blocks from earlier pictures and
flags nothing, but says each time that it could not read something. Those words are counted, never passed on. Measured
with flipped bits, one in 100,000: 36 of 53 pictures that were hit were complained of, and none of the others. Decoders
in hardware say nothing.
"""

import logging
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

WINDOW_S = 10.0
SECONDS = 3  # of the window in which the decoder complained: the first pictures of a stream are often incomplete


class Complaints(logging.Handler):
    """Counts what the decoders of this process complain of (a camera has a process of its own)."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def emit(self, record: logging.LogRecord) -> None:
        """One complaint of FFmpeg, by way of PyAV's logger."""
        self.count += 1

    def of_gstreamer(self, *_: Any) -> None:
        """One complaint of FFmpeg, by way of GStreamer's debug log."""
        self.count += 1


COMPLAINTS = Complaints()


class Decoders:
    """The open PyAV decoders of this process: those that are listened to, and those with threads of their own.

    Never both at once: one whose thread complains while its owner waits for its end would wait for the interpreter,
    and its owner for it.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()  # a reader that is thrown away may end while another begins
        self._open = {"listened": 0, "threaded": 0, "plain": 0}

    @contextmanager
    def one(self, *, listened: bool) -> Iterator[bool]:
        """While one is open; yields whether it may have threads."""
        with self._lock:
            kind = "listened" if listened else "plain" if self._open["listened"] else "threaded"
            self._change(kind, 1)
        try:
            yield kind == "threaded"
        finally:
            with self._lock:
                self._change(kind, -1)

    def _change(self, kind: str, by: int) -> None:
        import av.logging  # noqa: PLC0415  not where GStreamer decodes

        self._open[kind] += by
        logger = logging.getLogger("libav")
        if COMPLAINTS not in logger.handlers:
            logger.addHandler(COMPLAINTS)
            logger.propagate = False  # its words may hold addresses
        av.logging.set_level(av.logging.ERROR if self._open["listened"] and not self._open["threaded"] else None)


pyav_decoders = Decoders()


def listen_to_gstreamer(gst: Any, *, quiet: bool) -> None:
    """The same for GStreamer's FFmpeg; once a process. `quiet`: nobody asked for GStreamer's own log on stderr."""
    if quiet:
        gst.debug_remove_log_function(None)
    gst.debug_add_log_function(COMPLAINTS.of_gstreamer)
    gst.debug_set_active(True)
    if quiet:  # else the levels are those of $GST_DEBUG, and what they let through is counted
        gst.debug_set_threshold_for_name("libav", gst.DebugLevel.ERROR)


class DamageJudge:
    """Judges the stream of one camera: damaged after complaints in 3 of the last 10 s, well after 10 s without any."""

    def __init__(self) -> None:
        self._count: int | None = None
        self._seconds: deque[int] = deque()
        self._damaged = False

    def judge(self, complaints: int, pts_s: float) -> bool:
        """Is it damaged at media time `pts_s`, by the number of complaints since the process began?"""
        second = int(pts_s)
        if self._count is not None and complaints > self._count and (not self._seconds or self._seconds[-1] != second):
            self._seconds.append(second)
        self._count = complaints
        while self._seconds and second - self._seconds[0] >= WINDOW_S:
            self._seconds.popleft()
        self._damaged = bool(self._seconds) if self._damaged else len(self._seconds) >= SECONDS
        return self._damaged
