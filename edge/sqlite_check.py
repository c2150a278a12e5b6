"""Is a SQLite file whole? A disk that can't be read for a moment is not a corrupt file: nothing is set aside for it."""

import re
import sqlite3
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
