"""Ends a collector in the middle of a migration (fault F33): `python -m tests.dashboard.ended_migrations FOLDER EVERY`.

A store of the first version that kept rows is opened by a child that gets SIGTERM at its n-th SQL statement, for each
EVERY-th n: once as before the collector listens to signals, which ends it on the spot, and once as it runs. Then the
store is opened again, takes what follows, and must hold each row once. Prints a line of JSON. It forks, and so it is a
process of its own.
"""

import itertools
import json
import os
import signal
import sqlite3
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from dashboard.collector import run_collector
from dashboard.store import Store
from edge.settings import MqttSettings, Site
from linewise.process import set_up
from tests.dashboard.box_rows import SOURCE, batch, row
from tests.dashboard.conftest import NOW_S
from tests.dashboard.test_store_upgrade import FIRST_WITH_EVENTS, STEPS, old_store

DEADLINE_S = 60.0


def main() -> None:
    """Prints what came of it."""
    folder, every = Path(sys.argv[1]), int(sys.argv[2])
    statements = opened(old_one(folder / "whole"), None)
    numbers = range(1, statements + 1, every)
    ways = {"statements": statements}
    ways |= {str(how): tried(folder, numbers, listening=how == "listening") for how in ("not yet", "listening")}
    print(json.dumps(ways))


def tried(folder: Path, numbers: range, *, listening: bool) -> dict[str, Any]:
    """How the children ended, what is wrong with their stores, and the longest time that one took to end."""
    codes, wrong, longest_s = list[int](), list[str](), 0.0
    for n in numbers:
        path = old_one(folder / f"{listening}-{n}")
        began_s = time.monotonic()
        codes.append(ended(path, n, listening=listening))
        longest_s = max(longest_s, time.monotonic() - began_s)
        wrong += [f"statement {n}: {words}" for words in faults(path)]
    return {"tried": len(codes), "codes": sorted(set(codes)), "wrong": wrong, "longest_s": round(longest_s, 2)}


def old_one(folder: Path) -> Path:
    """An old store in a folder of its own."""
    folder.mkdir()
    old_store(folder / "store.sqlite3", FIRST_WITH_EVENTS)
    return folder / "store.sqlite3"


def ended(path: Path, n: int, *, listening: bool) -> int:
    """The exit code of a collector that gets SIGTERM at the store's n-th statement; minus the signal that ended it."""
    child = os.fork()
    if child == 0:
        code = 4
        try:
            if listening:
                collect(path, n)
            else:
                opened(path, n)
            code = 0
        finally:
            os._exit(code)  # a fork must not go on as its parent
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def opened(path: Path, n: int | None) -> int:
    """Opens and migrates the store; gets SIGTERM at the n-th statement. How many statements there were."""
    with trap(n) as count:
        Store(path, "s", utc_s=lambda: NOW_S).close()
    return next(count) - 1


def collect(path: Path, n: int) -> None:
    """The collector from its start to its end, which is SIGTERM at the n-th statement."""
    stop = set_up("collector")
    site = Site("s", "S", "UTC", "b1", path, "0" * 64, cameras=(), queues=())
    guard = threading.Timer(DEADLINE_S, os._exit, (5,))
    guard.start()
    with trap(n):
        run_collector(site, mqtt=MqttSettings("127.0.0.1", 1), store=path, stop=stop)
    guard.cancel()


@contextmanager
def trap(n: int | None) -> Iterator["itertools.count[int]"]:
    """SIGTERM to this process when SQLite begins the n-th statement; counts them, from 1 on."""
    counter, connect = itertools.count(1), sqlite3.connect

    def traced(_sql: str) -> None:
        if next(counter) == n:
            os.kill(os.getpid(), signal.SIGTERM)

    def connected(*arguments: Any, **options: Any) -> sqlite3.Connection:
        db: sqlite3.Connection = connect(*arguments, **options)
        db.set_trace_callback(traced)
        return db

    sqlite3.connect = connected
    yield counter
    sqlite3.connect = connect


def faults(path: Path) -> list[str]:
    """What is wrong with the store after the next start, in words."""
    with closing(Store(path, "s", utc_s=lambda: NOW_S)) as store:
        store.commit([batch(row(2), row(3), row(4))])
    with closing(sqlite3.connect(path)) as db:
        seqs = [seq for (seq,) in db.execute("SELECT seq FROM events WHERE box = ? ORDER BY seq", SOURCE[:1])]
        steps = {name for (name,) in db.execute("SELECT name FROM _sqlite_migrations")}
        (whole,) = db.execute("PRAGMA integrity_check").fetchone()
    wrong = [] if seqs == [1, 2, 3, 4] else [f"its rows are {seqs}"]
    wrong += [] if steps == set(STEPS) else [f"it lacks {set(STEPS) - steps}"]
    wrong += [] if whole == "ok" else [f"it is damaged: {whole}"]
    return wrong + [f"{p.name} was set aside" for p in path.parent.glob("*.corrupt-*")]


if __name__ == "__main__":
    main()
