"""The SQLite store, as the collector writes it: one transaction for all that arrived together.

dashboard/work.py says what is written, dashboard/writing.py puts it into the tables, dashboard/retention.py takes old
rows out.
"""

import logging
import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from dashboard import retention, store_file, writing
from dashboard.light_sqlite import Database
from dashboard.quarantine import MAX_ROWS, Quarantine
from dashboard.spool import Spool
from dashboard.sqlite_tables import SqliteTables
from dashboard.work import Known, Mark, NotStoredError, Source, Taken, Work, sorted_in
from edge.settings import StoreSettings

log = logging.getLogger(__name__)

KEEP = StoreSettings()


class Store:
    """The store of one site, open for writing; one per file, whatever the process."""

    def __init__(
        self, path: Path, site: str, *, utc_s: Callable[[], float], keep: StoreSettings = KEEP, spooling: bool = False
    ) -> None:
        """Opens, migrates, or sets a corrupt file aside; InputError when another collector has it.

        spooling: rows are kept in `spool` until they are said to be delivered to a chain's database.
        """
        self.path = path
        self._site = site
        self._utc_s = utc_s
        self._keep = keep
        self._spooling = spooling
        self._quarantine = Quarantine()
        self._lock = store_file.lock(path)
        try:
            self._open()
        except BaseException:
            os.close(self._lock)
            raise

    def _open(self) -> None:
        try:
            self._load(store_file.open_or_replace(self.path, self._utc_s()))
        except sqlite3.DatabaseError as fault:
            self._replace_if_broken(fault)

    def _load(self, db: Database) -> None:
        self._db = db
        self._spool = Spool(db, self._site)
        if not self._spooling:
            with db.atomic():
                self._spool.clear()
        here = ("site = ?", [self._site])
        self._known = Known(
            marks={(r["box"], r["epoch"]): Mark(r["seq"], r["missing"]) for r in db.table("sources").rows},
            states={r["queue"]: r["at"] for r in db.table("state").rows_where(*here)},
            lines={r["line"]: r["at"] for r in db.table("lines").rows_where(*here)},
            cameras={r["camera"]: r["at"] for r in db.table("cameras").rows_where(*here)},
            boxes={r["box"]: r for r in db.table("boxes").rows_where(*here)},
        )

    def close(self) -> None:
        """Closes the file and lets another collector have it."""
        self._db.close()
        os.close(self._lock)

    def current_sources(self) -> set[Source]:
        """The source of each box that is known, as its last status told it."""
        return {(box, row["epoch"]) for box, row in self._known.boxes.items()}

    def mark(self, source: Source) -> Mark:
        """How far a source is committed."""
        return self._known.marks.get(source, Mark())

    def commit(self, taken: Sequence[Taken]) -> set[Source]:
        """Stores all of it in one transaction (synced to the disk); the sources to be told their mark.

        Raises:
            NotStoredError: nothing was stored; the disk is full or the file is held (boxes send again).
        """
        work = sorted_in(taken, Work(self._site, self._utc_s()), self._known)
        try:
            with self._transaction():
                self._write(work)
        except sqlite3.DatabaseError as fault:
            self._replace_if_broken(fault)
            return set()
        self._known.learn(work)
        return work.told

    def prune(self) -> int:
        """Takes out a part of what is older than is to be kept, in one small transaction; how many rows.

        Raises:
            NotStoredError: nothing was taken out.
        """
        try:
            with self._transaction():
                return retention.prune(self._db, self._utc_s(), self._keep)
        except sqlite3.DatabaseError as fault:
            self._replace_if_broken(fault)
            return 0

    def waiting(self, mark: Callable[[Source], Mark], limit: int) -> list[Taken]:
        """The oldest rows that a database which has each source up to its mark lacks.

        Raises:
            NotStoredError: they can't be read now.
        """
        try:
            return self._spool.next(mark, limit)
        except sqlite3.OperationalError as fault:
            raise NotStoredError(f"{self.path}: {fault}") from fault
        except sqlite3.DatabaseError as fault:
            self._replace_if_broken(fault)
            return []

    def delivered(self, up_to: dict[Source, int]) -> None:
        """The database has each source's rows up to there."""
        self._spool.delivered(up_to)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        try:
            with self._db.atomic():
                yield
        except sqlite3.OperationalError as fault:
            raise NotStoredError(f"{self.path}: {fault}") from fault

    def _replace_if_broken(self, fault: sqlite3.DatabaseError) -> None:
        if not store_file.is_broken(fault):
            raise fault
        log.critical("store: %s is corrupt (%s)", self.path, fault)
        self._db.close()
        store_file.quarantine(self.path, self._utc_s())
        self._load(store_file.open_or_replace(self.path, self._utc_s()))

    def _write(self, work: Work) -> None:
        tables = SqliteTables(self._db)
        refused = self._quarantine.rows(work)
        writing.write(tables, work)
        tables.insert("quarantine", refused)
        if self._spooling:
            self._spool.add(work.accepted)
        if refused:
            oldest = "(SELECT max(rowid) FROM quarantine)"
            self._db.execute(f"DELETE FROM quarantine WHERE rowid <= {oldest} - ?", [MAX_ROWS])  # noqa: S608
