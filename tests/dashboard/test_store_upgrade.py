"""A store of any earlier version is brought up to date with all its rows (fault F41)."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from sqlite_utils import Database

from dashboard.migrations import migrations
from dashboard.store import Store
from tests.dashboard.box_rows import SOURCE, batch, row
from tests.dashboard.conftest import NOW_S

ROOT = Path(__file__).parent.parent.parent
STEPS = [step.name for step in migrations.pending(Database(memory=True))]
EVERY = os.environ.get("LINEWISE_TEST_EVERY_CALL", "40")  # 1: SIGTERM at each statement in turn, the whole test
FIRST_WITH_EVENTS = 2  # the steps that make `events` and `sources` are done


def old_store(path: Path, steps: int) -> None:
    """A store as a version with so many steps left it: with rows of a box."""
    with closing(Database(path)) as db:
        migrations.apply(db, stop_before=STEPS[steps] if steps < len(STEPS) else None)
        for seq in (1, 2, 3):
            at = {"box": SOURCE[0], "epoch": SOURCE[1], "seq": seq}
            db.table("events").insert({"site": "s", "queue": "q1", "kind": "joined", "at_s": NOW_S + seq, **at})
        db.table("sources").insert({"box": SOURCE[0], "epoch": SOURCE[1], "seq": 3, "missing": 0})


@pytest.mark.parametrize("steps", range(FIRST_WITH_EVENTS, len(STEPS) + 1))
def test_an_older_store_keeps_its_rows(quick_path: Path, steps: int) -> None:
    """Each earlier version's store opens with its rows, takes new ones after them; what comes twice is there once."""
    path = quick_path / "store.sqlite3"
    old_store(path, steps)
    with closing(Store(path, "s", utc_s=lambda: NOW_S)) as store:
        assert store.mark(SOURCE).seq == 3
        store.commit([batch(row(2), row(3), row(4))])
    with closing(sqlite3.connect(path)) as db:
        assert [seq for (seq,) in db.execute("SELECT seq FROM events ORDER BY seq")] == [1, 2, 3, 4]
        assert {name for (name,) in db.execute("SELECT name FROM _sqlite_migrations")} == set(STEPS)


@pytest.mark.slow
def test_sigterm_in_the_middle_of_a_migration(quick_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """At whatever statement SIGTERM comes, the collector ends, and the next one has every row once (fault F33)."""
    command = (sys.executable, "-m", "tests.dashboard.ended_migrations", str(quick_path), EVERY)
    told = subprocess.run(command, check=True, capture_output=True, text=True, timeout=600, cwd=ROOT)
    found = json.loads(told.stdout)
    with capsys.disabled():
        print(f" {found}", end="")
    assert found["statements"] > 50
    for way, code in (("not yet", -signal.SIGTERM), ("listening", 0)):
        assert (found[way]["codes"], found[way]["wrong"]) == ([code], [])
