"""An application served by the product's own server in this process."""

import socket
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

from starlette.applications import Starlette

from dashboard.http_server import run_server


@contextmanager
def served(app: Starlette, port: int, before_end: Callable[[], Awaitable[None]] | None = None) -> Iterator[str]:
    """The application until the end of the block; its URL."""
    stop = threading.Event()
    given = {"address": "127.0.0.1", "port": port, "stop": stop, "before_end": before_end}
    thread = threading.Thread(target=run_server, args=(app,), kwargs=given)
    thread.start()
    try:
        deadline_s = time.monotonic() + 60
        with socket.socket() as probe:
            while probe.connect_ex(("127.0.0.1", port)) != 0:
                assert time.monotonic() < deadline_s, "the server did not start"
                time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
    finally:
        stop.set()
        thread.join(60)
        assert not thread.is_alive()
