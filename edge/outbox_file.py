"""The outbox's SQLite file: its tables and what is done to them, each a transaction of its own."""

import json
import logging
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path

from edge.errors import InputError
from edge.messages import GapNote, Row
from edge.outbox_check import require_sound
from edge.sqlite_check import is_emptied, lenient_text, set_aside

log = logging.getLogger(__name__)

APPLICATION_ID = 0x4C574F42  # "LWOB"
VERSION = 1
PAGE_BYTES = 4096
MAX_DEAD_ROWS = 1000

_SCHEMA = """
CREATE TABLE place (
    id INTEGER PRIMARY KEY CHECK (id = 1), epoch TEXT NOT NULL, last INTEGER NOT NULL, acked INTEGER NOT NULL
);
CREATE TABLE rows (seq INTEGER PRIMARY KEY, kind TEXT NOT NULL, body TEXT NOT NULL);
CREATE INDEX rows_minutes ON rows (seq) WHERE kind = 'minute';
CREATE TABLE dead (seq INTEGER, kind TEXT NOT NULL, body TEXT NOT NULL, reason TEXT NOT NULL);
"""


def open_or_replace(
    path: Path, cap_bytes: int, new_epoch: Callable[[], str], utc_s: Callable[[], float]
) -> sqlite3.Connection:
    """Opens the file, creates it where missing, sets a corrupt one aside; InputError for what a person must mend."""
    if is_emptied(path):
        log.error("outbox: %s is there and empty: what was in it is lost; a new one begins", path)
    try:
        return _open(path, cap_bytes, new_epoch)
    except sqlite3.OperationalError as fault:
        if "locked" in str(fault):
            raise InputError(f"{path}: another counter is running with this outbox: end it first") from fault
        raise InputError(f"{path}: the outbox can't be opened ({fault}): make the folder writable") from fault
    except (sqlite3.DatabaseError, UnicodeDecodeError) as fault:  # SQLite's words may quote what is damaged
        log.critical("outbox: %s is corrupt (%s)", path, fault)
        return replace_corrupt(path, cap_bytes, new_epoch, utc_s)


def is_broken(fault: sqlite3.DatabaseError) -> bool:
    """Does it mean that the file is corrupt (or that its numbering is), not a slip of this program?"""
    return type(fault) in (sqlite3.DatabaseError, sqlite3.IntegrityError)


def replace_corrupt(
    path: Path, cap_bytes: int, new_epoch: Callable[[], str], utc_s: Callable[[], float]
) -> sqlite3.Connection:
    """Sets a corrupt file aside and begins a new one, whose first row says so."""
    aside = quarantine(path, utc_s)
    db = _open(path, cap_bytes, new_epoch)
    reason = f"a corrupt outbox was set aside as {aside.name}; how many rows it had left is not known"
    with _transaction(db):
        note = GapNote(first=1, last=1, reason=reason)
        db.execute("INSERT INTO rows VALUES (1, 'gap', ?)", (note.model_dump_json(),))
        db.execute("UPDATE place SET last = 1")
    return db


def quarantine(path: Path, utc_s: Callable[[], float]) -> Path:
    """Renames a corrupt file (and its journal) to *.corrupt-<utc>, says so, and gives the new path."""
    aside = set_aside(path, utc_s())
    log.critical("outbox: set aside as %s; rows in it that were not delivered yet are lost to the collector", aside)
    return aside


def _open(path: Path, cap_bytes: int, new_epoch: Callable[[], str]) -> sqlite3.Connection:
    db = sqlite3.connect(path, timeout=1.0, isolation_level=None, check_same_thread=False)
    db.text_factory = lenient_text  # a damaged letter is for the collector to refuse
    try:
        db.execute(f"PRAGMA page_size = {PAGE_BYTES}")
        db.execute("PRAGMA locking_mode = EXCLUSIVE")  # a second counter is refused, for as long as this one lives
        db.execute("PRAGMA journal_mode = PERSIST")
        db.execute("PRAGMA journal_size_limit = 1048576")
        db.execute("PRAGMA synchronous = FULL")
        db.execute(f"PRAGMA max_page_count = {cap_bytes // PAGE_BYTES}")
        db.execute("BEGIN EXCLUSIVE")
        _create_or_check(db, new_epoch)
        db.execute("COMMIT")
    except BaseException:
        db.close()
        raise
    return db


def _create_or_check(db: sqlite3.Connection, new_epoch: Callable[[], str]) -> None:
    (application,) = db.execute("PRAGMA application_id").fetchone()
    (tables,) = db.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    if application == 0 and tables == 0:
        for statement in _SCHEMA.split(";"):
            db.execute(statement)
        db.execute("INSERT INTO place VALUES (1, ?, 0, 0)", (new_epoch(),))
        db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        db.execute(f"PRAGMA user_version = {VERSION}")
        return
    (version,) = db.execute("PRAGMA user_version").fetchone()
    if application != APPLICATION_ID:
        raise sqlite3.DatabaseError("it is not a Linewise outbox")
    if version > VERSION:
        raise InputError(
            f"the outbox was written by a newer Linewise (format {version}, this one knows {VERSION}): update"
        )
    require_sound(db, _SCHEMA)


class _transaction:
    """BEGIN ... COMMIT, rolled back on any error (a rollback that SQLite has already made is none)."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def __enter__(self) -> None:
        self._db.execute("BEGIN IMMEDIATE")

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None:
                self._db.execute("COMMIT")
        finally:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")


def position(db: sqlite3.Connection) -> tuple[str, int, int]:
    """(epoch, last seq given out, last seq acknowledged)."""
    epoch, last, acked = db.execute("SELECT epoch, last, acked FROM place").fetchone()
    return epoch, last, acked


def count(db: sqlite3.Connection) -> int:
    """Rows that are not acknowledged."""
    (rows,) = db.execute("SELECT count(*) FROM rows").fetchone()
    return int(rows)


def buried(db: sqlite3.Connection) -> int:
    """Rows that have become dead letters since the file was born, those that are no longer kept among them."""
    (last,) = db.execute("SELECT coalesce(max(rowid), 0) FROM dead").fetchone()
    return int(last)


def at_cap(db: sqlite3.Connection, cap_bytes: int, fault: sqlite3.Error) -> bool:
    """Is this "full" our own cap, not the disk's end?"""
    if getattr(fault, "sqlite_errorcode", None) != sqlite3.SQLITE_FULL:
        return False
    try:
        (pages,) = db.execute("PRAGMA page_count").fetchone()
        (free,) = db.execute("PRAGMA freelist_count").fetchone()
    except sqlite3.OperationalError:  # so full that not even what was begun can be undone: the disk
        return False
    return bool(pages - free >= cap_bytes // PAGE_BYTES - 16)


def insert(db: sqlite3.Connection, last: int, lost: int, rows: Sequence[tuple[str, str]], max_row_bytes: int) -> int:
    """Appends (kind, body) rows after a gap note for `lost` ones; the new last seq. sqlite3.Error: nothing was done."""
    with _transaction(db):
        if lost:
            note = GapNote(first=last + 1, last=last + lost, reason="the disk was full and memory too")
            last += lost
            db.execute("INSERT INTO rows VALUES (?, 'gap', ?)", (last, note.model_dump_json()))
        for kind, body in rows:
            last += 1
            size = len(body.encode())
            if size <= max_row_bytes:
                db.execute("INSERT INTO rows VALUES (?, ?, ?)", (last, kind, body))
            else:
                reason = f"{size} bytes, at most {max_row_bytes} are allowed"
                log.error("outbox: row %d (%s) is refused: %s", last, kind, reason)
                db.execute("INSERT INTO rows VALUES (?, ?, ?)", (last, kind, body[:2000]))
                _bury(db, last, reason)
        db.execute("UPDATE place SET last = ?", (last,))
    return last


def read(db: sqlite3.Connection, after: int, limit: int, max_bytes: int) -> list[Row]:
    """Rows after a seq, in order: at most `limit`, and of `max_bytes` together, but one at least if there is one.

    A row that is missing in between would hold the ones behind it for ever: then the file is corrupt.
    """
    rows: list[Row] = []
    size = 0
    found = db.execute("SELECT seq, kind, body FROM rows WHERE seq > ? ORDER BY seq LIMIT ?", (after, max(limit, 0)))
    for seq, kind, body in found:
        size += len(body) + 40
        if rows and size > max_bytes:
            break
        try:
            row = Row(seq=seq, kind=kind, body=json.loads(body))
            first = GapNote.model_validate(row.body).first if kind == "gap" else seq
        except ValueError as fault:
            raise sqlite3.DatabaseError(f"row {seq} can't be read: {fault}") from fault
        if first > after + 1:
            raise sqlite3.DatabaseError(f"row {after + 1} is missing")
        rows.append(row)
        after = seq
    found.close()
    return rows


def delete_to(db: sqlite3.Connection, seq: int) -> int:
    """Deletes rows up to and including `seq`; how many."""
    with _transaction(db):
        deleted = db.execute("DELETE FROM rows WHERE seq <= ?", (seq,)).rowcount
        db.execute("UPDATE place SET acked = ?", (seq,))
    return deleted


def bury(db: sqlite3.Connection, seq: int, reason: str) -> bool:
    """Moves a row to the dead-letter table and leaves a gap note; True."""
    with _transaction(db):
        _bury(db, seq, reason)
    return True


def _bury(db: sqlite3.Connection, seq: int, reason: str) -> None:
    db.execute("INSERT INTO dead SELECT seq, kind, body, ? FROM rows WHERE seq = ?", (reason, seq))
    db.execute("DELETE FROM dead WHERE rowid <= (SELECT max(rowid) FROM dead) - ?", (MAX_DEAD_ROWS,))
    note = GapNote(first=seq, last=seq, reason=f"dead letter: {reason}"[:500])
    db.execute("UPDATE rows SET kind = 'gap', body = ? WHERE seq = ?", (note.model_dump_json(), seq))


def drop_dead(db: sqlite3.Connection, limit: int) -> int:
    """Drops the oldest dead letters; how many. The newest stays: its number says how many there were."""
    with _transaction(db):
        oldest = "SELECT rowid FROM dead WHERE rowid < (SELECT max(rowid) FROM dead) ORDER BY rowid LIMIT ?"
        return db.execute(f"DELETE FROM dead WHERE rowid IN ({oldest})", (limit,)).rowcount  # noqa: S608


def drop(db: sqlite3.Connection, kind: str, limit: int) -> int:
    """Drops the oldest rows of a kind; gap notes take their place, neighbours share one. How many were dropped."""
    with _transaction(db):
        seqs = [s for (s,) in db.execute("SELECT seq FROM rows WHERE kind = ? ORDER BY seq LIMIT ?", (kind, limit))]
        for seq in seqs:
            _drop(db, seq)
    return len(seqs)


def _drop(db: sqlite3.Connection, seq: int) -> None:
    first, last = seq, seq
    before = db.execute("SELECT seq, kind, body FROM rows WHERE seq < ? ORDER BY seq DESC LIMIT 1", (seq,)).fetchone()
    if before is not None and before[1] == "gap":
        first = json.loads(before[2])["first"]
        db.execute("DELETE FROM rows WHERE seq = ?", (before[0],))
    after = db.execute("SELECT seq, kind, body FROM rows WHERE seq > ? ORDER BY seq LIMIT 1", (seq,)).fetchone()
    if after is not None and after[1] == "gap":
        last = after[0]
        db.execute("DELETE FROM rows WHERE seq = ?", (seq,))
    note = GapNote(first=first, last=last, reason="the outbox was full")
    db.execute("UPDATE rows SET kind = 'gap', body = ? WHERE seq = ?", (note.model_dump_json(), last))


def begin_anew(db: sqlite3.Connection, epoch: str, after: int) -> bool:
    """Begins a new epoch with the rows after `after`, numbered from 1; True."""
    with _transaction(db):
        db.execute("DELETE FROM rows WHERE seq <= ?", (after,))
        kept = db.execute("SELECT kind, body FROM rows WHERE kind != 'gap' ORDER BY seq").fetchall()
        db.execute("DELETE FROM rows")
        db.executemany("INSERT INTO rows VALUES (?, ?, ?)", [(i, k, b) for i, (k, b) in enumerate(kept, 1)])
        db.execute("UPDATE place SET epoch = ?, last = ?, acked = 0", (epoch, len(kept)))
    return True
