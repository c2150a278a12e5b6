"""A TCP proxy that makes a link bad: slow, late, sliced, cut, or silent."""

import asyncio
import contextlib
import random
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass
class Toxics:
    """How bad the link is; may be changed while it runs.

    Attributes:
        bytes_per_s: in each direction, 0: as fast as it goes.
        latency_s: each way.
        stall_share: of the pieces arrive `stall_s` later, as a lost packet does that is sent again.
        slice_bytes: pieces are cut to this many bytes, 0: as they come.
        reset_every_s: connections are reset after so long, 0: never.
        silent: connections are taken, and nothing is passed on.
    """

    bytes_per_s: float = 0.0
    latency_s: float = 0.0
    stall_share: float = 0.0
    stall_s: float = 0.6
    slice_bytes: int = 0
    reset_every_s: float = 0.0
    silent: bool = False


class Toxic:
    """The proxy, on a port of its own, in a thread of its own.

    Attributes:
        port: where to connect.
        toxics: how bad it is.
        resets, connections: so far.
    """

    def __init__(self, target_port: int, toxics: Toxics, seed: int = 0) -> None:
        self.toxics = toxics
        self.resets = self.connections = 0
        self._target = target_port
        self._rng = random.Random(seed)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="toxic")
        self._thread.start()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._serve, sock=self._listener))
        self._loop.run_forever()
        server.close()
        tasks = asyncio.all_tasks(self._loop)
        for task in tasks:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        self._loop.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            to_reader, to_writer = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            writer.transport.abort()
            return
        pumps = [asyncio.create_task(self._pump(reader, to_writer)), asyncio.create_task(self._pump(to_reader, writer))]
        age_s = 0.0
        try:
            while not any(pump.done() for pump in pumps):
                await asyncio.sleep(0.05)
                age_s += 0.05
                if self.toxics.reset_every_s and age_s >= self.toxics.reset_every_s:
                    self.resets += 1
                    break
        finally:
            for pump in pumps:
                pump.cancel()
            writer.transport.abort()
            to_writer.transport.abort()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(4096):
                while self.toxics.silent:
                    await asyncio.sleep(0.05)
                await asyncio.sleep(self.toxics.latency_s + self._stall_s())
                for piece in self._pieces(data):
                    writer.write(piece)
                    await writer.drain()
                    if self.toxics.bytes_per_s:
                        await asyncio.sleep(len(piece) / self.toxics.bytes_per_s)

    def _stall_s(self) -> float:
        return self.toxics.stall_s if self._rng.random() < self.toxics.stall_share else 0.0

    def _pieces(self, data: bytes) -> Iterator[bytes]:
        size = self.toxics.slice_bytes or len(data)
        return (data[i : i + size] for i in range(0, len(data), size))

    def close(self) -> None:
        """Resets every connection and ends."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
