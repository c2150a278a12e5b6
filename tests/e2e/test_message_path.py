"""The promise: every row that a box has committed reaches the store exactly once, whatever dies on the way."""

import json
import random
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]

PARTS = Path(__file__).parent / "path_parts.py"
Until = Callable[..., None]


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


@pytest.fixture
def path(broker: Any, site_id: str, quick_path: Path) -> Iterator[MessagePath]:
    """A running path."""
    made = MessagePath(broker, site_id, quick_path)
    made.start("collector")
    made.start("box")
    yield made
    for process in made.processes.values():
        process.kill()
        process.wait()


def test_single_deaths(path: MessagePath, until: Until) -> None:
    """Broker, collector and box are killed with -9, one after the other; every row arrives exactly once."""
    for part in ("broker", "collector", "box", "broker"):
        before = path.ledger_lines()
        until(lambda before=before: path.ledger_lines() > before + 100, "rows are made")
        path.kill(part)
        path.start(part)
    settle(path, until)


def test_overlapping_deaths(path: MessagePath, until: Until) -> None:
    """One to three parts at a time are killed at random moments; every row arrives exactly once."""
    seed = random.randrange(10**6)
    print(f"seed {seed}")
    rng = random.Random(seed)
    until(lambda: path.ledger_lines() > 50, "rows are made")
    for _ in range(6):
        time.sleep(rng.uniform(0.1, 1.5))
        victims = rng.sample(["broker", "box", "collector"], rng.randrange(1, 4))
        for part in victims:
            path.kill(part)
        time.sleep(rng.uniform(0.0, 0.5))
        for part in rng.sample(victims, len(victims)):
            path.start(part)
    before = path.ledger_lines()
    until(lambda: path.ledger_lines() > before + 20, "rows are made again")
    settle(path, until)


def test_collector_that_was_away_catches_up(path: MessagePath, until: Until) -> None:
    """Rows made while the collector is dead and the broker is killed too are all there soon after its return."""
    until(lambda: path.ledger_lines() > 50, "rows are made")
    path.kill("collector")
    path.kill("broker")
    path.start("broker")
    before = path.ledger_lines()
    until(lambda: path.ledger_lines() > before + 500, "rows are made meanwhile")
    path.start("collector")
    settle(path, until)


def test_store_that_is_lost_is_told(path: MessagePath, until: Until) -> None:
    """When the store is lost, the rows that the box no longer has are counted as missing and the rest arrives."""
    until(lambda: path.ledger_lines() > 200, "rows are made")
    until(lambda: (path.folder / "store.sqlite3").exists() and stored(path) > 100, "rows are stored")
    path.kill("collector")
    for file in path.folder.glob("store.sqlite3*"):
        file.unlink()
    path.start("collector")
    before = path.ledger_lines()
    until(lambda: path.ledger_lines() > before + 100, "rows are made again")
    (path.folder / "quiet").touch()
    until(lambda: caught_up(path) and path.figures().missing > 0, "what is there is stored", timeout_s=90)
    found = path.figures()
    print(json.dumps(found.__dict__))
    assert found.double == 0
    # a row more: the one that was committed and not in the ledger yet when the box was killed, if it was
    assert found.created <= found.stored + found.missing <= found.created + path.kills


def settle(path: MessagePath, until: Until) -> None:
    """Stops the making of rows, waits until all are stored, and checks the ledger."""
    (path.folder / "quiet").touch()
    started_s = time.monotonic()
    until(lambda: caught_up(path) and path.figures().lost == 0, "every row of the ledger is stored", timeout_s=90)
    took_s = time.monotonic() - started_s
    path.end("box")
    path.end("collector")
    found = path.figures()
    with closing(sqlite3.connect(path.folder / "outbox.sqlite3")) as db:
        (left,) = db.execute("SELECT count(*) FROM rows").fetchone()
    print(json.dumps({**found.__dict__, "left": left, "kills": path.kills, "caught_up_s": round(took_s, 1)}))
    assert (found.lost, found.double, found.missing) == (0, 0, 0)


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
