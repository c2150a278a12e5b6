"""`linewise replay` as people run it: a process, its output, its exit code, its page in a browser."""

import fcntl
import json
import os
import pty
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pytest

from tests.calibration.made import one_served, recording, site_file
from tests.e2e.chromium import chromium

pytestmark = pytest.mark.e2e
COMMAND = (sys.executable, "-m", "linewise", "replay")


def ran(*args: str | Path) -> subprocess.CompletedProcess[str]:
    """The command as a process."""
    return subprocess.run([*COMMAND, *map(str, args)], capture_output=True, text=True, timeout=100, check=False)


def test_json_on_stdout_and_nothing_on_stderr(tmp_path: Path) -> None:
    """Exit code 0, one JSON document, no progress bar where there is no terminal."""
    result = ran(recording(tmp_path / "r.jsonl", one_served()), "--site", site_file(tmp_path), "--json")
    assert (result.returncode, result.stderr) == (0, "")
    assert json.loads(result.stdout)["queues"]["q1"]["served"] == 1


def test_bad_input_is_one_message_without_a_traceback(tmp_path: Path) -> None:
    """A broken recording and an unknown option each end with code 2 and words."""
    site = site_file(tmp_path)
    broken = ran(recording(tmp_path / "r.jsonl", ["oops"]), "--site", site, "--out", tmp_path / "out")
    assert broken.returncode == 2
    assert broken.stderr.startswith("linewise: ")
    assert "r.jsonl:1: not JSON" in broken.stderr
    assert "Traceback" not in broken.stderr
    assert list((tmp_path / "out").iterdir()) == []
    assert ran("--site", site, "--nonsense").returncode == 2


def test_a_terminal_shows_a_bar(tmp_path: Path) -> None:
    """On a terminal the bar tells media seconds."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))  # a bar needs a terminal with a width
    path = recording(tmp_path / "r.jsonl", one_served())
    args = [*COMMAND, str(path), "--site", str(site_file(tmp_path))]
    result = subprocess.run(args, stdout=subprocess.PIPE, stderr=slave, text=True, timeout=100, check=False)
    shown = os.read(master, 65_536).decode()
    for end in (master, slave):
        os.close(end)
    told = result.stdout
    assert "1 person joined" in told
    assert "replay" in shown
    assert "/40" in shown


def test_the_page_opens_in_a_browser_without_a_network(tmp_path: Path) -> None:
    """report.html shows its plots in Chromium, asks for nothing else and reports no error, in light and in dark."""
    out = tmp_path / "out"
    path = recording(tmp_path / "r.jsonl", one_served())
    assert ran(path, "--site", site_file(tmp_path), "--out", out).returncode == 0
    asked: list[str] = []
    complaints: list[str] = []
    with chromium() as browser:
        grounds = set()
        for scheme in ("light", "dark"):
            page = browser.new_page(color_scheme=scheme, viewport={"width": 420, "height": 900})  # type: ignore[arg-type]
            page.on("request", lambda request: asked.append(request.url))
            page.on("console", lambda message: complaints.append(message.text))
            page.goto(f"file://{out / 'report.html'}")
            assert page.locator("svg.plot").count() == 4
            assert page.get_by_role("heading", name="Queue <one>", exact=True).is_visible()
            assert page.evaluate(
                "document.documentElement.scrollWidth <= innerWidth"
            )  # a phone needs no sideways scroll
            grounds.add(page.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert asked == [f"file://{out / 'report.html'}"] * 2
    assert complaints == []
    assert len(grounds) == 2
