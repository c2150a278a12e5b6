"""Pictures of a file, decoded by a thread a little ahead of whoever uses them."""

import queue
import threading
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import av

from edge.capture.open import open_source
from edge.settings import CameraSettings
from edge.vocabulary import Frame

DECODED_AHEAD = 8  # pictures: enough to hide a slow key frame; 22 MB of them at 720p


def length_s(path: Path) -> float | None:
    """What the file says of its length, seconds; None: nothing."""
    try:
        with av.open(str(path)) as container:
            return None if container.duration is None else container.duration / av.time_base
    except (av.FFmpegError, OSError):  # whoever decodes it tells what is wrong
        return None


def pictures(camera: CameraSettings) -> Generator[Frame]:
    """Every picture of the camera's file, masked and thinned to detect_fps; each stays valid for good.

    Raises:
        SourceError: the file can't be opened or decoded.
    """
    waiting: queue.Queue[Frame | None] = queue.Queue(DECODED_AHEAD)
    stop = threading.Event()

    def put(frame: Frame | None) -> None:
        while not stop.is_set():
            try:
                waiting.put(frame, timeout=0.1)
                return
            except queue.Full:
                continue

    def decode() -> None:
        try:
            for frame in source.frames():
                put(replace(frame, image=frame.image.copy()))  # the source may reuse its memory for the next one
                if stop.is_set():
                    return
        finally:
            put(None)

    source = open_source(camera, live=False)
    with ThreadPoolExecutor(1, thread_name_prefix=f"decode-{camera.id}") as pool:
        decoding = pool.submit(decode)
        try:
            while (frame := waiting.get()) is not None:
                yield frame
            decoding.result()  # what went wrong in the thread is raised here
        finally:
            stop.set()
            decoding.exception()  # the thread has ended before its source is closed
            source.close()
