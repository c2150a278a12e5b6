"""What the jitter buffer of an RTSP connection knows: packets that never came, and those too late for a box this slow.

GStreamer's decoder complains of neither: a picture whose packets are missing is filled from earlier ones in silence.
"""

from typing import Any


class JitterWatch:
    """The jitter buffers behind one `rtspsrc`."""

    def __init__(self) -> None:
        self._buffers: list[Any] = []

    def attach(self, source: Any) -> None:
        """Before the source connects; signals come in its threads."""
        source.connect("new-manager", lambda _, manager: manager.connect("new-jitterbuffer", self._found))

    def _found(self, _: Any, buffer: Any, *__: Any) -> None:
        buffer.set_property("post-drop-messages", True)
        self._buffers.append(buffer)

    def hear(self, structure: Any) -> int:
        """An element's message on the bus: packets thrown away since the one before, for a decoder slower than they."""
        if structure is None or structure.get_name() != "drop-msg":
            return 0
        return int(structure.get_value("num-drop-on-latency") or 0)

    def pushed(self) -> int:
        """Packets that went on to the decoder."""
        return self._sum("num-pushed")

    def lost(self) -> int:
        """Packets that never came, or came too late to be of use."""
        return self._sum("num-lost") + self._sum("num-late")

    def _sum(self, name: str) -> int:
        return sum(int(buffer.get_property("stats").get_value(name)) for buffer in self._buffers)
