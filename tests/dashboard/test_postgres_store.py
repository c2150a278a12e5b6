"""A chain's database: its schema, its sites, its faults in words, and whatever statement fails."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pg8000.native as pg
import pytest

from dashboard.postgres_schema import MIGRATIONS, lock_of
from dashboard.postgres_store import PostgresStore
from dashboard.store import Store
from dashboard.work import Mark, NotStoredError, Taken
from edge.errors import InputError
from edge.messages import RowBatch
from edge.settings import DatabaseSettings, StoreSettings
from tests.dashboard.box_rows import SOURCE, batch, event, minute, row, status
from tests.dashboard.conftest import NOW_S, Clock, rows_of
from tests.dashboard.postgres_server import Server

pytestmark = pytest.mark.e2e


@pytest.fixture
def store(database: DatabaseSettings, clock: Clock) -> Iterator[PostgresStore]:
    """A new store of site s."""
    with closing(PostgresStore(database, "s", utc_s=clock)) as opened:
        yield opened


def test_tables_are_those_of_sqlite(store: PostgresStore, database: DatabaseSettings, quick_path: Path) -> None:
    """Every table has the SQLite store's columns, and the site, in both."""
    with closing(Store(quick_path / "store.sqlite3", "s", utc_s=lambda: NOW_S)) as beside:
        names = set(beside._db.table_names()) - {"_sqlite_migrations", "spool"}
        expected = {name: set(beside._db.table(name).columns_dict) | {"site"} for name in names}
    found: dict[str, set[str]] = {}
    with pg.Connection("boss", unix_sock=f"{database.host}/.s.PGSQL.5432", database=database.database) as db:
        for name, column in (
            db.run(
                "SELECT c.table_name, column_name FROM information_schema.columns c JOIN information_schema.tables t "
                "USING (table_schema, table_name) WHERE table_schema = 'linewise' AND table_type = 'BASE TABLE'"
            )
            or []
        ):
            found.setdefault(name, set()).add(column)
    del found["migrations"]
    found["quarantine"] -= {"id"}
    assert found == expected


def test_many_collectors_make_the_schema_once(database: DatabaseSettings) -> None:
    """Collectors of six sites that meet an empty database at once all start, and each step is done once."""
    opened: list[PostgresStore] = []
    threads = [
        threading.Thread(target=lambda n=n: opened.append(PostgresStore(database, f"s{n}", utc_s=lambda: NOW_S)))
        for n in range(6)
    ]  # fmt: skip
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(opened) == 6
    for store in opened:
        store.close()
    assert [r["name"] for r in rows_of(database, "migrations")] == [name for name, _ in MIGRATIONS]


def test_a_newer_database_is_refused(database: DatabaseSettings, postgres_server: Server) -> None:
    """A database of a newer version is left alone and the error names what is unknown."""
    PostgresStore(database, "s", utc_s=lambda: NOW_S).close()
    postgres_server.sql("INSERT INTO linewise.migrations (name) VALUES ('p999_future')", database.database)
    with pytest.raises(InputError, match=r"newer Linewise.*p999_future"):
        PostgresStore(database, "s", utc_s=lambda: NOW_S)


def test_sites_do_not_meet(store: PostgresStore, database: DatabaseSettings, clock: Clock) -> None:
    """Two sites whose boxes have one name, and even one epoch, keep their own rows, marks and retention."""
    with closing(PostgresStore(database, "t", utc_s=clock, keep=StoreSettings(minutes_days=1))) as other:
        old = minute(minute="2020-01-01T00:00:00Z")
        store.commit([batch(row(1), row(2, old), row(3, minute())), Taken(status("online"))])
        assert (other.mark(SOURCE), other.current_sources()) == (Mark(), set())
        assert other.prune() == 0
        body = {**row(1).body, "site": "t"}
        alien = RowBatch(site="t", box="b1", epoch=SOURCE[1], rows=(row(1).model_copy(update={"body": body}),))
        other.commit([Taken(alien)])
        assert [(r["site"], r["seq"]) for r in rows_of(database, "events")] == [("s", 1), ("t", 1)]
        assert len(rows_of(database, "minutes")) == 2
    assert store.prune() == 1


class Breaking:
    """A connection whose n-th call fails, before or after the server has done it."""

    def __init__(self, db: Any, n: int, *, after: bool) -> None:
        self._db, self._left, self._after = db, n, after
        self.broke = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._db, name)

    def run(self, sql: str, **values: Any) -> Any:
        """Runs a statement, or breaks."""
        return self._call(lambda: self._db.run(sql, **values))

    def execute_named(self, *arguments: Any) -> Any:
        """The same for prepared ones."""
        return self._call(lambda: self._db.execute_named(*arguments))

    def _call(self, work: Callable[[], Any]) -> Any:
        self._left -= 1
        if self._left:
            return work()
        self.broke = True
        if self._after:
            work()
        self._db.close()
        raise pg.InterfaceError("network error")


def again(store: PostgresStore, taken: list[Taken]) -> None:
    """Commits as the collector does, until it is done: a server may hold a lost connection's lock for a moment."""
    deadline_s = time.monotonic() + 60
    while True:
        try:
            store.commit(taken)
        except NotStoredError:
            assert time.monotonic() < deadline_s
            time.sleep(0.1)
        else:
            return


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_whatever_call_fails_nothing_is_lost_or_double(
    store: PostgresStore, database: DatabaseSettings, make_reading: Callable[..., Any], after: bool
) -> None:
    """The n-th call of a commit fails, for every n, done by the server or not: sent again, all is there once."""
    n, seq = 0, 0
    while True:
        n += 1
        seq += 3
        rows = [row(seq - 2), row(seq - 1, minute(0)), row(seq, event(seq, kind="served", wait_s=40.0))]
        taken = [Taken(make_reading("s", seq, utc_s=NOW_S + seq)), Taken(status("online", number=seq)), batch(*rows)]
        store.commit([])  # a good connection
        breaking = Breaking(store._db, n, after=after)
        store._db = store._tables._db = breaking  # type: ignore[assignment]
        for statement in store._tables._prepared.values():
            statement.con = breaking
        try:
            store.commit(taken)
        except NotStoredError:
            again(store, taken)
        if not breaking.broke:
            break
    print(f"{n - 1} calls failed")
    assert n > 10
    assert store.mark(SOURCE) == Mark(seq, 0)
    assert len(rows_of(database, "events")) == 2 * n
    assert sum(r["readings"] for r in rows_of(database, "minutes")) == 60 * n
    assert sum(r["readings"] for r in rows_of(database, "hours")) == 60 * n
    assert [r["waits"] for r in rows_of(database, "hours")] == [f'{{"30":{n}}}']


def test_a_server_that_is_away_is_waited_for(clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    """A collector starts without the server, tries now and then, and stores when it has come."""
    server, now = Server("fsync=off"), [0.0]
    try:
        server.kill()
        store = PostgresStore(server.settings, "s", utc_s=clock, clock=lambda: now[0])
        assert "does not answer" in caplog.text
        with pytest.raises(NotStoredError, match="does not answer"):
            store.commit([batch(row(1))])
        server.start()
        with pytest.raises(NotStoredError, match="does not answer"):
            store.commit([batch(row(1))])  # not yet time to try again
        now[0] += 6.0
        with caplog.at_level(logging.WARNING):
            assert store.commit([batch(row(1))]) == {SOURCE}
        assert "answers again" in caplog.text
        store.close()
    finally:
        server.stop()


def test_a_lock_is_a_sites_own() -> None:
    """Two sites have two locks, and a site always the same."""
    assert lock_of("a") == lock_of("a") != lock_of("b")
    assert all(-(2**63) <= lock_of(f"s{n}") < 2**63 for n in range(100))


PASSWORD = "S3CR3T-canary"


@pytest.fixture(scope="module")
def guarded() -> Iterator[Server]:
    """A server that asks for passwords on a socket, but for its superuser."""
    server = Server("fsync=off", hba="local all boss trust\nlocal postgres shut reject\nlocal all all scram-sha-256\n")
    server.sql(f"CREATE USER lw PASSWORD '{PASSWORD}'")
    server.sql("CREATE USER shut")
    server.sql("CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0")
    yield server
    server.stop()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"password": PASSWORD + "x"}, "look at user and password"),
        ({"password": None}, "look at user and password"),
        ({"database": "nowhere"}, "create the database"),
        ({"database": "latin"}, "ENCODING 'UTF8'"),
        ({"user": "shut"}, "pg_hba.conf"),
        ({}, "permission denied for database postgres: give the user the rights"),
    ],
)
def test_what_people_must_mend_is_told(guarded: Server, changes: dict[str, Any], said: str) -> None:
    """Each fault names the database, what the server says and what to do, and never the password."""
    to = replace(guarded.settings, user="lw", password=PASSWORD)
    with pytest.raises(InputError) as caught:
        PostgresStore(replace(to, **changes), "s", utc_s=lambda: NOW_S)
    assert said in str(caught.value)
    assert str(caught.value).startswith("postgresql://")
    assert PASSWORD not in f"{caught.value}"


def test_a_password_that_changes_is_not_the_end(guarded: Server, clock: Clock) -> None:
    """A collector whose password is taken away says so with every try, and goes on when it is given back."""
    guarded.sql("CREATE DATABASE own OWNER lw")
    now = [0.0]
    to = replace(guarded.settings, database="own", user="lw", password=PASSWORD)
    with closing(PostgresStore(to, "s", utc_s=clock, clock=lambda: now[0])) as store:
        guarded.sql("ALTER USER lw PASSWORD 'another'")
        guarded.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'lw'")
        for said in ("is gone", "look at user and password"):
            with pytest.raises(NotStoredError, match=said):
                store.commit([batch(row(1))])
        guarded.sql(f"ALTER USER lw PASSWORD '{PASSWORD}'")
        now[0] += 60.0
        assert store.commit([batch(row(1))]) == {SOURCE}
