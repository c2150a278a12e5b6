"""Two hundred viewers beside a running camera (fault F52): `python -m tests.chaos.viewers --viewers 200 --rounds 3`.

A whole box with one camera; in turn nobody looks, and so many sessions of the live page do, each a websocket that asks
for its live part as often as the browser does. Then hostile ones: questions with a query string of 1 MB, and
sockets that ask and never read. Told: pictures that the camera looked at a second, without and with viewers; what the
viewers got; memory of the page; what a well-behaved viewer still gets beside the hostile ones. Exit code 1 when the
camera looked at 5 % fewer pictures, or the page was no longer there at the end.
"""

import argparse
import asyncio
import json
import multiprocessing
import os
import socket
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from statistics import mean
from typing import Any

import psutil
from streamlit.proto.BackMsg_pb2 import BackMsg
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException
from websockets.typing import Subprotocol

from dashboard.views.board import EVERY_S
from tests.bench.dashboard_viewers import crowd, first_run
from tests.chaos.house import FILM_CAMERA, House
from tests.conftest import wait_for

MOST_FEWER = 0.05
LONG = "x" * 1_000_000
SITE = '[site]\nid = "viewers"\nname = "Viewers"\ntimezone = "UTC"\n' + FILM_CAMERA


def main() -> int:
    """Prints a line a phase, and one with the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--viewers", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--fps", type=float, default=5.0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="linewise-viewers-") as name:
        house = House(Path(name), SITE.format(fps=options.fps), site_id="viewers")
        try:
            wait_for(lambda: page_answers(house), "the page is there", timeout_s=300)
            wait_for(lambda: looked_at(house) > 0.8 * options.fps, "the camera keeps up", timeout_s=300)
            figures = compared(house, options.viewers, options.rounds, options.seconds)
            figures |= long_questions(house) | deaf_viewers(house, options.seconds)
            figures["page_answers_at_the_end"] = page_answers(house)
        finally:
            house.stop()
    print(json.dumps(figures))
    return int(not figures["page_answers_at_the_end"] or figures["fewer_share"] > MOST_FEWER)


def compared(house: House, viewers: int, rounds: int, seconds: float) -> dict[str, Any]:
    """Pictures a second without and with viewers, in turn."""
    alone, beside, updates = list[float](), list[float](), list[float]()
    for number in range(rounds):
        alone.append(pictures_per_s(house, seconds))
        crowded = Crowd(house.port, viewers, 15.0 + seconds)
        time.sleep(15.0)  # until all are there
        beside.append(pictures_per_s(house, seconds))
        updates.append(crowded.ended() / (15.0 + seconds))
        print(f"round {number}: {alone[-1]:.2f} alone, {beside[-1]:.2f} with, {updates[-1]:.0f} updates/s", flush=True)
    return {
        "viewers": viewers,
        "pictures_per_s_alone": round(mean(alone), 2),
        "pictures_per_s_with": round(mean(beside), 2),
        "fewer_share": round(1.0 - mean(beside) / mean(alone), 3),
        "updates_per_s": round(mean(updates), 1),
        "page_mb": page_mb(house),
        "load": round(psutil.getloadavg()[0], 1),
    }


class Crowd:
    """Viewers in a process of their own, of low priority: real ones bring their own machines."""

    def __init__(self, port: int, viewers: int, seconds: float) -> None:
        context = multiprocessing.get_context("spawn")
        self._told = context.Queue()
        self._process = context.Process(target=look, args=(port, viewers, seconds, self._told))
        self._process.start()

    def ended(self) -> int:
        """How many updates they all got."""
        updates: int = self._told.get(timeout=600)
        self._process.join()
        return updates


def look(port: int, viewers: int, seconds: float, told: Any) -> None:
    """The viewers' process."""
    os.nice(10)
    got = 0
    try:
        got = len(asyncio.run(crowd(port, viewers, seconds)))
    finally:
        told.put(got)


def pictures_per_s(house: House, seconds: float) -> float:
    """What the camera's health said in this time, in the mean."""
    rates: dict[str, float] = {}
    end_s = time.monotonic() + seconds
    while time.monotonic() < end_s:
        time.sleep(1.0)
        rates |= {row["at"]: row["frames_out_per_s"] for row in house.rows("select at, frames_out_per_s from cameras")}
    return mean(rates.values())


def looked_at(house: House) -> float:
    """Pictures a second, by the camera's last word."""
    rows = house.rows("select frames_out_per_s from cameras where state = 'ok'")
    return float(rows[0]["frames_out_per_s"]) if rows else 0.0


def page_answers(house: House) -> bool:
    """Does the page take a viewer?"""
    try:
        return bool(asyncio.run(asyncio.wait_for(crowd(house.port, 1, 0.1), 30)))
    except (OSError, EOFError, TimeoutError, WebSocketException):
        return False


def page_mb(house: House) -> int:
    """Memory of the page's processes."""
    sizes = [p.memory_info().rss for name, p in house.parts().items() if name.startswith("dashboard")]
    return round(sum(sizes) / 1e6)


def long_questions(house: House) -> dict[str, Any]:
    """Query strings of 1 MB: in the address, and in a session's first message."""
    before = page_mb(house)
    answers = Counter(http_answer(house.port) for _ in range(20))
    sessions = Counter(asyncio.run(long_session(house.port)) for _ in range(20))
    return {
        "long_addresses": answers,
        "long_sessions": sessions,
        "page_mb_after_long": [before, page_mb(house)],
    }


def http_answer(port: int) -> str:
    """The first line that comes back for an address of 1 MB."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as link:
        try:
            link.sendall(f"GET /?{LONG} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
            return link.recv(200).split(b"\r\n")[0].decode(errors="replace")
        except OSError as fault:
            return type(fault).__name__


async def long_session(port: int) -> str:
    """What comes of a session that begins with a query string of 1 MB."""
    try:
        async with asyncio.timeout(30), stream(port) as ws:
            start = BackMsg()
            start.rerun_script.query_string = LONG
            await ws.send(start.SerializeToString())
            await first_run(ws)
            return "page shown"
    except (OSError, EOFError, TimeoutError, WebSocketException) as fault:
        return type(fault).__name__


def stream(port: int) -> connect:
    """A session's websocket."""
    return connect(f"ws://127.0.0.1:{port}/_stcore/stream", subprotocols=[Subprotocol("streamlit")], max_size=None)


def deaf_viewers(house: House, seconds: float) -> dict[str, Any]:
    """Fifty that ask as often as a browser does and never read, and five that behave."""
    before, crowded = page_mb(house), Crowd(house.port, 5, seconds)
    asked, most = asyncio.run(deafness(house, 50, seconds))
    good = crowded.ended() / seconds
    return {
        "deaf_asked": asked,
        "page_mb_beside_deaf": [before, most, page_mb(house)],
        "updates_per_s_of_five_beside_deaf": round(good, 2),
        "pictures_per_s_beside_deaf": looked_at(house),
    }


async def deafness(house: House, many: int, seconds: float) -> tuple[int, int]:
    """How often they could ask, and the most memory that the page had meanwhile."""
    end_s, most = time.monotonic() + seconds, 0
    watchers = [asyncio.create_task(deaf(house.port, end_s)) for _ in range(many)]
    while time.monotonic() < end_s:
        await asyncio.sleep(1.0)
        most = max(most, page_mb(house))
    return sum(await asyncio.gather(*watchers)), most


async def deaf(port: int, end_s: float) -> int:
    """Asks for the whole page again and again, and reads nothing."""
    asked = 0
    try:
        async with stream(port) as ws:
            ws.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            again = BackMsg()
            again.rerun_script.query_string = ""
            while time.monotonic() < end_s:
                await asyncio.wait_for(ws.send(again.SerializeToString()), 5)
                asked += 1
                ws.transport.pause_reading()
                await asyncio.sleep(EVERY_S)
            ws.transport.abort()
    except (OSError, EOFError, TimeoutError, RuntimeError, WebSocketException):
        pass
    return asked


if __name__ == "__main__":
    sys.exit(main())
