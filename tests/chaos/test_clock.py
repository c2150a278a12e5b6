"""The wall clock of a box jumps by hours and to other decades while it counts (faults F13, F15)."""

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dashboard.page import Names
from dashboard.reading import open_store, read_page, read_slow
from edge.config import load_site
from edge.link import LinkClient
from edge.messages import CameraHealth, utc
from edge.paths import counter_socket, counter_word, store_path
from edge.vocabulary import Tracks

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]
LIBRARIES = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
JUMPS = {"+1 h": "+3600", "-1 h": "-3600", "1970": "@1970-01-01 00:10:00", "2038": "@2038-01-19 03:20:00", "back": "+0"}
FLAGGED = "select 1 from boxes where clock_unsynced and at < '2000'"
SITE = """
[site]
id = "clock"
name = "Clock"
timezone = "Europe/Berlin"
box = "b1"

[mqtt]
url = "mqtt://127.0.0.1:{port}"

[[camera]]
id = "c1"
source = "test://"

[[queue]]
id = "q1"
name = "Q1"

[[queue.lane]]
camera = "c1"
area = [[0.2, 0.2], [0.8, 0.2], [0.8, 0.9], [0.2, 0.9]]
service_line = [[0.2, 0.2], [0.8, 0.2]]
min_stay_s = 1
"""


class Box:
    """A counter whose clock is a file, under a watchdog like systemd's; a collector with the right time; one camera."""

    def __init__(self, folder: Path, port: int) -> None:
        assert LIBRARIES, "libfaketime is missing: apt-get install libfaketime (`make test` does)"
        self.file = folder / "site.toml"
        self.file.write_text(SITE.format(port=port))
        self.state = folder / "state/clock"
        self.state.mkdir(parents=True)
        self.clock = folder / "clock"
        self.set("+0")
        self.pings_s: list[float] = []
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(folder / "notify"))
        self._socket.setblocking(False)
        own = {**os.environ, "LINEWISE_STATE": str(folder / "state")}
        faked = {
            "LD_PRELOAD": str(LIBRARIES[0]), "FAKETIME_TIMESTAMP_FILE": str(self.clock), "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1", "NOTIFY_SOCKET": str(folder / "notify"), "WATCHDOG_USEC": "8000000",
        }  # fmt: skip
        self.log = folder / "log"
        self.collector = self._start("collector", own)
        self.counter = self._start("counter", {**own, **faked})
        self.link = LinkClient(counter_socket(self.state))

    def _start(self, part: str, environ: dict[str, str]) -> "subprocess.Popen[bytes]":
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "linewise", part, str(self.file)], env=environ, stdout=log, stderr=log
            )

    def set(self, clock: str) -> None:
        """Sets the counter's wall clock: seconds to add, or @ and an instant."""
        part = self.clock.with_name("clock.part")
        part.write_text(clock)
        part.replace(self.clock)

    def turn(self) -> None:
        """A moment of one camera's life: somebody walks through the lane every 4 s; the watchdog listens."""
        now_s = time.monotonic()
        y = 0.9 - 0.9 * (now_s % 4.0) / 4.0
        person = (np.array([[300, 360 * y - 100, 340, 360 * y]], np.float32), np.array([[0.5, y]], np.float32))
        ids, seen, last_s = np.array([int(now_s // 4)], np.int64), np.array([True]), np.array([now_s])
        self.link.send(Tracks("c1", "r", now_s, 0.0, (640, 360), ids, *person, seen, last_s))
        self.link.send(health())
        try:
            while b"WATCHDOG=1" in self._socket.recv(4096):
                self.pings_s.append(now_s)
        except BlockingIOError:
            pass
        time.sleep(0.1)

    def rows(self, sql: str) -> list[dict[str, Any]]:
        """Rows of the store; none while it has no tables."""
        try:
            with closing(sqlite3.connect(f"file:{store_path(self.state)}?mode=ro", uri=True, timeout=10)) as db:
                db.row_factory = sqlite3.Row
                return [dict(row) for row in db.execute(sql)]
        except sqlite3.OperationalError:
            return []

    def until(self, condition: Callable[[], object], what: str, within_s: float = 120.0) -> float:
        """Lives until the condition holds; how long that took."""
        began_s = time.monotonic()
        while not condition():
            assert self.counter.poll() is None, f"the counter ended: {self.log.read_text()[-2000:]}"
            assert time.monotonic() - began_s < within_s, f"not within {within_s:.0f} s: {what}"
            self.turn()
        return time.monotonic() - began_s

    def close(self) -> None:
        """Ends everything."""
        self.link.close()
        self._socket.close()
        for process in (self.counter, self.collector):
            process.send_signal(signal.SIGTERM)
        for process in (self.counter, self.collector):
            try:
                process.wait(40)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def health() -> CameraHealth:
    """A camera that is well."""
    return CameraHealth(
        site="clock", camera="c1", at=utc(time.time()), state="ok", detail="", picture="ok", frames_in_per_s=10.0,
        frames_out_per_s=10.0, age_s=0.1, latency_s=0.1, dropped=0, restarts=0, runtime="fake", model_sha256="",
        width=640, height=360,
    )  # fmt: skip


@pytest.fixture
def box(mosquitto: Callable[..., Any], tmp_path: Path) -> Iterator[Box]:
    """A running box that has counted somebody."""
    made = Box(tmp_path, mosquitto().port)
    try:
        made.until(lambda: made.rows("select * from events where kind = 'served'"), "somebody is served")
        yield made
    finally:
        made.close()


def test_jumps_of_the_clock_change_no_count(box: Box) -> None:
    """An hour on, an hour back, 1970, 2038 and right again: no watchdog fires, nothing lost, counts go on, all told."""
    last: dict[str, Any] = {}
    for name, clock in JUMPS.items():
        before, steps = box.rows("select seq, joined from state")[0], steps_told(box)
        box.set(clock)
        took_s = box.until(lambda b=before: newer(box, b), f"readings and counts go on after {name}")
        box.until(lambda n=steps: steps_told(box) > n, f"the step to {name} is told")
        state = box.rows("select * from state")[0]
        assert state["joined"] - state["served"] - state["left"] - state["lost"] >= 0
        last = page_of(box)
        assert last["seen"] == "fresh", (name, last)
        if name == "1970":
            box.until(lambda: box.rows(FLAGGED), "the box says that its clock may be wrong")
        print(f"{name}: {took_s:.1f} s until the next person is counted; the box says {state['at']}")
    log = box.log.read_text()
    assert "the wall clock was set by" in log
    assert box.counter.poll() is None
    assert "lost" not in {row["state"] for row in box.rows("select state from cameras")}
    assert box.rows("select sum(missing) as n from sources")[0]["n"] == 0
    assert len(box.rows("select distinct epoch from sources")) == 1
    gap_s = max(np.diff(box.pings_s))
    print(f"{len(box.pings_s)} pings of the watchdog, the longest pause {gap_s:.1f} s (machine and all)")
    assert gap_s < 60.0
    seqs = [row["seq"] for row in box.rows("select seq from events order by rowid")]
    assert seqs == sorted(set(seqs))
    assert last["late"] is not None


def steps_told(box: Box) -> int:
    """How often the counter says that its clock was set."""
    file = counter_word(box.state)
    return int(json.loads(file.read_text())["clock_steps"]) if file.exists() else 0


def newer(box: Box, before: dict[str, Any]) -> bool:
    """Has a reading come since, with somebody more?"""
    state = box.rows("select seq, joined from state")[0]
    return bool(state["seq"] > before["seq"] and state["joined"] > before["joined"])


def page_of(box: Box) -> dict[str, Any]:
    """How the live page sees the queue now."""
    site = load_site(box.file, {})
    with closing(open_store(store_path(box.state))) as db:
        names = Names.of(site)
        page = read_page(db, names, read_slow(db, names, time.time()), time.time())
    (card,) = page.cards
    return {"seen": card.seen, "late": card.heard_s}


@pytest.mark.parametrize("skew_s", [-300, 300])
def test_five_minutes_of_skew_make_nothing_stale(box: Box, skew_s: int) -> None:
    """A box whose clock is five minutes off is fresh on the page, as long as its readings arrive."""
    box.set(f"{skew_s:+d}")
    box.until(lambda: abs(off(box) - skew_s) < 30, "the skew is in the readings")
    seen = set()
    for _ in range(20):
        box.turn()
        seen.add(page_of(box)["seen"])
    print(f"skew {skew_s} s: the page says {seen}")
    assert seen == {"fresh"}


def off(box: Box) -> float:
    """How far the newest reading's time is from now."""
    return datetime.fromisoformat(box.rows("select at from state")[0]["at"]).timestamp() - time.time()
