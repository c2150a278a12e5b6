"""The link from the camera processes to the box's counter: lines of JSON over a UNIX stream socket.

The client never blocks: what can't be sent waits in a short queue, where the newest wins. The server takes any number
of clients; whatever is not a line it knows is counted and passed over.
"""

import errno
import fcntl
import logging
import os
import selectors
import socket
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

from edge.errors import InputError, LinewiseError
from edge.link_lines import LinkItem, decode_with_lost, encode
from edge.messages import CameraHealth

QUEUE_ITEMS = 32  # six seconds of a camera at 5 pictures/s: older tracks are of no use to a counter that comes back
MAX_LINE_BYTES = 1_000_000
FIRST_BACKOFF_S = 0.1
MAX_BACKOFF_S = 2.0
_READ_BYTES = 1 << 16

_log = logging.getLogger(__name__)


class LinkClient:
    """Sends to the counter; reconnects by itself.

    Attributes:
        dropped: items that were thrown away because the counter was away or slow.
    """

    def __init__(self, path: Path, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._path = path
        self._clock = clock
        self._waiting: deque[bytes] = deque()
        self._rest = b""  # of a line that the socket has taken in part
        self._socket: socket.socket | None = None
        self._backoff_s = FIRST_BACKOFF_S
        self._again_at_s = -float("inf")
        self.dropped = 0

    @property
    def connected(self) -> bool:
        """True while the counter's socket is open."""
        return self._socket is not None

    def send(self, item: LinkItem) -> None:
        """Queues one item and sends what can be sent at once; never blocks, never raises for a counter that is away."""
        if len(self._waiting) == QUEUE_ITEMS:
            self._waiting.popleft()
            self.dropped += 1
        self._waiting.append(encode(item, self.dropped))
        self.flush()

    def flush(self) -> None:
        """Sends what waits, as far as the counter takes it now."""
        if self._socket is None:
            self._connect()
        while self._socket is not None and (self._rest or self._waiting):
            data = self._rest or self._waiting.popleft()
            try:
                self._rest = data[self._socket.send(data) :]
            except BlockingIOError:
                self._rest = data
                return
            except OSError:  # the counter is gone; a line it has in part is lost
                self._rest = b""
                self.dropped += 1
                self._disconnect()

    def _connect(self) -> None:
        now_s = self._clock()
        if now_s < self._again_at_s:
            return
        s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
        s.setblocking(False)
        try:
            s.connect(str(self._path))
        except OSError:
            s.close()
            self._again_at_s = now_s + self._backoff_s
            self._backoff_s = min(2 * self._backoff_s, MAX_BACKOFF_S)
            return
        self._socket = s
        self._backoff_s = FIRST_BACKOFF_S

    def _disconnect(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None
            self._again_at_s = self._clock() + self._backoff_s

    def close(self) -> None:
        """Closes the socket; what still waits is thrown away."""
        self._disconnect()
        self._waiting.clear()


class LinkServer:
    """The counter's end; one a box.

    Attributes:
        rejected: lines that were garbage, too long or cut off.
        lost: camera -> items that its end has thrown away, as it told last.

    Raises:
        LinewiseError: a counter is running on this socket already.
        InputError: the socket can't be made there.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock_fd = _lock(path)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
        try:
            path.unlink(missing_ok=True)  # left by a counter that was killed: nobody holds the lock
            self._socket.bind(str(path))
            path.chmod(0o600)  # before listen(): nobody can connect earlier
            self._socket.listen(64)
        except OSError as error:
            self._socket.close()
            os.close(self._lock_fd)
            raise InputError(
                f"the socket {path} can't be made ({error.strerror or error}); "
                "set LINEWISE_STATE to a folder that this user may write to"
            ) from error
        self._socket.setblocking(False)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._socket, selectors.EVENT_READ, None)
        self.rejected = 0
        self.lost: dict[str, int] = {}

    @property
    def clients(self) -> int:
        """Connected cameras."""
        return len(self._selector.get_map()) - 1

    def receive(self, timeout_s: float) -> list[LinkItem]:
        """What has come in; waits at most `timeout_s` for something, and returns [] when nothing came."""
        deadline_s = time.monotonic() + timeout_s
        while True:
            items: list[LinkItem] = []
            for key, _ in self._selector.select(max(0.0, deadline_s - time.monotonic())):
                if key.data is None:
                    self._accept()
                else:
                    items += self._read(key.data)
            if items or time.monotonic() >= deadline_s:
                return items

    def _accept(self) -> None:
        try:
            connection, _ = self._socket.accept()
        except OSError as error:  # out of file descriptors, or a client that has gone again
            if error.errno in (errno.EMFILE, errno.ENFILE):
                _log.error("a camera can't connect: %s", error.strerror)
                time.sleep(0.05)  # the waiting client keeps the socket readable
            return
        connection.setblocking(False)
        self._selector.register(connection, selectors.EVENT_READ, _Client(connection))

    def _read(self, client: "_Client") -> list[LinkItem]:
        try:
            data = client.connection.recv(_READ_BYTES)
        except BlockingIOError:
            return []
        except OSError:
            data = b""
        if not data:
            self.rejected += bool(client.buffer) and not client.skipping
            self._selector.unregister(client.connection)
            client.connection.close()
            return []
        return [item for line in self._lines(client, data) if (item := self._decoded(line)) is not None]

    def _lines(self, client: "_Client", data: bytes) -> list[bytes]:
        *ends, rest = data.split(b"\n")
        lines = []
        for end in ends:
            if not client.skipping and len(client.buffer) + len(end) <= MAX_LINE_BYTES:
                lines.append(bytes(client.buffer) + end)
            elif not client.skipping:
                self.rejected += 1
            client.skipping = False
            client.buffer.clear()
        if client.skipping:
            return lines
        client.buffer += rest
        if len(client.buffer) > MAX_LINE_BYTES:
            self.rejected += 1
            client.skipping = True  # to the end of that line; the next may be good
            client.buffer.clear()
        return lines

    def _decoded(self, line: bytes) -> LinkItem | None:
        try:
            item, lost = decode_with_lost(line)
        except ValueError:
            self.rejected += 1
            return None
        if isinstance(item, CameraHealth) and lost is not None:
            self.lost[item.camera] = lost
        return item

    def close(self) -> None:
        """Closes every connection and removes the socket."""
        for key in list(self._selector.get_map().values()):
            if key.data is not None:
                key.data.connection.close()
        self._selector.close()
        self._socket.close()
        self._path.unlink(missing_ok=True)
        os.close(self._lock_fd)


class _Client:
    """One connected camera and what it has sent of a line so far."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self.buffer = bytearray()
        self.skipping = False


def _lock(path: Path) -> int:
    """A file descriptor that holds the lock beside the socket; the kernel frees it when its process is killed."""
    lock = path.with_name(path.name + ".lock")
    try:
        fd = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise InputError(
            f"{lock} can't be made ({error.strerror}); set LINEWISE_STATE to a folder that this user may write to"
        ) from error
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(fd)
        raise LinewiseError(
            f"a counter is already running for this site on this box (it holds {lock}); end it before starting another"
        ) from error
    return fd
