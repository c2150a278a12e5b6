"""The SQLite store, as the collector writes it: one transaction for all that arrived together.

dashboard/work.py says what is written, dashboard/hours.py keeps the hours beside the minutes, dashboard/retention.py
takes old rows out.
"""

import logging
import os
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path

from dashboard import retention, store_file
from dashboard.hours import add_to_hours, add_to_line_hours
from dashboard.light_sqlite import Database
from dashboard.store_rows import add_line_minute, add_minute, put
from dashboard.work import Known, Mark, Source, Taken, Work, sort_in
from edge.settings import StoreSettings

log = logging.getLogger(__name__)

KEEP = StoreSettings()
MAX_QUARANTINE = 1000
QUARANTINE_PER_MINUTE = 100


class Store:
    """The store of one site, open for writing; one per file, whatever the process."""

    def __init__(self, path: Path, site: str, *, utc_s: Callable[[], float], keep: StoreSettings = KEEP) -> None:
        """Opens, migrates, or sets a corrupt file aside; InputError when another collector has it."""
        self.path = path
        self._site = site
        self._utc_s = utc_s
        self._keep = keep
        self._quarantined = (0.0, 0)  # (since when, how many were stored since)
        self._lock = store_file.lock(path)
        try:
            self._load(store_file.open_or_replace(path, utc_s()))
        except BaseException:
            os.close(self._lock)
            raise

    def _load(self, db: Database) -> None:
        self._db = db
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
            sqlite3.OperationalError: nothing was stored; the disk is full or the file is held (boxes send again).
        """
        work = Work(self._site, self._utc_s())
        for one in taken:
            sort_in(one, work, self._known)
        try:
            with self._db.atomic():
                self._write(work)
        except sqlite3.DatabaseError as fault:
            if not store_file.is_broken(fault):
                raise
            self._replace(fault)
            return set()
        self._known.learn(work)
        return work.told

    def prune(self) -> int:
        """Takes out a part of what is older than is to be kept, in one small transaction; how many rows."""
        with self._db.atomic():
            return retention.prune(self._db, self._utc_s(), self._keep)

    def _replace(self, fault: sqlite3.DatabaseError) -> None:
        log.critical("store: %s is corrupt (%s)", self.path, fault)
        self._db.close()
        store_file.quarantine(self.path, self._utc_s())
        self._load(store_file.open_or_replace(self.path, self._utc_s()))

    def _write(self, work: Work) -> None:
        db = self._db
        put(db, "state", work.states.values(), ("site", "queue"))
        if work.readings:
            db.table("readings").insert_all(work.readings)
        put(db, "cameras", work.cameras.values(), ("site", "camera"))
        put(db, "boxes", work.boxes.values(), ("site", "box"))
        put(db, "events", work.events, ("box", "epoch", "seq"))
        for box, minute in work.minutes:
            add_minute(db, box, minute)
        add_to_hours(db, work.minutes, work.events)
        put(db, "lines", work.lines.values(), ("site", "line"))
        for box, line_minute in work.line_minutes:
            add_line_minute(db, box, line_minute)
        add_to_line_hours(db, work.line_minutes)
        rows = [{"box": b, "epoch": e, "seq": m.seq, "missing": m.missing} for (b, e), m in work.marks.items()]
        put(db, "sources", rows, ("box", "epoch"))
        self._quarantine(work)
        for name, number in work.counts.items():
            db.execute(
                "INSERT INTO counts VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = value + excluded.value",
                [name, number],
            )

    def _quarantine(self, work: Work) -> None:
        if not work.refused:
            return
        work.count("quarantined", len(work.refused))
        since_s, stored = self._quarantined
        if not 0.0 <= work.now_s - since_s < 60.0:
            since_s, stored = work.now_s, 0
        kept = work.refused[: QUARANTINE_PER_MINUTE - stored]
        self._quarantined = (since_s, stored + len(kept))
        for one in kept:
            log.warning("store: refused on %.200s: %s", one.topic, one.reason)
        self._db.table("quarantine").insert_all(
            {"received_s": work.now_s, "topic": one.topic[:500], "reason": one.reason, "payload": one.payload[:2048]}
            for one in kept
        )
        oldest = "(SELECT max(rowid) FROM quarantine)"
        self._db.execute(f"DELETE FROM quarantine WHERE rowid <= {oldest} - ?", [MAX_QUARANTINE])  # noqa: S608
