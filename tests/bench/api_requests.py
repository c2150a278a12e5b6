"""What the API costs: requests a second that it can, and CPU that fifty pages asking once a second take.

python -m tests.bench.api_requests [--seconds 10] [--queues 10]
"""

import argparse
import os
import subprocess
import sys
import tempfile
import threading
import time
from http.client import HTTPConnection
from pathlib import Path

import psutil

from linewise.parts import free_port
from tests.dashboard.month import fill_month

HEAD = '[site]\nid = "canteen"\n[[camera]]\nid = "c"\nsource = "test://"\n'
QUEUE = '[[queue]]\nid = "{}"\n[[queue.lane]]\ncamera = "c"\narea = [[0.2, 0.3], [0.7, 0.3], [0.7, 0.9]]\n'


def ask(port: int, path: str, stop_s: float, pause_s: float, headers: dict[str, str]) -> int:
    """Asks until then; how often."""
    connection, count = HTTPConnection("127.0.0.1", port, timeout=30), 0
    while time.monotonic() < stop_s:
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        answer.read()
        assert answer.status in (200, 304), answer.status
        count += 1
        time.sleep(pause_s)
    connection.close()
    return count


def measure(process: psutil.Process, port: int, path: str, *, askers: int, seconds: float, pause_s: float = 0.0) -> str:
    """One line: requests a second and CPU of the server."""
    counts: list[int] = []
    stop_s = time.monotonic() + seconds
    before = sum(process.cpu_times()[:2])
    run = [threading.Thread(target=lambda: counts.append(ask(port, path, stop_s, pause_s, {}))) for _ in range(askers)]
    for one in run:
        one.start()
    for one in run:
        one.join()
    cpu_s = sum(process.cpu_times()[:2]) - before
    return (
        f"{path:45} {askers:3} askers: {sum(counts) / seconds:7.0f} requests/s, "
        f"{100 * cpu_s / seconds:5.1f} % of a core, {1000 * cpu_s / max(sum(counts), 1):.2f} ms CPU each"
    )


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--queues", type=int, default=10)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        state = Path(folder) / "canteen"
        state.mkdir()
        fill_month(state / "store.sqlite3", now_s=time.time(), queues=given.queues)
        site = Path(folder) / "site.toml"
        site.write_text(HEAD + "".join(QUEUE.format(f"till-{n + 1}") for n in range(given.queues)), "utf-8")
        port = free_port()
        command = (sys.executable, "-m", "linewise", "api", str(site), "--port", str(port))
        env = {**os.environ, "LINEWISE_STATE": folder}
        child = subprocess.Popen(command, env=env, stderr=subprocess.DEVNULL)
        try:
            while True:
                try:
                    ask(port, "/healthz", time.monotonic() + 0.01, 0.0, {})
                    break
                except ConnectionRefusedError:
                    time.sleep(0.2)
            process = psutil.Process(child.pid)
            for path in ("/v1/queues", "/v1/queues/till-1/history", "/v1/acris/queue-measurements"):
                print(measure(process, port, path, askers=4, seconds=given.seconds))
            print(measure(process, port, "/v1/queues", askers=50, seconds=given.seconds, pause_s=1.0))
            print(f"memory {process.memory_info().rss / 2**20:.0f} MiB, load {os.getloadavg()[0]:.1f}")
        finally:
            child.terminate()
            child.wait(30)


if __name__ == "__main__":
    main()
