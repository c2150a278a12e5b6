"""The store on a disk whose n-th call fails: what boxes are told is stored is there, once, whole.

Each sixth n, or with LINEWISE_TEST_EVERY_CALL=1 every one (a minute of CPU time).
"""

import itertools
import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from dashboard.store import Store
from dashboard.work import NotStoredError, Taken
from edge.errors import InputError
from tests.dashboard.box_rows import SOURCE, batch, event, minute, row
from tests.dashboard.conftest import NOW_S
from tests.fakes.failing_disk import EVERY, Disk, calls_to_fail, failing_disk

ROWS = 24


def opened(path: Path) -> Store | None:
    """The store, or None where it can't be opened now: the collector says so, ends, and is started again."""
    try:
        return Store(path, "s", utc_s=lambda: NOW_S, spooling=True)
    except InputError as fault:
        if "can't be opened" in str(fault):
            return None
        raise


def sent(store: Store) -> list[Taken]:
    """What a box sends: the next rows after what it was told."""
    first = store.mark(SOURCE).seq + 1
    numbers = range(first, min(first + 5, ROWS + 1))
    bodies = [minute(n) if n % 4 == 0 else event(n, kind="served", wait_s=40.0) for n in numbers]
    return [batch(*(row(n, body) for n, body in enumerate(bodies, first)))]


def life(path: Path, disk: Disk, box: int) -> None:
    """A collector's work, opening, pruning and closing included; the disk is healed after `box` tries."""
    store: Store | None = None
    told = 0
    for turn in itertools.count():
        if turn == box:
            disk.heal()
        assert turn < 50, "the disk is well again, and rows still don't arrive"
        store = store or opened(path)
        if store is None:
            assert turn <= box, "a healthy disk, and the store can't be opened"
            continue
        try:
            if store.commit(sent(store)):
                told = store.mark(SOURCE).seq
                left_alone(path, told)
            store.prune()
        except NotStoredError:
            assert turn <= box, "a healthy disk, and the store can't be written"
        if turn == 5:
            store.close()
            store = None
        elif told == ROWS and turn > box:
            store.close()
            return


def left_alone(path: Path, told: int) -> None:
    """What kill -9 would leave now holds all that the box was told."""
    copy = path.with_name("copy")
    copy.mkdir()
    for part in path.parent.glob(f"{path.name}*"):
        shutil.copy(part, copy / part.name)
    with closing(sqlite3.connect(f"file:{copy / path.name}?vfs=unix", uri=True)) as db:  # on a good disk
        assert db.execute("SELECT seq FROM sources").fetchall()[0][0] >= told
        assert db.execute("SELECT count(*) FROM events").fetchone()[0] >= told - told // 4
    shutil.rmtree(copy)


def everything(path: Path) -> dict[str, Any]:
    """What the store says in the end."""
    with closing(sqlite3.connect(path)) as db:
        hours = db.execute("SELECT sum(readings), sum(joined) FROM hours").fetchone()
        waits = [json.loads(text) for (text,) in db.execute("SELECT waits FROM hours WHERE waits != '{}'")]
        return {
            "events": [n for (n,) in db.execute("SELECT seq FROM events ORDER BY seq")],
            "minutes": db.execute("SELECT count(*), sum(readings) FROM minutes").fetchone(),
            "hours": (*hours, sum(sum(one.values()) for one in waits)),
            "mark": db.execute("SELECT seq, missing FROM sources").fetchall(),
            "spool": [n for (n,) in db.execute("SELECT seq FROM spool ORDER BY seq")],
            "check": db.execute("PRAGMA integrity_check").fetchall(),
        }


EXPECTED = {
    "events": [n for n in range(1, ROWS + 1) if n % 4],
    "minutes": (ROWS // 4, 60 * ROWS // 4),
    "hours": (60 * ROWS // 4, ROWS // 4, ROWS - ROWS // 4),
    "mark": [(ROWS, 0)],
    "spool": list(range(1, ROWS + 1)),
    "check": [("ok",)],
}


@pytest.mark.slow
@pytest.mark.timeout(600 if EVERY > 1 else 7200)  # all of them, on a busy machine
@pytest.mark.parametrize(("how", "first"), [("once", 1), ("lasting", 3), ("full", 5)])
def test_whatever_call_fails(quick_path: Path, how: str, first: int, capsys: pytest.CaptureFixture[str]) -> None:
    """A call fails (once, from then on, or as on a full disk): rows are stored once, none is told early."""
    broken = 0
    for n in calls_to_fail(first):
        path = quick_path / f"{n}" / "store.sqlite3"
        path.parent.mkdir()
        with failing_disk() as disk:
            disk.arm(n, lasting=how != "once", full=how == "full")
            life(path, disk, box=8)
            calls, failed = disk.calls, list(disk.failed)
        assert everything(path) == EXPECTED, f"{how}, n = {n}: {failed[:3]}"
        assert not list(path.parent.glob("*.corrupt-*")), f"{how}, n = {n}: {failed[:3]}"
        shutil.rmtree(path.parent)
        broken += bool(failed)
        if n > calls:
            break
    with capsys.disabled():
        print(f" {broken} of {calls} calls failed ({how}): lost 0, double 0", end="")
    assert broken >= 50
