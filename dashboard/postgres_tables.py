"""A PostgreSQL store's tables, as dashboard/writing.py writes them: many rows are one statement and one round trip."""

import json
from collections.abc import Iterable
from typing import Any

import pg8000.native as pg

from dashboard.writing import KEYS, Row


class PostgresTables:
    """One site's rows in the tables of an open connection."""

    def __init__(self, db: pg.Connection, site: str) -> None:
        self._db = db
        self._site = site
        self._prepared: dict[str, Any] = {}

    def insert(self, table: str, rows: Iterable[Row]) -> None:
        """Adds rows."""
        self._insert(table, list(rows), "")

    def put(self, table: str, rows: Iterable[Row]) -> None:
        """Adds rows, each in the place of the one with the same key."""
        found = list(rows)
        if found:
            key = key_of(table)
            others = [name for name in found[0] if name not in key]
            told = ", ".join(f"{_name(name)} = excluded.{_name(name)}" for name in others)
            self._insert(table, found, f" ON CONFLICT ({', '.join(key)}) DO UPDATE SET {told}")

    def known(self, table: str, rows: Iterable[Row]) -> list[Row]:
        """The rows that are there already under the keys of these."""
        key = key_of(table)
        asked = [{name: self._full(row)[name] for name in key} for row in rows]
        if not asked:
            return []
        records = f"json_populate_recordset(NULL::{table}, CAST(:rows AS json))"
        return self.select(f"SELECT t.* FROM {table} t JOIN {records} k USING ({', '.join(key)})", rows=_json(asked))  # noqa: S608

    def select(self, sql: str, **values: Any) -> list[Row]:
        """Rows by their columns' names."""
        statement = self._statement(sql)
        rows = statement.run(**values)
        return [dict(zip((c["name"] for c in statement.columns), row, strict=True)) for row in rows or []]

    def change(self, sql: str, **values: Any) -> int:
        """Runs a statement; how many rows it changed."""
        statement = self._statement(sql)
        statement.run(**values)
        return int(statement._context.row_count)

    def _insert(self, table: str, rows: list[Row], more: str) -> None:
        if not rows:
            return
        full = [self._full(row) for row in rows]
        names = ", ".join(map(_name, full[0]))
        records = f"json_populate_recordset(NULL::{table}, CAST(:rows AS json))"
        sql = f"INSERT INTO {table} ({names}) SELECT {names} FROM {records}{more}"  # noqa: S608
        self._statement(sql).run(rows=_json(full))

    def _full(self, row: Row) -> Row:
        return {"site": self._site, **row}

    def _statement(self, sql: str) -> Any:
        if sql not in self._prepared:
            self._prepared[sql] = self._db.prepare(sql)
        return self._prepared[sql]


def key_of(table: str) -> tuple[str, ...]:
    """The table's primary key: the SQLite store's with the site before it."""
    return ("site", *(name for name in KEYS[table] if name != "site"))


def _name(column: str) -> str:
    return f'"{column}"'


def _json(rows: list[Row]) -> str:
    return json.dumps([{name: _plain(value) for name, value in row.items()} for row in rows], allow_nan=False)


def _plain(value: Any) -> Any:
    """PostgreSQL's texts hold no NUL, and its bytes are written in hex."""
    if isinstance(value, bytes):
        return "\\x" + value.hex()
    return value.replace("\0", "\ufffd") if isinstance(value, str) else value
