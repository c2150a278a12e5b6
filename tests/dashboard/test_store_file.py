"""The SQLite store's file: held by others, broken, another program's, a newer one's."""

import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlite_utils import Database

from dashboard.store import Store
from dashboard.work import Mark, NotStoredError
from edge.errors import InputError
from edge.messages import BoxStatus, CameraHealth, QueueReading
from tests.dashboard.box_rows import SOURCE, batch, event, row
from tests.dashboard.conftest import Clock


@pytest.fixture
def store(quick_path: Path, clock: Clock) -> Iterator[Store]:
    """A new store of site s."""
    with closing(Store(quick_path / "store.sqlite3", "s", utc_s=clock)) as opened:
        yield opened


def table(store: Store, name: str) -> list[dict[str, Any]]:
    return list(Database(sqlite3.connect(store.path)).table(name).rows)


def test_reader_that_holds_the_file_loses_nothing(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """While another process holds the file a commit fails whole, and the same rows are taken later."""
    store._db.execute("PRAGMA busy_timeout = 50")
    with closing(sqlite3.connect(store.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(NotStoredError, match="locked"):
            store.commit([batch(row(1))])
        assert store.mark(SOURCE) == Mark(0, 0)
        other.execute("ROLLBACK")
    store.commit([batch(row(1))])
    assert len(table(store, "events")) == 1


@pytest.mark.parametrize("seed", range(6))
def test_broken_file_is_set_aside_never_deleted(quick_path: Path, clock: Clock, seed: int) -> None:
    """Whatever is broken in the file, the collector starts; what it can't read is kept beside under another name."""
    path = quick_path / "store.sqlite3"
    with closing(Store(path, "s", utc_s=clock)) as first:
        first.commit([batch(*(row(n, event(n, text="x" * 200)) for n in range(1, 200)))])
    rng = random.Random(seed)
    blob = bytearray(path.read_bytes())
    if seed % 2:
        blob = blob[: rng.randrange(1, len(blob))]
    else:
        start = rng.randrange(0, len(blob) - 3000)
        blob[start : start + 3000] = rng.randbytes(3000)
    path.write_bytes(blob)
    with closing(Store(path, "s", utc_s=clock)) as second:
        second.commit([batch(row(1))])
        aside = [p for p in quick_path.glob("*.corrupt-*Z") if p.read_bytes()[:100] == bytes(blob[:100])]
        if store_is_new := len(table(second, "events")) == 1:
            assert len(aside) == 1
        assert store_is_new or second.mark(SOURCE).seq == 199


def test_break_at_run_time_begins_anew(store: Store, quick_path: Path) -> None:
    """A store that breaks while it is open is set aside and the collector goes on with a new one."""
    store.commit([batch(*(row(n, event(n, text="x" * 500)) for n in range(1, 300)))])
    store._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    store._db.conn.close()
    blob = bytearray(store.path.read_bytes())
    blob[4096:] = b"\xff" * (len(blob) - 4096)
    store.path.write_bytes(blob)
    store._db = Database(sqlite3.connect(store.path))
    assert store.commit([batch(row(300))]) == set()
    assert store.mark(SOURCE) == Mark(0, 0)
    assert len(list(quick_path.glob("*.corrupt-*Z"))) == 1
    store.commit([batch(row(1))])
    assert len(table(store, "events")) == 1


def test_foreign_database_is_refused(quick_path: Path, clock: Clock) -> None:
    """A database of another program is not touched."""
    path = quick_path / "store.sqlite3"
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE wine (year)")
    with pytest.raises(InputError, match="another program"):
        Store(path, "s", utc_s=clock)
    assert path.read_bytes()[18] == 1  # still without WAL


def test_newer_store_is_refused(quick_path: Path, clock: Clock) -> None:
    """A store of a newer version is left alone and the error names what is unknown."""
    path = quick_path / "store.sqlite3"
    Store(path, "s", utc_s=clock).close()
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("INSERT INTO _sqlite_migrations (migration_set, name) VALUES ('linewise', 'm999_future')")
    with pytest.raises(InputError, match=r"newer Linewise.*m999_future"):
        Store(path, "s", utc_s=clock)


def test_columns_are_those_of_the_messages(store: Store) -> None:
    """Every field of a reading, a health and a status has its column, so none is lost on the way."""
    for name, model in (("state", QueueReading), ("cameras", CameraHealth), ("boxes", BoxStatus)):
        columns = set(store._db.table(name).columns_dict)
        assert columns == (set(model.model_fields) - {"schema_"}) | {"received_s"}
