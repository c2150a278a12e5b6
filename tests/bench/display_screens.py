"""What a hundred public screens cost: CPU of `linewise display` over a minute, with numbers that change every second.

python tests/bench/display_screens.py PID PORT [--screens 100] [--seconds 60]
"""

import argparse
import asyncio
import time

import psutil


async def screen(port: int, counts: list[int]) -> None:
    """One screen: reads its stream for ever and counts messages."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET /events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    await writer.drain()
    while line := await reader.readline():
        if line.startswith(b"data: {"):
            counts[0] += 1


async def measure(pid: int, port: int, *, screens: int, seconds: float) -> None:
    """Prints the share of a core and the messages a screen."""
    counts, process = [0], psutil.Process(pid)
    tasks = [asyncio.create_task(screen(port, counts)) for _ in range(screens)]
    await asyncio.sleep(3)
    counts[0], begun_s, before = 0, time.monotonic(), process.cpu_times()
    await asyncio.sleep(seconds)
    took_s, after = time.monotonic() - begun_s, process.cpu_times()
    used_s = after.user - before.user + after.system - before.system
    alive = sum(not task.done() for task in tasks)
    for task in tasks:
        task.cancel()
    print(
        f"{alive} of {screens} screens open, {counts[0] / max(screens, 1) / took_s:.2f} messages/s each, "
        f"{100 * used_s / took_s:.1f} % of a core, {process.memory_info().rss / 2**20:.0f} MiB"
    )


def main() -> None:
    """Reads the arguments."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pid", type=int)
    parser.add_argument("port", type=int)
    parser.add_argument("--screens", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=60)
    given = parser.parse_args()
    asyncio.run(measure(given.pid, given.port, screens=given.screens, seconds=given.seconds))


if __name__ == "__main__":
    main()
