"""What a viewer of the live page costs: CPU of the page's process with 1, 10 and 50 viewers, without a browser.

    python tests/bench/dashboard_viewers.py [--seconds 15] [--viewers 1 10 50]

Each viewer is a websocket that speaks Streamlit's protocol: it starts the page and then asks for its live part every
EVERY_S, as the browser does. CPU is that of the whole process (user and system), so a loaded machine matters little.
"""

import argparse
import asyncio
import tempfile
import threading
import time
from pathlib import Path

import psutil
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import connect

from dashboard.launch import run_dashboard
from dashboard.views.board import EVERY_S
from edge.settings import Site
from linewise.parts import free_port
from tests.dashboard.fill import EVERY_CAMERA, EVERY_QUEUE, SITE, every_kind, go_on


async def view(port: int, seconds: float, updates: list[int]) -> None:
    """One viewer; appends the bytes of each update."""
    async with connect(f"ws://127.0.0.1:{port}/_stcore/stream", subprotocols=["streamlit"], max_size=None) as ws:
        start = BackMsg()
        start.rerun_script.query_string = ""
        await ws.send(start.SerializeToString())
        fragment = await first_run(ws)
        end_s = time.monotonic() + seconds
        while (began_s := time.monotonic()) < end_s:
            again = BackMsg()
            again.rerun_script.fragment_id = fragment
            again.rerun_script.is_auto_rerun = True
            await ws.send(again.SerializeToString())
            updates.append(await until_finished(ws))
            await asyncio.sleep(max(0.0, EVERY_S - (time.monotonic() - began_s)))


async def first_run(ws) -> str:  # type: ignore[no-untyped-def]
    """The id of the page's live part."""
    fragment = ""
    while True:
        message = ForwardMsg.FromString(await ws.recv())
        if message.HasField("auto_rerun"):
            fragment = message.auto_rerun.fragment_id
        if message.WhichOneof("type") == "script_finished":
            return fragment


async def until_finished(ws) -> int:  # type: ignore[no-untyped-def]
    """Bytes of one update."""
    size = 0
    while True:
        raw = await ws.recv()
        size += len(raw)
        if ForwardMsg.FromString(raw).WhichOneof("type") == "script_finished":
            return size


async def crowd(port: int, viewers: int, seconds: float) -> list[int]:
    """Several viewers at once; bytes of all their updates."""
    updates: list[int] = []
    await asyncio.gather(*(view(port, seconds, updates) for _ in range(viewers)))
    return updates


def page_process() -> psutil.Process:
    """The page's process."""
    (found,) = [p for p in psutil.Process().children() if "dashboard.serve" in p.cmdline()]
    return found


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=15)
    parser.add_argument("--viewers", type=int, nargs="+", default=[1, 10, 50])
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        store, port, stop = Path(folder) / "store.sqlite3", free_port(), threading.Event()
        every_kind(store, now_s=time.time())
        threading.Thread(
            target=go_on, args=(store, EVERY_QUEUE, EVERY_CAMERA), kwargs={"stop": stop}, daemon=True
        ).start()
        site = Site(SITE, "Canteen", "UTC", "box-1", Path("site.toml"), "0", (), ())
        page = threading.Thread(
            target=run_dashboard,
            args=(site,),
            kwargs={"store": store, "port": port, "open_browser": False, "stop": stop},
        )
        page.start()
        try:
            measure(port, given.viewers, given.seconds)
        finally:
            stop.set()
            page.join()


def measure(port: int, crowds: list[int], seconds: float) -> None:
    """Prints a line a crowd."""
    deadline_s = time.monotonic() + 60
    while time.monotonic() < deadline_s:
        try:
            asyncio.run(crowd(port, 1, 2))
            break
        except (OSError, EOFError):
            time.sleep(0.2)
    process = page_process()
    for viewers in crowds:
        before, began_s = process.cpu_times(), time.monotonic()
        updates = asyncio.run(crowd(port, viewers, seconds))
        took_s, after = time.monotonic() - began_s, process.cpu_times()
        cpu_ms = 1000 * (after.user + after.system - before.user - before.system)
        print(
            f"{viewers} viewers: {len(updates) / took_s:.1f} updates/s of {sum(updates) / len(updates) / 1000:.1f} kB, "
            f"{cpu_ms / len(updates):.1f} CPU ms an update, {cpu_ms / took_s / 10:.1f} % of a core, "
            f"{process.memory_info().rss / 1e6:.0f} MB"
        )


if __name__ == "__main__":
    main()
