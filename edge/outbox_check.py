"""Is an outbox's file sound? SQLite keeps no checksums: its tables and numbers must agree with each other."""

import re
import sqlite3
from contextlib import closing

from edge.sqlite_check import require_whole


def require_sound(db: sqlite3.Connection, schema: str) -> None:
    """Looks the file through: pages, tables (those that `schema` makes), the place and the rows.

    Raises:
        sqlite3.DatabaseError: it is corrupt.
        sqlite3.OperationalError: it could not be read.
    """
    require_whole(db)
    with closing(sqlite3.connect(":memory:")) as fresh:
        fresh.executescript(schema)
        if _tables(db) != _tables(fresh):
            raise sqlite3.DatabaseError("its tables are not those of an outbox")
    places = db.execute("SELECT epoch, last, acked FROM place").fetchall()
    if len(places) != 1 or not re.fullmatch("[0-9a-f]{16,32}", str(places[0][0])):
        raise sqlite3.DatabaseError("its epoch is missing")
    _, last, acked = places[0]
    first_row, last_row = db.execute("SELECT min(seq), max(seq) FROM rows").fetchone()
    if (acked if last_row is None else last_row) != last or (first_row is not None and first_row <= acked):
        raise sqlite3.DatabaseError(f"it has rows {first_row} to {last_row}, but should have {acked} to {last}")


def _tables(db: sqlite3.Connection) -> list[tuple[str, str]]:
    return db.execute("SELECT name, sql FROM sqlite_schema ORDER BY name").fetchall()
