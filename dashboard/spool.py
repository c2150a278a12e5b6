"""Rows of the SQLite store that a chain's database does not have yet, written in the transaction that commits them.

The boxes are told as soon as their rows are in the store; what the database lacks waits here, whatever becomes of the
way to it. Rows that are no longer here when their turn comes (the cap, a database restored from a copy, one that is
newer than the store) are told to it as a gap.
"""

import json
from collections.abc import Callable, Iterable

from dashboard.light_sqlite import Database
from dashboard.work import Mark, Source, Taken
from edge.messages import GapNote, Row, RowBatch

MAX_ROWS = 1_000_000  # a hundred days of a site with four queues, about half a gigabyte


class Spool:
    """What waits in one open store; all of it within the store's transactions."""

    def __init__(self, db: Database, site: str, *, most: int = MAX_ROWS) -> None:
        self._db = db
        self._site = site
        self._most = most
        self._delivered: dict[Source, int] = {}

    def add(self, accepted: Iterable[tuple[Source, Row]]) -> None:
        """Takes rows in, and out what was delivered since the last time."""
        rows = ((box, epoch, row.seq, row.kind, json.dumps(row.body)) for (box, epoch), row in accepted)
        self._db.conn.executemany("INSERT OR REPLACE INTO spool VALUES (?, ?, ?, ?, ?)", rows)
        for (box, epoch), seq in self._delivered.items():
            self._db.execute("DELETE FROM spool WHERE box = ? AND epoch = ? AND seq <= ?", [box, epoch, seq])
        newest = "(SELECT max(rowid) FROM spool)"
        self._db.execute(f"DELETE FROM spool WHERE rowid <= {newest} - ?", [self._most])  # noqa: S608

    def next(self, mark: Callable[[Source], Mark], limit: int) -> list[Taken]:
        """The oldest rows that the database, which has each source up to its mark, does not have."""
        batches: dict[Source, list[Row]] = {}
        found = self._db.execute("SELECT box, epoch, seq, kind, body FROM spool ORDER BY rowid LIMIT ?", [limit])
        for box, epoch, seq, kind, body in found.fetchall():
            rows = batches.setdefault((box, epoch), [])
            if not rows and seq > (had := mark((box, epoch)).seq) + 1:
                note = GapNote(first=had + 1, last=seq - 1, reason="no longer in the store beside this database")
                rows.append(Row(seq=seq - 1, kind="gap", body=note.model_dump()))
            rows.append(Row(seq=seq, kind=kind, body=json.loads(body)))
        return [
            Taken(RowBatch(site=self._site, box=box, epoch=epoch, rows=tuple(rows)))
            for (box, epoch), rows in batches.items()
        ]

    def delivered(self, up_to: dict[Source, int]) -> None:
        """The database has these: they go with the next transaction."""
        self._delivered = up_to

    def clear(self) -> None:
        """No database is there to wait for."""
        self._db.execute("DELETE FROM spool")
