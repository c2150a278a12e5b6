"""The promise: every row that a box has committed reaches the store exactly once, whatever dies on the way."""

import json
import random
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.message_path import MessagePath, caught_up, stored

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]

Until = Callable[..., None]


@pytest.fixture
def path(broker: Any, site_id: str, quick_path: Path) -> Iterator[MessagePath]:
    """A running path."""
    made = MessagePath(broker, site_id, quick_path)
    made.start("collector")
    made.start("box")
    yield made
    made.close()


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
    rng = random.Random(7)  # other orders: python -m tests.chaos.kills --seed N
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
