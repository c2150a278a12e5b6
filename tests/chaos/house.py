"""A whole running box for chaos: `linewise up` on a site of its own, its processes by their names, its store."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import psutil

from linewise.parts import free_port

SITE = """
[site]
id = "house"
name = "House"
timezone = "UTC"

[display]
port = {display}

[[camera]]
id = "tills"
source = "test://?fps=5&width=320&height=240"

[[queue]]
id = "till-1"
name = "Till 1"

[[queue.lane]]
camera = "tills"
area = [[0.1, 0.3], [0.9, 0.3], [0.9, 0.9], [0.1, 0.9]]
service_line = [[0.1, 0.3], [0.9, 0.3]]
"""
"""One camera that draws its own pictures, one queue, a display on port {display}."""
FILM = Path(__file__).parent.parent.parent / "linewise/demo_data/canteen.mp4"
FILM_CAMERA = f"""
[[camera]]
id = "film"
source = "{FILM}"
detect_fps = {{fps:g}}
loop = true

[[queue]]
id = "till-1"
name = "Till 1"

[[queue.lane]]
camera = "film"
area = [[0.0711, 0.7539], [0.1474, 0.8209], [0.5176, 0.4761], [0.4592, 0.4591]]
service_line = [[0.0711, 0.7539], [0.1474, 0.8209]]
"""
"""The demo's film in a loop at {fps}, and its left till."""
PARTS = ("broker", "collector", "counter", "camera", "dashboard", "display")


class House:
    """`linewise up SITE.toml` with its state in `folder`; its log is `folder/log`."""

    def __init__(self, folder: Path, site: str, *, site_id: str, environ: Mapping[str, str] | None = None) -> None:
        """Starts it; `site` is the text of the site file."""
        self.folder = folder
        self.site_file = folder / "site.toml"
        self.site_file.write_text(site, encoding="utf-8")
        self.store = folder / "state" / site_id / "store.sqlite3"
        self.port = free_port()
        command = [
            sys.executable,
            "-m",
            "linewise",
            "up",
            str(self.site_file),
            "--no-browser",
            "--port",
            str(self.port),
        ]
        with (folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                command,
                env={**os.environ, "LINEWISE_STATE": str(folder / "state"), **(environ or {})},
                stdout=log,
                stderr=log,
            )
        self.started_s = time.monotonic()

    def parts(self) -> dict[str, psutil.Process]:
        """The running processes: "camera@ID", "counter", ... and "up" itself; helpers of a part as "part+"."""
        found = {"up": psutil.Process(self.process.pid)}
        for child in found["up"].children():
            try:
                words = child.cmdline()
                name = _name(words)
                found[name] = child
                for number, helper in enumerate(child.children(recursive=True)):
                    found[f"{name}+{number}"] = helper
            except psutil.NoSuchProcess:
                continue
        return found

    def rows(self, sql: str) -> list[dict[str, Any]]:
        """Rows of the store; none while there is none."""
        if not self.store.exists():
            return []
        try:
            with closing(sqlite3.connect(f"file:{self.store}?mode=ro", uri=True, timeout=10)) as db:
                db.row_factory = sqlite3.Row
                return [dict(row) for row in db.execute(sql)]
        except sqlite3.OperationalError:  # tables are still being made
            return []

    def log(self) -> str:
        """What it has said so far."""
        return (self.folder / "log").read_text(errors="replace")

    def stop(self) -> None:
        """Ctrl-C; what does not end is killed."""
        if self.process.poll() is not None:
            return
        left = list(self.parts().values())
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(40)
        except subprocess.TimeoutExpired:
            self.process.kill()
        _, alive = psutil.wait_procs(left, timeout=5)
        for one in alive:
            one.kill()


def _name(words: list[str]) -> str:
    """Which part a command line is: `python -m linewise camera SITE ID` is camera@ID."""
    part = words[3] if len(words) > 3 else "?"
    return f"camera@{words[5]}" if part == "camera" and len(words) > 5 else part
