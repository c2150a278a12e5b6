"""Log records into systemd's journal with fields to search by: `journalctl LINEWISE_CAMERA=tills`.

The journal's own protocol (systemd.io/JOURNAL_NATIVE_PROTOCOL) is one datagram of KEY=VALUE lines a record.
"""

import logging
import socket
import struct
from pathlib import Path

SOCKET = Path("/run/systemd/journal/socket")
MOST_BYTES = 32_768  # of a message; a datagram that is too large would be lost whole
_PRIORITY = ((logging.CRITICAL, 2), (logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6), (0, 7))


class JournalHandler(logging.Handler):
    """Hands records to the journal; where it does not take one, the record goes to stderr instead."""

    def __init__(self, part: str, site: str = "", path: Path = SOCKET) -> None:
        """`part`: "counter", "camera@tills", ..."""
        super().__init__()
        self._path = str(path)
        self._fixed = {"SYSLOG_IDENTIFIER": "linewise", "LINEWISE_PART": part}
        if site:
            self._fixed["LINEWISE_SITE"] = site
        name, _, camera = part.partition("@")
        if name == "camera" and camera:
            self._fixed["LINEWISE_CAMERA"] = camera
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
        self._socket.setblocking(False)  # a journal that hangs must not stop the counting
        self._instead = logging.StreamHandler()

    def emit(self, record: logging.LogRecord) -> None:
        """One record; `extra={"camera": ID}` becomes LINEWISE_CAMERA, `queue` LINEWISE_QUEUE."""
        fields = {
            "MESSAGE": self.format(record)[:MOST_BYTES],
            "PRIORITY": str(next(number for level, number in _PRIORITY if record.levelno >= level)),
            "LOGGER": record.name,
            "CODE_FUNC": record.funcName or "",
            "CODE_LINE": str(record.lineno),
            **self._fixed,
        }
        fields |= {
            f"LINEWISE_{key.upper()}": str(record.__dict__[key])
            for key in ("camera", "queue")
            if key in record.__dict__
        }
        try:
            self._socket.sendto(b"".join(map(_field, fields, fields.values())), self._path)
        except OSError:
            self._instead.emit(record)

    def close(self) -> None:
        """Closes the socket."""
        self._socket.close()
        super().close()


def _field(name: str, value: str) -> bytes:
    data = value.encode(errors="replace")
    if b"\n" not in data:
        return b"%s=%s\n" % (name.encode(), data)
    return b"%s\n%s%s\n" % (name.encode(), struct.pack("<Q", len(data)), data)
