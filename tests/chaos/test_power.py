"""After a power cut at any moment no committed row is lost, and the files open (fault F34)."""

import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from dashboard.store import Store
from edge.outbox import Outbox
from tests.chaos.power import Step, command, disk_after, read_trace

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(400)]
ROWS = 120
CUTS = int(os.environ.get("LINEWISE_TEST_CUTS", "150"))  # more by night
SEED = 7  # of the cuts; another one cuts elsewhere
ROOT = Path(__file__).parent.parent.parent


def traced(kind: str, folder: Path, trace: Path) -> list[Step]:
    """The steps of a process that commits ROWS rows on a real disk."""
    folder.mkdir()
    program = (sys.executable, "-m", "tests.chaos.power_writer", kind, str(folder), str(ROWS))
    subprocess.run(command(trace, *program), check=True, cwd=ROOT, timeout=200)
    steps = read_trace(trace, folder, "ledger")
    assert sum(step.kind == "sync" for step in steps) > ROWS  # each commit was synced
    return steps


def cuts(steps: list[Step], folder: Path, seed: int) -> "list[tuple[Path, set[int]]]":
    """CUTS disks after a cut at random, and the rows that had been promised."""
    rng = random.Random(seed)
    made = []
    for number in range(CUTS):
        disk, promised = disk_after(steps, rng.randrange(len(steps) + 1), rng)
        place = folder / f"cut{number}"
        place.mkdir()
        for name, content in disk.items():
            (place / name).write_bytes(content)
        made.append((place, {int(line) for line in promised.split()}))
    return made


def test_an_outbox_keeps_every_committed_row(tmp_path: Path, quick_path: Path) -> None:
    """After each cut the outbox opens under its epoch with every promised row that had not been acknowledged."""
    steps = traced("outbox", tmp_path / "box", tmp_path / "trace")
    lost = rows = 0
    epochs = set()
    for place, promised in cuts(steps, quick_path, SEED):
        with closing(Outbox(place / "outbox.sqlite3")) as outbox:
            kept = {row.seq for row in outbox.batch(1000, 10_000_000)}
            lost += len({n for n in promised if n > outbox.acked} - kept)
            rows += len(promised)
            if promised:
                epochs.add(outbox.epoch)
        assert sound(place / "outbox.sqlite3")
        assert not list(place.glob("*.corrupt-*"))
        shutil.rmtree(place)
    print(json.dumps({"seed": SEED, "cuts": CUTS, "committed_rows": rows, "lost": lost}))
    assert lost == 0
    assert len(epochs) == 1


def test_a_store_keeps_what_it_acknowledged(tmp_path: Path, quick_path: Path) -> None:
    """After each cut the store opens, is sound, and has every row that the collector would have acknowledged, once."""
    steps = traced("store", tmp_path / "collector", tmp_path / "trace")
    lost = double = rows = 0
    for place, promised in cuts(steps, quick_path, SEED):
        with closing(Store(place / "store.sqlite3", "s", utc_s=time.time)) as store:
            acked = store.mark(("b1", "0" * 16)).seq if promised else 0
        with closing(sqlite3.connect(place / "store.sqlite3")) as db:
            events = [int(n) for (n,) in db.execute("SELECT pts_s FROM events")]
            minutes = [(int(m / 60), n) for m, n in db.execute("SELECT minute_s, readings FROM minutes")]
        kept = events + [n for n, _ in minutes]
        lost += len(promised - set(kept))
        double += len(kept) - len(set(kept)) + sum(n - 1 for _, n in minutes)
        rows += len(promised)
        assert acked >= max(promised, default=0)
        assert sound(place / "store.sqlite3")
        shutil.rmtree(place)
    print(json.dumps({"seed": SEED, "cuts": CUTS, "committed_rows": rows, "lost": lost, "double": double}))
    assert (lost, double) == (0, 0)


def sound(file: Path) -> bool:
    """Does SQLite find it whole?"""
    with closing(sqlite3.connect(file)) as db:
        return [row[0] for row in db.execute("PRAGMA integrity_check")] == ["ok"]


def test_the_model_loses_what_was_not_synced() -> None:
    """A file that was written and never synced may be gone, torn or there; one that was synced is there."""
    steps = [Step("write", "a", 0, b"x" * 2048), Step("sync", "a"), Step("write", "a", 0, b"y" * 2048)]
    seen = {disk_after(steps, 3, random.Random(seed))[0]["a"] for seed in range(200)}
    assert b"x" * 2048 in seen
    assert b"y" * 2048 in seen
    assert any(content.startswith(b"y") and content.endswith(b"x") for content in seen)
    unsynced = [disk_after(steps[:1], 1, random.Random(seed))[0] for seed in range(50)]
    assert {} in unsynced
