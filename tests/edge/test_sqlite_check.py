"""A file that is looked through: whole, corrupt, or not to be read now, told apart whichever call fails."""

import itertools
import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from edge.sqlite_check import require_whole
from tests.fakes.failing_disk import failing_disk


@pytest.fixture
def path(quick_path: Path) -> Path:
    """A database with trees of several levels, rows that overflow their page, and free pages."""
    made = quick_path / "db.sqlite3"
    with closing(sqlite3.connect(made)) as db, db:
        db.execute("CREATE TABLE rows (n INTEGER PRIMARY KEY, body TEXT)")
        db.executemany("INSERT INTO rows VALUES (?, ?)", ((n, "x" * (900 if n % 9 else 20_000)) for n in range(90)))
        db.execute("CREATE INDEX bodies ON rows (substr(body, 1, 500), n)")
        db.execute("DELETE FROM rows WHERE n % 7 = 0")
    return made


@contextmanager
def opened(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection that reads every page from the disk, each time."""
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA cache_size = 1")
        yield db


def test_a_failed_read_is_not_a_corrupt_file(path: Path) -> None:
    """Each read in turn fails: that is a fault of the disk, never a corrupt file; without a fault the file is whole."""
    unread = 0
    for n in itertools.count(1):
        with failing_disk() as disk, opened(path) as db:
            disk.arm(n)
            try:
                require_whole(db)
            except sqlite3.OperationalError:
                unread += 1
            if not disk.failed:
                break
    assert unread > 50, f"only {unread} of {n} reads failed"


@pytest.mark.parametrize("seed", range(10))
def test_a_corrupt_file_is_told(path: Path, seed: int) -> None:
    """Pages of nonsense are a corrupt file, not a fault of the disk."""
    rng = random.Random(seed)
    blob = bytearray(path.read_bytes())
    for page in rng.sample(range(1, len(blob) // 4096), 8):
        blob[page * 4096 : page * 4096 + 4096] = rng.randbytes(4096)
    path.write_bytes(blob)
    with opened(path) as db, pytest.raises(sqlite3.DatabaseError) as caught:
        require_whole(db)
    assert type(caught.value) is sqlite3.DatabaseError
