"""What the store's tests share: a wall clock that stands, and both kinds of store behind the same names."""

import secrets
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pg8000.native as pg
import pytest
from sqlite_utils import Database

from dashboard.postgres_store import PostgresStore
from dashboard.store import Store
from dashboard.stores import AnyStore
from edge.settings import DatabaseSettings, StoreSettings
from tests.dashboard.postgres_server import Server

NOW_S = 1_780_000_000.0
KEEP = StoreSettings()


class Clock:
    """The collector's wall clock."""

    now_s = NOW_S

    def __call__(self) -> float:
        """Seconds since 1970."""
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    """A clock that stands."""
    return Clock()


@dataclass(frozen=True)
class Kind:
    """A kind of store: `open(site="s", keep=...)` one and the same each time, and `rows(table)`, oldest first."""

    name: str
    open: Callable[..., AnyStore]
    rows: Callable[[str], list[dict[str, Any]]]


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Server]:
    """A PostgreSQL server."""
    server = Server("fsync=off")
    yield server
    server.stop()


@pytest.fixture
def database(postgres_server: Server) -> DatabaseSettings:
    """A new, empty database."""
    return postgres_server.database(f"d{secrets.token_hex(6)}")


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.e2e)])
def kind(request: pytest.FixtureRequest, quick_path: Path, clock: Clock) -> Kind:
    """Each test runs against both kinds of store."""
    if request.param == "sqlite":
        return sqlite_kind(quick_path / "store.sqlite3", clock)
    return postgres_kind(request.getfixturevalue("database"), clock)


def sqlite_kind(path: Path, clock: Clock) -> Kind:
    """A store in a file."""

    def open_one(site: str = "s", keep: StoreSettings = KEEP) -> AnyStore:
        return Store(path, site, utc_s=clock, keep=keep)

    def rows(table: str) -> list[dict[str, Any]]:
        with closing(sqlite3.connect(path)) as db:
            return list(Database(db).table(table).rows)

    return Kind("sqlite", open_one, rows)


def postgres_kind(database: DatabaseSettings, clock: Clock) -> Kind:
    """A store in a database."""

    def open_one(site: str = "s", keep: StoreSettings = KEEP) -> AnyStore:
        return PostgresStore(database, site, utc_s=clock, keep=keep)

    return Kind("postgres", open_one, lambda table: rows_of(database, table))


def rows_of(database: DatabaseSettings, table: str, order: str = "ctid") -> list[dict[str, Any]]:
    """A table's rows in the order in which they were written, or a view's in that of a column."""
    socket = f"{database.host}/.s.PGSQL.{database.port}"
    with pg.Connection(database.user, unix_sock=socket, database=database.database) as db:
        found = db.run(f"SELECT * FROM linewise.{table} ORDER BY {order}")  # noqa: S608
        return [dict(zip((c["name"] for c in db.columns or ()), row, strict=True)) for row in found or []]
