"""Is a SQLite file whole, and what becomes of one that isn't: the same for a box's outbox and the collector's store.

A disk that can't be read for a moment is not a corrupt file: nothing is set aside for it.
"""

import re
import sqlite3
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

# SQLite's words for a page that it could not get: of a tree with the reason, of a list (free or overflowing) without.
_UNREAD = re.compile(r"unable to get the page\. error code=(?P<code>\d+)|failed to get page \d+")


def require_whole(db: Any) -> None:
    """Looks the whole file through, indexes against their tables too, on a connection or anything with `execute`.

    Raises:
        sqlite3.DatabaseError: the file is corrupt.
        sqlite3.OperationalError: it could not be read.
    """
    (verdict,) = db.execute("PRAGMA integrity_check(1)").fetchone()
    if verdict == "ok":
        return
    unread = _UNREAD.search(verdict)
    if unread and int(unread["code"] or sqlite3.SQLITE_IOERR) & 0xFF != sqlite3.SQLITE_CORRUPT:
        raise sqlite3.OperationalError(f"disk I/O error: {verdict}")
    raise sqlite3.DatabaseError(verdict)


def lenient_text(raw: bytes) -> str:
    """A connection's text_factory: a damaged letter stops nothing."""
    return raw.decode("utf-8", "replace")


def is_emptied(path: Path) -> bool:
    """Is the file there without a byte? SQLite takes it for a new one, but what was in it is lost."""
    return path.exists() and path.stat().st_size == 0


def set_aside(path: Path, now_s: float) -> Path:
    """Renames a corrupt file, after the journals that belong to it, to *.corrupt-<utc>; the new path."""
    stamp = datetime.fromtimestamp(now_s, UTC).strftime("%Y%m%dT%H%M%SZ")
    aside = path.with_name(f"{path.name}.corrupt-{stamp}")
    number = 1
    while aside.exists():
        number += 1
        aside = path.with_name(f"{path.name}.corrupt-{stamp}-{number}")
    for suffix in ("-journal", "-wal", "-shm", ""):
        part = path.with_name(path.name + suffix)
        if part.exists():
            part.replace(aside.with_name(aside.name + suffix))
    return aside
