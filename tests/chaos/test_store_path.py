"""The message path while the store is held by somebody else, and while the collector is slow (faults F37, F39),
and after an hour without a broker (F16).
"""

import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psutil
import pytest

from edge.outbox import Outbox
from tests.e2e.message_path import MessagePath, caught_up, stored
from tests.e2e.path_parts import event

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]

Until = Callable[..., None]
HOUR_OF_ROWS = int(os.environ.get("LINEWISE_TEST_OUTAGE_ROWS", "3600"))  # a row a second; a box makes 0.23


@pytest.fixture
def path(mosquitto: Callable[..., Any], site_id: str, quick_path: Path) -> Iterator[MessagePath]:
    """A path whose parts are not started yet."""
    made = MessagePath(mosquitto(), site_id, quick_path)
    yield made
    made.close()


def events_stored(path: MessagePath) -> int:
    """Events in the store, asked twice a second; 0 while it has no tables."""
    time.sleep(0.5)
    try:
        with closing(sqlite3.connect(f"file:{path.folder}/store.sqlite3?mode=ro", uri=True)) as db:
            return int(db.execute("SELECT count(*) FROM events").fetchone()[0])
    except sqlite3.OperationalError:
        return 0


def memory_mb(path: MessagePath) -> dict[str, float]:
    """What each part holds in memory now."""
    pids = {"broker": path.broker.process.pid, **{part: p.pid for part, p in path.processes.items()}}
    return {part: round(psutil.Process(pid).memory_info().rss / 1e6, 1) for part, pid in pids.items()}


def settle(path: MessagePath, until: Until) -> float:
    """No more rows are made; how long it takes until all are stored, once each."""
    (path.folder / "quiet").touch()
    began_s = time.monotonic()
    until(lambda: caught_up(path) and path.figures().lost == 0, "every row is stored", timeout_s=300)
    found = path.figures()
    assert (found.lost, found.double, found.missing) == (0, 0, 0)
    return time.monotonic() - began_s


def test_a_store_that_is_held_loses_nothing(
    path: MessagePath, until: Until, capsys: pytest.CaptureFixture[str]
) -> None:
    """While another process holds the store's lock rows wait at the box; when it lets go they are stored, once."""
    path.start("collector")
    path.start("box")
    until(lambda: (path.folder / "store.sqlite3").exists() and stored(path) > 20, "rows are stored", timeout_s=120)
    began_s, before = time.monotonic(), memory_mb(path)
    with closing(sqlite3.connect(path.folder / "store.sqlite3", isolation_level=None, timeout=60)) as other:
        other.execute("BEGIN IMMEDIATE")
        had, made = stored(path), path.ledger_lines()
        until(
            lambda: path.ledger_lines() > made + 100 and time.monotonic() > began_s + 10,
            "rows are made meanwhile",
            timeout_s=300,
        )
        assert stored(path) == had
        other.execute("ROLLBACK")
    held_s = time.monotonic() - began_s
    took_s = settle(path, until)
    with capsys.disabled():
        print(f" held {held_s:.0f} s, caught up {took_s:.1f} s later, MB {before} then {memory_mb(path)}", end="")


def test_a_slow_collector_holds_back_the_box(
    path: MessagePath, until: Until, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A collector that takes 0.2 s for each commit gets every row once; what it has not taken waits in the outbox."""
    monkeypatch.setenv("LINEWISE_TEST_SLOW_S", "0.2")
    path.start("collector")
    path.start("box")
    until(lambda: path.ledger_lines() > 50, "rows are made", timeout_s=120)
    before = memory_mb(path)
    until(lambda: path.ledger_lines() > 300, "three hundred rows are made", timeout_s=300)
    after = memory_mb(path)
    took_s = settle(path, until)
    with capsys.disabled():
        print(f" {path.figures()}; caught up {took_s:.1f} s later, MB {before} then {after}", end="")


def test_an_hours_outage_is_made_up(path: MessagePath, until: Until, capsys: pytest.CaptureFixture[str]) -> None:
    """An hour of rows waits in the outbox, the broker comes back without its memory: all are stored, once, in order."""
    (path.folder / "quiet").touch()
    with closing(Outbox(path.folder / "outbox.sqlite3")) as outbox:
        for first in range(1, HOUR_OF_ROWS + 1, 400):
            outbox.append("event", [event(path.site, n) for n in range(first, first + 400)])
    numbers = range(1, HOUR_OF_ROWS + 1)
    (path.folder / "ledger").write_text("".join(f"{n}\n" for n in numbers))
    began_s = time.monotonic()
    path.start("collector")
    path.start("box")
    until(lambda: events_stored(path) >= HOUR_OF_ROWS, "an hour's rows are stored", timeout_s=800)
    took_s = time.monotonic() - began_s
    assert path.figures().lost == path.figures().double == path.figures().missing == 0
    with closing(sqlite3.connect(path.folder / "store.sqlite3")) as db:
        assert [int(n) for (n,) in db.execute("SELECT pts_s FROM events ORDER BY rowid")] == list(numbers)
    with capsys.disabled():
        print(f" {HOUR_OF_ROWS} rows in {took_s:.1f} s, both processes' start among them", end="")
