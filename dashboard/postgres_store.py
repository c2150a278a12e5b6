"""The PostgreSQL store, as the collector writes it: the database of a chain, where every site's collector writes.

It is beside the SQLite store of its machine, not in its place (docs/decisions). While the server is away nothing is
acknowledged, and the boxes keep their rows.
"""

import logging
import random
import time
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import pg8000.native as pg

from dashboard import postgres, postgres_schema, retention, writing
from dashboard.postgres_tables import PostgresTables
from dashboard.quarantine import MAX_ROWS, Quarantine
from dashboard.work import Known, Mark, NotStoredError, Source, Taken, Work, sorted_in
from edge.connection import Backoff
from edge.errors import InputError
from edge.settings import DatabaseSettings, StoreSettings

log = logging.getLogger(__name__)

KEEP = StoreSettings()
T = TypeVar("T")


class PostgresStore:
    """One site's rows in a chain's database."""

    def __init__(
        self,
        to: DatabaseSettings,
        site: str,
        *,
        utc_s: Callable[[], float],
        keep: StoreSettings = KEEP,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Connects and migrates; a server that is away is tried again with each commit, at most every few seconds.

        Raises:
            InputError: a person must mend something, or another collector writes this site.
        """
        self._to = to
        self._keep = keep
        self._site = site
        self._utc_s = utc_s
        self._clock = clock
        self._quarantine = Quarantine()
        self._known = Known()
        self._db: pg.Connection | None = None
        self._backoff = Backoff(random.Random())
        self._again_s, self._why = 0.0, ""
        try:
            self._open()
        except NotStoredError as fault:
            log.warning("%s; rows wait in the boxes", fault)

    def close(self) -> None:
        """Ends the connection; another collector may have the site."""
        if self._db is not None:
            postgres.drop(self._db)
            self._db = None

    def current_sources(self) -> set[Source]:
        """The source of each box that is known, as its last status told it; none while the server is away."""
        return {(box, row["epoch"]) for box, row in self._known.boxes.items()}

    def mark(self, source: Source) -> Mark:
        """How far a source is committed."""
        return self._known.marks.get(source, Mark())

    def commit(self, taken: Sequence[Taken]) -> set[Source]:
        """Stores all of it in one transaction; the sources to be told their mark.

        Raises:
            NotStoredError: it is not known to be stored; what was, is in the marks that are read before the next one.
        """
        work = Work(self._site, self._utc_s())

        def write(tables: PostgresTables) -> None:
            sorted_in(taken, work, self._known)
            refused = self._quarantine.rows(work)
            writing.write(tables, work)
            tables.insert("quarantine", refused)
            if refused:
                tables.change(_OLDEST_REFUSED, site=self._site)

        self._transaction(write)
        self._known.learn(work)
        return work.told

    def prune(self) -> int:
        """Takes out a part of this site's rows that are older than is to be kept; how many rows.

        Raises:
            NotStoredError: nothing is known to be taken out.
        """

        def delete(tables: PostgresTables) -> int:
            def newest_s(table: str, column: str) -> float | None:
                sql = f"SELECT max({column}) AS s FROM {table} WHERE site = :site"  # noqa: S608
                return tables.select(sql, site=self._site)[0]["s"]  # type: ignore[no-any-return]

            limits = list(retention.limits(newest_s, self._utc_s(), self._keep))
            return sum(self._delete(tables, *limit) for limit in limits)

        return self._transaction(delete)

    def _delete(self, tables: PostgresTables, table: str, column: str, before_s: float, at_once: int) -> int:
        where = f"site = :site AND {column} < CAST(:before AS double precision)"
        old = f"SELECT ctid FROM {table} WHERE {where} ORDER BY {column} LIMIT {at_once}"  # noqa: S608
        sql = f"DELETE FROM {table} WHERE ctid = ANY (ARRAY({old}))"  # noqa: S608
        return tables.change(sql, site=self._site, before=before_s)

    def _transaction(self, work: Callable[[PostgresTables], T]) -> T:
        """Runs work in a transaction; whatever fails, the connection is given up and a new one reads what is there."""
        db = self._db or self._open_again()
        try:
            db.run("BEGIN")
            result = work(self._tables)
            db.run("COMMIT")
        except postgres.FAULTS as fault:
            self._give_up()
            raise NotStoredError(str(postgres.told(self._to, fault))) from fault
        return result

    def _open_again(self) -> pg.Connection:
        if self._clock() < self._again_s:
            raise NotStoredError(self._why)
        try:
            db = self._open()
        except InputError as fault:  # somebody changed the password, or started a second collector
            raise NotStoredError(str(fault)) from fault
        log.warning("%s answers again", self._to)
        return db

    def _open(self) -> pg.Connection:
        try:
            db = postgres.connect(self._to)
            try:
                self._take(db)
            except BaseException:
                postgres.drop(db)
                raise
        except (InputError, NotStoredError) as fault:
            self._why = str(fault)
            slow = isinstance(fault, InputError) or isinstance(fault.__cause__, TimeoutError)  # others cost no time
            self._again_s = self._clock() + self._backoff.wait_s(refused=slow)
            raise
        self._db = db
        self._backoff.reset()
        return db

    def _take(self, db: pg.Connection) -> None:
        """Migrates, takes the site for this process, and reads what is committed."""
        try:
            done = postgres_schema.migrate(db)
            if done:
                log.info("%s: did %s", self._to, ", ".join(done))
            if db.run(f"SELECT pg_try_advisory_lock({postgres_schema.lock_of(self._site)})") != [[True]]:
                raise InputError(f"{self._to}: another collector writes site {self._site} into it: end it first")
            self._tables = PostgresTables(db, self._site)
            self._known = self._read()
        except postgres.FAULTS as fault:
            raise postgres.told(self._to, fault) from fault

    def _read(self) -> Known:
        def rows(table: str) -> list[dict[str, Any]]:
            return self._tables.select(f"SELECT * FROM {table} WHERE site = :site", site=self._site)  # noqa: S608

        return Known(
            marks={(r["box"], r["epoch"]): Mark(r["seq"], r["missing"]) for r in rows("sources")},
            states={r["queue"]: r["at"] for r in rows("state")},
            lines={r["line"]: r["at"] for r in rows("lines")},
            cameras={r["camera"]: r["at"] for r in rows("cameras")},
            boxes={r["box"]: r for r in rows("boxes")},
        )

    def _give_up(self) -> None:
        self.close()
        self._known = Known()  # it may have been committed or not: the next connection asks
        self._again_s = 0.0  # the first try comes at once


_OLDEST_REFUSED = f"""
DELETE FROM quarantine WHERE site = :site AND id <=
    (SELECT id FROM quarantine WHERE site = :site ORDER BY id DESC OFFSET {MAX_ROWS} LIMIT 1)
"""  # noqa: S608
