"""Decodes files, network streams and V4L2 devices with GStreamer: jitter buffer, hardware decoders where there are any.

source ! decoder ! (probe) ! videoconvert ! RGB ! appsink. The probe asks for each decoded picture whether somebody
wants it, and drops the others before they are converted. Addresses are set as properties, never pasted into a text.
"""

import threading
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from edge.capture.address import Address
from edge.capture.damage import COMPLAINTS
from edge.capture.faults import file_fault, network_fault
from edge.capture.gst_jitter import JitterWatch
from edge.capture.gst_library import REMEDY, gst, tls_properties
from edge.capture.source import Due, Image
from edge.capture.tls import Trust, trust_in
from edge.errors import SourceError
from edge.settings import CameraSettings

LATENCY_MS = 200
CONNECT_US = 5_000_000
POLL_NS = 100_000_000
MOST_ASKED = 50  # before the first picture, where eight are usual: a circle of redirections is followed for ever
OPEN_POLLS = 80  # in vain, then a recording is given up: decodebin at times loses the error of a broken one


class GstReader:
    """One recording or stream through GStreamer."""

    backend = "gstreamer"

    def __init__(self, camera: CameraSettings, address: Address, stop: threading.Event) -> None:
        """Raises SourceError where GStreamer isn't installed. `stop` ends `pictures` from another thread."""
        self._gst = gst()
        if address.kind == "file" and _begins_with(address.place, b"GIF8"):  # seen with 1.22's avdec_gif
            raise file_fault(camera, "unreadable", "GStreamer loses the times of a GIF's pictures; PyAV keeps them")
        self._camera = camera
        self._address = address
        self._stop = stop
        self._decoded = 0
        self._jitter = JitterWatch()
        self._lost_packets = 0
        self._trust: Trust | None = None
        self._asked = 0
        self.passed_over = 0

    def pictures(self, due: Due) -> Iterator[tuple[float, Image]]:
        """See Reader."""
        self._trust = trust_in(self._camera, self._address)
        pipeline, sink, wanted = self._pipeline(due)
        bus = pipeline.get_bus()
        polls = 0
        fault: SourceError | None = None
        try:
            pipeline.set_state(self._gst.State.PLAYING)
            while not self._stop.is_set():
                sample = sink.try_pull_sample(POLL_NS)
                fault = self._listen(bus) or fault
                if sample is not None:
                    yield wanted.popleft(), _image(sample, self._gst.MapFlags.READ)
                elif fault is not None:
                    raise fault
                elif sink.is_eos():
                    return
                elif not self._decoded and self._address.kind == "file" and (polls := polls + 1) > OPEN_POLLS:
                    raise file_fault(self._camera, "unreadable", "this isn't a video that can be read")
        finally:
            pipeline.set_state(self._gst.State.NULL)
            bus.set_flushing(True)

    def _pipeline(self, due: Due) -> tuple[Any, Any, deque[float]]:
        """The pipeline, its end, and the media times of the pictures that are under way to it, in their order."""
        pipeline = self._gst.Pipeline.new(None)
        wanted: deque[float] = deque()
        convert = self._element("videoconvert", qos=False)
        sink = self._element("appsink", sync=False, max_buffers=2, qos=False)
        sink.set_property("caps", self._gst.Caps.from_string("video/x-raw,format=RGB"))
        pipeline.add(convert)
        pipeline.add(sink)
        convert.link(sink)
        entry = convert.get_static_pad("sink")
        entry.add_probe(self._gst.PadProbeType.BUFFER, self._probe, due, wanted)
        decoder = self._device(pipeline) if self._address.kind == "device" else self._decoder(pipeline)
        decoder.connect("pad-added", _link, entry)
        decoder.connect("no-more-pads", self._all_pads, entry)
        return pipeline, sink, wanted

    def _element(self, name: str, **properties: Any) -> Any:
        element = self._gst.ElementFactory.make(name)
        if element is None:
            raise SourceError(f"GStreamer lacks its element {name}; {REMEDY}.")
        for key, value in properties.items():
            element.set_property(key.replace("_", "-"), value)
        return element

    def _device(self, pipeline: Any) -> Any:
        camera = self._element("v4l2src", device=self._address.place)
        decoder = self._element("decodebin")
        pipeline.add(camera)
        pipeline.add(decoder)
        camera.link(decoder)
        return decoder

    def _decoder(self, pipeline: Any) -> Any:
        file = self._address.kind == "file"
        uri = Path(self._address.place).as_uri() if file else self._address.place
        decoder = self._element("uridecodebin", uri=uri, expose_all_streams=False)
        decoder.set_property("caps", self._gst.Caps.from_string("video/x-raw(ANY)"))
        decoder.connect("source-setup", self._set_up)
        decoder.connect("deep-element-added", _one_stream)
        pipeline.add(decoder)
        return decoder

    def _set_up(self, _: Any, source: Any) -> None:
        """Properties of the source that uridecodebin has chosen; user and password never stand in the URL."""
        wanted: dict[str, Any] = {"user-id": self._address.user, "user-pw": self._address.password}
        if self._address.scheme in ("rtsp", "rtsps"):
            wanted |= {"latency": LATENCY_MS, "tcp-timeout": CONNECT_US, "drop-on-latency": True}
            wanted |= tls_properties(self._trust)
            self._gst.util_set_object_arg(source, "protocols", "tcp")
            source.connect("select-stream", _is_video)
            source.connect("before-send", self._asks)
            self._jitter.attach(source)
        elif self._address.kind == "network":
            wanted |= {"timeout": CONNECT_US // 1_000_000, "is-live": True, "retries": 0}
        for key, value in wanted.items():
            if value is not None and source.find_property(key) is not None:
                source.set_property(key, value)

    def _asks(self, _: Any, __: Any) -> bool:
        """In GStreamer's thread: one more question to the camera."""
        self._asked += 1
        return True

    def _all_pads(self, _: Any, entry: Any) -> None:
        """Every track is known: without a linked one there is no video, and nothing would ever arrive."""
        if not entry.is_linked():
            entry.send_event(self._gst.Event.new_eos())

    def _probe(self, _: Any, info: Any, due: Due, wanted: deque[float]) -> Any:
        """In the decoder's thread: keeps a picture that is wanted, drops the others."""
        self._decoded += 1
        pts = info.get_buffer().pts
        media_s = due(None if pts == self._gst.CLOCK_TIME_NONE else pts / self._gst.SECOND)
        if media_s is None:
            return self._gst.PadProbeReturn.DROP
        wanted.append(media_s)
        return self._gst.PadProbeReturn.OK

    def _listen(self, bus: Any) -> SourceError | None:
        """What the pipeline has reported since the last time; lost and late packets are counted."""
        if self._asked > MOST_ASKED and not self._decoded:
            return network_fault(self._camera, "refused", "it only names other addresses")
        lost = self._jitter.lost()
        if lost > self._lost_packets:  # the pictures that they belong to are damaged
            COMPLAINTS.of_gstreamer()
        self._lost_packets = lost
        kinds = self._gst.MessageType.ERROR | self._gst.MessageType.ELEMENT
        while (message := bus.pop_filtered(kinds)) is not None:
            if message.type == self._gst.MessageType.ERROR:
                error, debug = message.parse_error()
                return self._fault(error, f"{error.message} {debug or ''}")
            packets = self._jitter.hear(message.get_structure())
            self.passed_over += round(packets * self._decoded / max(1, self._jitter.pushed()))
        return None

    def _fault(self, error: Any, text: str) -> SourceError:
        """What an error means; the library's own text may hold addresses, so it is never passed on."""
        if self._address.kind == "file":
            reason = "this isn't a video that can be read"
            if "Missing decoder" in text and ("(video/" in text or "(image/" in text):
                reason = f"GStreamer can't decode it; {REMEDY}"
            elif "no suitable plugins" in text or "no valid or supported streams" in text:
                reason = "there is no video track in it"
            return file_fault(self._camera, "unreadable", reason)
        for marks, kind, reason in _NETWORK_MARKS:
            if any(mark in text for mark in marks):
                return network_fault(self._camera, kind, reason)
        codes = self._gst.ResourceError
        for code, kind in (
            (codes.NOT_AUTHORIZED, "auth_failed"),
            (codes.NOT_FOUND, "not_found"),
            (codes.READ, "ended"),
            (codes.OPEN_READ, "refused"),
            (codes.OPEN_READ_WRITE, "refused"),
        ):
            if error.matches(codes.quark(), code):
                return network_fault(self._camera, kind)
        return network_fault(self._camera, "unreadable")


_NETWORK_MARKS = (
    (("Unauthorized", "(401)", "Forbidden", "(403)"), "auth_failed", "401 Unauthorized"),
    (("Not Found", "(404)"), "not_found", "404 Not Found"),
    (("No such file", "Cannot identify device"), "not_found", "no such device"),
    (("refused",), "refused", "connection refused"),
    (("timed out", "timeout", "Timeout"), "refused", "no answer in time"),
    (("resolve", "Name or service"), "refused", "no such host"),
    (("reason error (-5)",), "refused", ""),  # all that souphttpsrc says of a connection it can't make
)


def _begins_with(file: str, head: bytes) -> bool:
    with Path(file).open("rb") as opened:
        return opened.read(len(head)) == head


def _link(_: Any, pad: Any, entry: Any) -> None:
    if not entry.is_linked():
        pad.link(entry)


def _one_stream(_: Any, __: Any, element: Any) -> None:
    """For MJPEG over HTTP: without it GStreamer waits for further streams until its buffers are full."""
    if element.get_factory().get_name() == "multipartdemux":
        element.set_property("single-stream", True)


def _is_video(_: Any, __: int, caps: Any) -> bool:
    """For rtspsrc: sound isn't even fetched."""
    return bool(caps.get_structure(0).get_string("media") == "video")


def _image(sample: Any, flags: Any) -> Image:
    """(H, W, 3) uint8 copied out of a sample; GStreamer's lines may be padded."""
    shape = sample.get_caps().get_structure(0)
    width, height = shape.get_value("width"), shape.get_value("height")
    buffer = sample.get_buffer()
    with buffer.map(flags) as mapped:
        lines = np.frombuffer(mapped.data, np.uint8).reshape(height, -1)
        return lines[:, : 3 * width].reshape(height, width, 3).copy()
