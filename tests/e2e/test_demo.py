"""The whole product as a newcomer starts it: `linewise demo`, its store, its page, a killed camera, Ctrl-C."""

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from linewise.parts import free_port
from tests.e2e.chromium import chromium

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]


@dataclass(frozen=True)
class Demo:
    """A running demo."""

    process: subprocess.Popen[str]
    folder: Path
    url: str
    started_s: float

    def rows(self, sql: str) -> list[dict[str, Any]]:
        """Rows of the store; none while there is no store."""
        stores = list(self.folder.glob("linewise-demo-*/*/store.sqlite3"))
        if not stores:
            return []
        connection = sqlite3.connect(f"file:{stores[0]}?mode=ro", uri=True, timeout=5)
        connection.row_factory = sqlite3.Row
        try:
            return [dict(row) for row in connection.execute(sql)]
        except sqlite3.OperationalError:  # tables are still being made
            return []
        finally:
            connection.close()

    def children(self) -> list[psutil.Process]:
        """Every process of the demo but its supervisor."""
        return psutil.Process(self.process.pid).children(recursive=True)

    def wait_for(self, condition: Callable[[], Any], what: str, within_s: float = 60) -> Any:
        """Waits for a condition and gives its value; fails with words when it does not come or the demo ends."""
        deadline_s = time.monotonic() + within_s
        while not (value := condition()):
            assert self.process.poll() is None, f"the demo ended while waiting for {what}"
            assert time.monotonic() < deadline_s, f"waited {within_s} s in vain for {what}"
            time.sleep(0.1)
        return value


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    """A demo on a free port in a folder of its own."""
    folder = tmp_path
    port = free_port()
    log = (folder / "log").open("w")
    process = subprocess.Popen(
        [sys.executable, "-m", "linewise", "demo", "--no-browser", "--port", str(port)],
        env={**os.environ, "TMPDIR": str(folder)},
        stderr=log,
        text=True,
    )
    running = Demo(process, folder, f"http://127.0.0.1:{port}", time.monotonic())
    yield running
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
        process.wait(30)
    log.close()
    sys.stdout.write((folder / "log").read_text())


def lengths(demo: Demo) -> set[int]:
    """Every known length that the store has seen."""
    return {row["length"] for row in demo.rows("select distinct length from readings where length is not null")}


def lengths_reach_the_store_and_change(demo: Demo) -> None:
    """People on the recording become lengths of both queues in the store, and the lengths change."""
    demo.wait_for(
        lambda: {r["queue"] for r in demo.rows("select queue from state")} == {"till-1", "till-2"}, "both queues"
    )
    print(f"first readings of both queues after {time.monotonic() - demo.started_s:.1f} s")
    demo.wait_for(lambda: len(lengths(demo)) >= 3, "three different lengths", within_s=120)


def the_page_shows_the_queues_and_changes(demo: Demo) -> None:
    """The dashboard in a real browser names both queues and changes by itself, without an error in the console."""
    with chromium() as browser:
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        errors: list[str] = []
        page.on("pageerror", lambda e: errors.append(str(e)))
        page.goto(demo.url)
        page.get_by_text("Till 1", exact=True).first.wait_for(timeout=60_000)
        page.get_by_text("Till 2", exact=True).first.wait_for(timeout=60_000)
        before = page.inner_text("body")
        demo.wait_for(lambda: page.inner_text("body") != before, "a change on the page")
    assert not errors


def screens_and_programs_are_served(demo: Demo) -> None:
    """The demo's words name the public display and the API; both answer, and the API with both queues."""
    told = (demo.folder / "log").read_text()
    (screen,) = re.findall(r"Screens in the room show (\S+)", told)
    (programs,) = re.findall(r"Programs ask at (\S+)/docs", told)

    def answer(url: str) -> str:
        try:
            with urllib.request.urlopen(url, timeout=10) as found:  # noqa: S310 (the demo's own http address)
                return str(found.read().decode())
        except urllib.error.URLError:
            return ""

    demo.wait_for(lambda: "Till 1" in answer(screen), "the display")
    demo.wait_for(lambda: answer(f"{programs}/healthz"), "the API")
    known = json.loads(answer(f"{programs}/v1/queues"))["queues"]
    assert [one["queue"] for one in known] == ["till-1", "till-2"]


def a_killed_camera_is_told_and_comes_back(demo: Demo) -> None:
    """Kill -9 of the camera's process: health says that it is gone, then that it is well again."""

    def state() -> str:
        return "".join(row["state"] for row in demo.rows("select state from cameras"))

    demo.wait_for(lambda: state() == "ok", "a camera that is well")
    (camera,) = [c for c in demo.children() if "camera" in c.cmdline()]
    killed_s = time.monotonic()
    camera.send_signal(signal.SIGKILL)
    demo.wait_for(lambda: state() != "ok", "word that the camera is gone", within_s=30)
    told_s = time.monotonic()
    demo.wait_for(lambda: state() == "ok", "word that the camera is back")
    print(f"killed camera told after {told_s - killed_s:.1f} s, well again after {time.monotonic() - killed_s:.1f} s")


def ctrl_c_ends_every_process(demo: Demo) -> None:
    """After Ctrl-C nothing of the demo is left, nor its folder."""
    children = demo.children()
    assert len(children) >= 5, [c.cmdline() for c in children]
    demo.process.send_signal(signal.SIGINT)
    assert demo.process.wait(30) == 0
    _, left = psutil.wait_procs(children, timeout=5)
    assert not left, [json.dumps(c.cmdline()) for c in left]
    assert not list(demo.folder.glob("linewise-demo-*"))


def test_the_demo_from_its_start_to_ctrl_c(demo: Demo) -> None:
    """Lengths reach store, page, display and API, a killed camera is told and comes back, Ctrl-C ends everything."""
    lengths_reach_the_store_and_change(demo)
    the_page_shows_the_queues_and_changes(demo)
    screens_and_programs_are_served(demo)
    a_killed_camera_is_told_and_comes_back(demo)
    ctrl_c_ends_every_process(demo)
