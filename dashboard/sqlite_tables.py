"""The SQLite store's tables, as dashboard/writing.py writes them."""

from collections.abc import Iterable
from typing import Any

from dashboard.light_sqlite import Database
from dashboard.writing import KEYS, Row


class SqliteTables:
    """The tables of one open store."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def insert(self, table: str, rows: Iterable[Row]) -> None:
        """Adds rows."""
        rows = list(rows)
        if rows:
            self._db.table(table).insert_all(rows)

    def put(self, table: str, rows: Iterable[Row]) -> None:
        """Adds rows, each in the place of the one with the same key."""
        rows = list(rows)
        if rows:
            self._db.table(table).insert_all(rows, pk=KEYS[table], replace=True)

    def known(self, table: str, rows: Iterable[Row]) -> list[Row]:
        """The rows that are there already under the keys of these."""
        key = KEYS[table]
        asked = f"SELECT * FROM {table} WHERE " + " AND ".join(f"{name} = ?" for name in key)  # noqa: S608
        found: list[dict[str, Any]] = []
        for row in rows:
            cursor = self._db.execute(asked, [row[name] for name in key])
            columns = [column[0] for column in cursor.description]
            found += (dict(zip(columns, values, strict=True)) for values in cursor)
        return found
