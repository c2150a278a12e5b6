"""Runs an ASGI application with uvicorn in a thread until `stop`: for the public display and the API."""

import asyncio
import logging
import threading
from collections.abc import Awaitable, Callable

import uvicorn
from starlette.applications import Starlette

from edge.errors import LinewiseError
from edge.watchdog import Heartbeat, notify

log = logging.getLogger(__name__)
END_S = 3


def run_server(
    app: Starlette,
    *,
    address: str,
    port: int,
    stop: threading.Event,
    before_end: Callable[[], Awaitable[None]] | None = None,
) -> None:
    """Serves until `stop`; `before_end` runs in the server's loop first, to end streams that never end by themselves.

    Raises:
        LinewiseError: the server ended by itself.
    """
    logging.getLogger("uvicorn").setLevel(logging.WARNING)  # where it listens is said in our own words
    config = uvicorn.Config(
        app, host=address, port=port, log_config=None, access_log=False, server_header=False, proxy_headers=False,
        timeout_graceful_shutdown=END_S, timeout_keep_alive=20, limit_concurrency=2000,
    )  # fmt: skip
    server = uvicorn.Server(config)

    async def serve() -> None:
        watcher = asyncio.create_task(_end_when(stop, server, before_end))
        await server.serve()
        watcher.cancel()

    # In a thread of its own, uvicorn leaves the process's signals alone.
    thread = threading.Thread(target=lambda: asyncio.run(serve()), name="http-server")
    thread.start()
    thread.join()
    if not stop.is_set():
        raise LinewiseError(f"the server on {address} port {port} has ended; what it said stands above")


async def _end_when(
    stop: threading.Event, server: uvicorn.Server, before_end: Callable[[], Awaitable[None]] | None
) -> None:
    ready, heartbeat = False, Heartbeat()  # it beats in the server's own loop: one that hangs is noticed
    while not stop.is_set():
        if server.started and not ready:
            ready = notify("READY=1")
        heartbeat.beat()
        await asyncio.sleep(0.2)
    notify("STOPPING=1")
    if before_end is not None:
        await before_end()
    server.should_exit = True
