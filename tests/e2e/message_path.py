"""The message path as processes: a broker, a box and a collector that can be killed, hung and compared."""

import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PARTS = Path(__file__).parent / "path_parts.py"


@dataclass(frozen=True)
class Figures:
    """What the ledger and the store say together."""

    created: int
    stored: int
    lost: int
    double: int
    missing: int


class MessagePath:
    """A broker, a box and a collector as processes that can be killed and started again."""

    def __init__(self, broker: Any, site: str, folder: Path) -> None:
        self.broker = broker
        self.site = site
        self.folder = folder
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.kills = 0

    def start(self, part: str) -> None:
        """Starts "broker", "box" or "collector"."""
        if part == "broker":
            self.broker.start()
            return
        command = (sys.executable, str(PARTS), part, self.site, str(self.broker.port), str(self.folder))
        self.processes[part] = subprocess.Popen(command)

    def kill(self, part: str) -> None:
        """SIGKILL."""
        self.kills += 1
        if part == "broker":
            self.broker.kill()
            return
        self.processes[part].kill()
        self.processes[part].wait()

    def pause(self, part: str) -> None:
        """SIGSTOP: the part hangs, its connections stay open."""
        self._process(part).send_signal(signal.SIGSTOP)

    def go_on(self, part: str) -> None:
        """SIGCONT."""
        self._process(part).send_signal(signal.SIGCONT)

    def _process(self, part: str) -> subprocess.Popen[bytes]:
        process: subprocess.Popen[bytes] = self.broker.process if part == "broker" else self.processes[part]
        return process

    def close(self) -> None:
        """Kills what is left of the box and the collector."""
        for process in self.processes.values():
            process.kill()
            process.wait()

    def end(self, part: str) -> None:
        """SIGTERM; it must end by itself."""
        process = self.processes.pop(part)
        process.terminate()
        assert process.wait(20) == 0

    def figures(self) -> Figures:
        """Compares the ledger with the store. A row committed but killed before its ledger line is no fault."""
        path = self.folder / "ledger"
        created = [int(line) for line in path.read_text().split()] if path.exists() else []
        numbers: list[int] = []
        double = missing = 0
        with closing(sqlite3.connect(f"file:{self.folder}/store.sqlite3?mode=ro", uri=True)) as db:
            numbers += [int(n) for (n,) in db.execute("SELECT pts_s FROM events")]
            for minute_s, readings in db.execute("SELECT minute_s, readings FROM minutes"):
                numbers.append(int(minute_s / 60))
                double += readings - 1
            (missing,) = db.execute("SELECT coalesce(sum(missing), 0) FROM sources").fetchone()
        double += len(numbers) - len(set(numbers))
        return Figures(len(created), len(set(numbers)), len(set(created) - set(numbers)), double, missing)

    def ledger_lines(self) -> int:
        """Rows created so far."""
        path = self.folder / "ledger"
        return path.read_bytes().count(b"\n") if path.exists() else 0


def caught_up(path: MessagePath) -> bool:
    """Does the store account for as many rows as the ledger has?"""
    if not (path.folder / "store.sqlite3").exists():
        return False
    try:
        found = path.figures()
    except sqlite3.OperationalError:  # the collector has not made its tables yet
        return False
    return found.stored + found.missing >= found.created


def stored(path: MessagePath) -> int:
    """Rows in the store, 0 while there are no tables."""
    try:
        return path.figures().stored
    except sqlite3.OperationalError:
        return 0
