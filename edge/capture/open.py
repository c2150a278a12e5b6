"""Opens a camera or a recording with the decoder that suits it."""

import threading
from pathlib import Path
from typing import Literal

from edge.capture import gst_library
from edge.capture.address import Address, address_of, require_file
from edge.capture.gst_reader import GstReader
from edge.capture.live import LiveSource
from edge.capture.pattern_reader import PatternReader, pattern_of
from edge.capture.pyav_reader import PyAvReader
from edge.capture.replay import ReplaySource
from edge.capture.source import Reader, Source
from edge.settings import CameraSettings

Backend = Literal["auto", "gstreamer", "pyav"]


def open_source(camera: CameraSettings, *, live: bool, backend: Backend = "auto") -> Source:
    """Opens `camera.source`; close what comes back.

    Args:
        camera: the source, its mask and its detect_fps are used.
        live: newest picture wins, on the box's clock (a file is played at its own pace, over and over with
            `camera.loop`); else every picture in order, as fast as it is taken, with the recording's own time.
        backend: "auto" takes PyAV for recordings, so that a replay gives the same pictures on every machine, and
            GStreamer, where it is installed, for cameras; https:// is read by PyAV alone, since GStreamer's HTTP source
            can't be told which names in a certificate to take.

    Raises:
        SourceError: an address that can't be, no such file, GStreamer asked for where there is none. What a camera or a
            decoder refuses comes with the first picture that is asked for.
    """
    address = address_of(camera)
    if address.kind == "file":
        require_file(camera, Path(address.place))
    if _uses_gstreamer(address, backend):
        gst_library.gst()  # on the caller's thread, before any decoder's
    if not live:
        return ReplaySource(camera, _reader(camera, address, backend, threading.Event()))
    paced = address.kind in ("file", "test")
    return LiveSource(
        camera,
        lambda stop: _reader(camera, address, backend, stop),
        paced=paced,
        loop=camera.loop and paced,
    )


def _uses_gstreamer(address: Address, backend: Backend) -> bool:
    if address.kind == "test" or address.scheme == "https" or backend == "pyav":
        return False
    return backend == "gstreamer" or (address.kind != "file" and gst_library.available())


def _reader(camera: CameraSettings, address: Address, backend: Backend, stop: threading.Event) -> Reader:
    if address.kind == "test":
        return PatternReader(pattern_of(camera, address.place), stop)
    if _uses_gstreamer(address, backend):
        return GstReader(camera, address, stop)
    return PyAvReader(camera, address, stop)
