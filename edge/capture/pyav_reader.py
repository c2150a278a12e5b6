"""Decodes files, network streams and V4L2 devices with PyAV (FFmpeg): no root, no system packages."""

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, cast

import av
from av.container import InputContainer
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.reformatter import Colorspace, VideoReformatter
from av.video.stream import VideoStream

from edge.capture.address import Address
from edge.capture.backlog import Backlog
from edge.capture.damage import pyav_decoders
from edge.capture.faults import file_fault, network_fault
from edge.capture.source import Due, Image
from edge.capture.tls import Trust, trust_in
from edge.errors import SourceError
from edge.settings import CameraSettings

OPEN_S = 8.0
READ_S = 4.5  # under LOST_S of the live source: the thread is back when the source gives up
MAX_ERRORS = 50  # in a row; then the rest of a recording counts as unreadable

_HD_LINES = 720  # untagged video of at least this height is BT.709, below BT.601, as GStreamer takes it
_UNTAGGED = 2  # AVCOL_SPC_UNSPECIFIED
_MJPEG = ("mpjpeg", "mjpeg")  # over HTTP they carry no time of their own: FFmpeg makes up 25 a second
_NO_PTS = ("avi", "h264", "hevc", "m4v")  # hold decoding times only; the pts that FFmpeg makes of them are out of order
_RTSP = ("rtsp", "rtsps")
_HEADERLESS = 0x80  # AVFMT_NOTIMESTAMPS: an elementary stream, told by a few bits that noise may have too
_log = logging.getLogger(__name__)


class PyAvReader:
    """One recording or stream through FFmpeg."""

    backend = "pyav"

    def __init__(self, camera: CameraSettings, address: Address, stop: threading.Event) -> None:
        """`stop` ends `pictures` from another thread, at the latest when a read has timed out."""
        self._camera = camera
        self._address = address
        self._stop = stop
        self._reformatter = VideoReformatter()
        self._backlog = Backlog()

    @property
    def passed_over(self) -> int:
        """See Reader."""
        return self._backlog.passed_over

    def pictures(self, due: Due) -> Iterator[tuple[float, Image]]:
        """See Reader."""
        with pyav_decoders.one(listened=self._address.kind != "file") as threads:
            yield from self._pictures(due, threads=threads)

    def _pictures(self, due: Due, *, threads: bool) -> Iterator[tuple[float, Image]]:
        with closing(self._open()) as container:
            stream = self._video(container, threads=threads)
            timeless = self._address.kind == "network" and container.format.name in _MJPEG
            for frame in self._decoded(container, stream):
                raw_s = None if timeless else _time_s(frame, container.format.name)
                media_s = due(raw_s)
                if media_s is not None:
                    yield media_s, self._rgb(frame)

    def _open(self) -> InputContainer:
        options: dict[str, str] = {}
        if self._address.scheme in _RTSP:
            options = {"rtsp_transport": "tcp", "fflags": "nobuffer", "analyzeduration": "500000"}
        elif self._address.kind == "network":
            options = {"analyzeduration": "500000", "probesize": "500000"}
        options |= _tls_options(trust_in(self._camera, self._address))
        try:
            return av.open(
                self._address.with_password(),
                format="v4l2" if self._address.kind == "device" else None,
                options=options,
                metadata_errors="replace",  # titles and the like, which nobody reads
                timeout=None if self._address.kind == "file" else (OPEN_S, READ_S),
            )
        except (av.FFmpegError, OSError) as error:
            raise self._fault(error) from None  # FFmpeg's own text may hold the password

    def _video(self, container: InputContainer, *, threads: bool) -> VideoStream:
        streams = [s for s in container.streams.video if not s.disposition & s.disposition.attached_pic]
        if container.format.name == "tty" or not streams:  # FFmpeg would draw a text file as a video
            reason = "this is text, not a video" if container.format.name == "tty" else "there is no video track in it"
            raise self._unreadable(reason)
        stream = streams[0]
        if threads:
            stream.thread_type = "AUTO"
        else:  # of a stream they would hold pictures back, and what live gives is the newest
            stream.codec_context.thread_count = 1
        return stream

    def _decoded(self, container: InputContainer, stream: VideoStream) -> Iterator[VideoFrame]:
        """Every picture that can be decoded; damaged packets are passed over and told once, at the end."""
        errors = in_a_row = 0
        guessed = self._is_guessed(container)
        packets = container.demux(stream)
        try:
            while in_a_row < MAX_ERRORS and not self._stop.is_set():
                try:
                    packet = self._next(packets)
                    decoded = [] if self._is_late(packet) else _pictures_of(packet)
                except StopIteration:
                    return
                except (av.error.InvalidDataError, IndexError):  # IndexError: of a track that came up in the middle
                    errors += 1
                    in_a_row += 1
                    packets = container.demux(stream)
                    continue
                except (av.FFmpegError, OSError) as error:
                    raise self._fault(error) from None
                in_a_row = 0
                if guessed and decoded and decoded[0].is_corrupt:
                    raise self._unreadable("this isn't a video that can be read")
                guessed = guessed and not decoded
                yield from decoded
            if not self._stop.is_set():
                raise self._unreadable(f"{errors} damaged packets, {in_a_row} of them in a row")
        finally:
            if errors:
                _log.warning("%s: %d damaged packets were passed over", self._camera.source_shown, errors)

    def _is_guessed(self, container: InputContainer) -> bool:
        """A file that FFmpeg takes for a headerless stream though its ending says nothing of it.

        Nine of 2,001 files of noise are raw H.263 to FFmpeg, and three of them "show" a grey picture: such a file
        must begin with a whole picture.
        """
        headerless = self._address.kind == "file" and bool(container.format.flags & _HEADERLESS)
        return headerless and Path(self._address.place).suffix[1:].lower() not in container.format.extensions

    def _next(self, packets: "Iterator[Packet[VideoStream]]") -> "Packet[VideoStream]":
        """The next packet; one that FFmpeg had left over when the camera fell silent is no sign of life."""
        asked_s = time.monotonic()
        packet = next(packets)
        if self._address.kind != "file" and time.monotonic() - asked_s >= READ_S:
            raise network_fault(self._camera, "stalled", "no answer in time")
        return packet

    def _is_late(self, packet: "Packet[VideoStream]") -> bool:
        if self._address.scheme not in _RTSP or packet.dts is None or packet.time_base is None:
            return False
        raw_s = float(packet.dts * packet.time_base)
        return self._backlog.passes_over(raw_s, time.monotonic(), key=packet.is_keyframe)

    def _rgb(self, frame: VideoFrame) -> Image:
        untagged = int(frame.colorspace) == _UNTAGGED
        matrix = Colorspace.ITU709 if frame.height >= _HD_LINES else Colorspace.ITU601
        # BILINEAR: chroma is all that is scaled here; a third of the cost of the default
        kind: dict[str, Any] = {"format": "rgb24", "interpolation": "BILINEAR", "threads": 1}
        converted = self._reformatter.reformat(frame, src_colorspace=matrix if untagged else None, **kind)
        return cast(Image, converted.to_ndarray())

    def _unreadable(self, reason: str) -> SourceError:
        fault = file_fault if self._address.kind == "file" else network_fault
        return fault(self._camera, "unreadable", reason)

    def _fault(self, error: Exception) -> SourceError:
        if self._address.kind == "file":
            damaged = isinstance(error, av.error.InvalidDataError)
            reason = "this isn't a video that can be read" if damaged else f"can't be read ({_strerror(error)})"
            return file_fault(self._camera, "unreadable", reason)
        kinds: tuple[tuple[type[Exception] | tuple[type[Exception], ...], str, str], ...] = (
            ((av.error.HTTPUnauthorizedError, av.error.HTTPForbiddenError), "auth_failed", "401 Unauthorized"),
            (av.error.HTTPNotFoundError, "not_found", "404 Not Found"),
            (FileNotFoundError, "not_found", "no such device"),
            (ConnectionRefusedError, "refused", "connection refused"),
            ((av.error.ExitError, TimeoutError), "stalled", "no answer in time"),
            ((av.error.InvalidDataError, av.error.DecoderNotFoundError), "unreadable", _strerror(error)),
        )
        for types, kind, reason in kinds:
            if isinstance(error, types):
                return network_fault(self._camera, kind, reason)
        return network_fault(self._camera, "refused", _strerror(error))


def _tls_options(trust: Trust | None) -> dict[str, str]:
    """For FFmpeg, which believes everybody unless it is told not to."""
    if trust is None or not trust.checked:
        return {} if trust is None else {"tls_verify": "0"}
    wanted = {"tls_verify": "1", "ca_file": trust.ca_file, "verifyhost": trust.name}
    return {key: value for key, value in wanted.items() if value is not None}


def _pictures_of(packet: "Packet[VideoStream]") -> list[VideoFrame]:
    """Decodes; whatever a decoder says of a packet is damage, some say it as if the file were at fault.

    Raises:
        av.error.InvalidDataError: it is damaged.
    """
    try:
        return packet.decode()
    except (av.FFmpegError, OSError) as error:
        raise av.error.InvalidDataError(error.errno or 0, str(error.strerror)) from None


def _time_s(frame: VideoFrame, container: str) -> float | None:
    """When the picture is shown, in the container's time."""
    if container not in _NO_PTS:
        return frame.time
    return None if frame.dts is None or frame.time_base is None else float(frame.dts * frame.time_base)


def _strerror(error: Exception) -> str:
    """The library's words without the address that it was given."""
    return str(getattr(error, "strerror", None) or type(error).__name__)
