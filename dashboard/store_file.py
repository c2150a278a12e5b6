"""The store's file: opened, created, migrated; a corrupt one is set aside, never deleted."""

import fcntl
import logging
import os
import sqlite3
import time
from pathlib import Path

from dashboard.light_sqlite import Database
from dashboard.migrations import migrations
from edge.errors import InputError
from edge.sqlite_check import is_emptied, lenient_text, require_whole, set_aside

log = logging.getLogger(__name__)

BUSY_S = 3.0  # less than the broker's patience with a silent collector
CHECK_BYTES = 128 * 2**20  # a larger store is not read through at each start: this takes a second


def lock(path: Path) -> int:
    """Takes the store for this process (a file descriptor to close at the end); InputError where another has it."""
    beside = path.with_name(path.name + ".lock")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(beside, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o640)
    except OSError as fault:
        raise InputError(f"{beside}: {fault.strerror}: make the folder writable for the collector") from fault
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as fault:
        os.close(descriptor)
        raise InputError(f"{path}: another collector writes to this store: end it first") from fault
    return descriptor


def open_or_replace(path: Path, now_s: float) -> Database:
    """The migrated database; a corrupt file is set aside first. InputError for what a person must mend."""
    if is_emptied(path):
        log.error("store: %s is there and empty: what was in it is lost; a new one begins", path)
    try:
        return _open(path)
    except sqlite3.OperationalError as fault:
        raise InputError(f"{path}: the store can't be opened ({fault}): make it and its folder writable") from fault
    except (sqlite3.DatabaseError, UnicodeDecodeError) as fault:  # SQLite's words may quote what is damaged
        log.critical("store: %s is corrupt (%s)", path, fault)
        quarantine(path, now_s)
        return _open(path)


def is_broken(fault: sqlite3.Error) -> bool:
    """Does it mean that the file is corrupt? (SQLite's CORRUPT and NOTADB come as plain DatabaseError.)"""
    return type(fault) is sqlite3.DatabaseError


def quarantine(path: Path, now_s: float) -> Path:
    """Renames a corrupt store and what belongs to it to *.corrupt-<utc>; the new path."""
    aside = set_aside(path, now_s)
    log.critical("store: set aside as %s: its history is in there, a new store begins without it", aside)
    return aside


def _open(path: Path) -> Database:
    connection = sqlite3.connect(path, timeout=BUSY_S)
    connection.text_factory = lenient_text
    try:
        database = Database(connection)
        _check(path, database)
        _switch_to_wal(database)
        database.execute("PRAGMA synchronous = FULL")
        database.execute("PRAGMA journal_size_limit = 67108864")
        migrations.apply(database)
        _check_tables(database)
    except BaseException:
        connection.close()
        raise
    return database


def _check_tables(database: Database) -> None:
    """A table or a column that has gone would stop the collector for ever: it can't be written, whatever is sent."""
    ours = Database(memory=True)
    migrations.apply(ours)
    expected, found = _columns(ours), _columns(database)
    ours.close()
    if expected - found:
        gone = ", ".join(sorted(f"{table}.{column}" for table, column in expected - found)[:3])
        raise sqlite3.DatabaseError(f"its tables are not those of a store: {gone}")


def _columns(database: Database) -> set[tuple[str, str]]:
    rows = database.execute("SELECT t.name, c.name FROM sqlite_schema t, pragma_table_info(t.name) c")
    return {(table, column) for table, column in rows}


def _switch_to_wal(database: Database) -> None:
    """The switch fails at once with "locked" while another connection looks at the file, whatever the timeout."""
    deadline_s = time.monotonic() + BUSY_S
    while True:
        try:
            (mode,) = database.execute("PRAGMA journal_mode = WAL").fetchone()
        except sqlite3.OperationalError as fault:
            if "locked" not in str(fault) or time.monotonic() > deadline_s:
                raise
            time.sleep(0.05)
            continue
        if mode != "wal":
            raise InputError(f"the store's file system can't do SQLite's WAL (it answers {mode!r}): use a local disk")
        return


def _check(path: Path, database: Database) -> None:
    names = set(database.table_names())
    if names and migrations.migrations_table not in names:
        raise InputError(f"{path} is a database of another program: name another file, or move it away")
    known = {m.name for m in migrations.pending(database)} | {m.name for m in migrations.applied(database)}
    ours = {m.name for m in migrations.pending(Database(memory=True))}
    if known - ours:
        raise InputError(f"{path} was written by a newer Linewise ({', '.join(sorted(known - ours))}): update")
    if path.stat().st_size <= CHECK_BYTES:
        require_whole(database)
