"""The durable queue of what is still to be told: a SQLite file beside the store, each change of it synced to the disk.

A notice is put in together with the mark up to which the store has been read, and taken out when its receiver has
taken it: whatever is killed and whenever, none is left out, and at worst one is told twice under the same id.
"""

import contextlib
import logging
import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from dashboard.alerts_out.notice import AlertEvent, AlertNotice
from edge.errors import InputError

log = logging.getLogger(__name__)

MOST_WAITING = 10_000  # for one receiver; the oldest are given up
Source = tuple[str, str]  # box, epoch
_SCHEMA = """
CREATE TABLE IF NOT EXISTS marks (box TEXT, epoch TEXT, seq INTEGER NOT NULL, PRIMARY KEY (box, epoch));
CREATE TABLE IF NOT EXISTS running (
    box TEXT, queue TEXT, condition TEXT, epoch TEXT NOT NULL, seq INTEGER NOT NULL, at_s REAL NOT NULL,
    PRIMARY KEY (box, queue, condition));
CREATE TABLE IF NOT EXISTS waiting (
    number INTEGER PRIMARY KEY AUTOINCREMENT, receiver TEXT NOT NULL, id TEXT NOT NULL, body TEXT NOT NULL,
    created_s REAL NOT NULL, tries INTEGER NOT NULL DEFAULT 0, UNIQUE (receiver, id));
CREATE TABLE IF NOT EXISTS counts (receiver TEXT, name TEXT, value INTEGER NOT NULL, PRIMARY KEY (receiver, name));
CREATE TABLE IF NOT EXISTS mails (at_s REAL NOT NULL);
"""


@dataclass(frozen=True)
class Waiting:
    """One notice for one receiver; `created_s`: wall clock when it was put in, `tries` so far."""

    number: int
    notice: AlertNotice
    body: str
    created_s: float
    tries: int


@dataclass(frozen=True)
class Taken:
    """What one look at the store brought: marks, notices in order, and who is to be told which.

    Attributes:
        running: alerts that were opened, (box, queue, condition) -> the event; None: ended.
    """

    marks: Mapping[Source, int]
    running: Mapping[tuple[str, str, str], AlertEvent | None]
    notices: Sequence[tuple[str, AlertNotice]]


class Spool:
    """The file, open for this process alone; its methods may be called by several threads."""

    def __init__(self, path: Path, *, utc_s: float) -> None:
        """Opens or creates it; InputError where another process has it or it can't be written."""
        self.path = path
        self._lock = threading.RLock()
        try:
            self._db = _open(path)
        except sqlite3.OperationalError as fault:
            why = "another `linewise alerts` runs" if "locked" in str(fault) else f"it can't be opened ({fault})"
            raise InputError(f"{path}: {why}; end it, or make the folder writable") from fault
        except sqlite3.DatabaseError as fault:
            aside = path.with_name(f"{path.name}.corrupt-{utc_s:.0f}")
            path.replace(aside)
            log.critical("%s is corrupt (%s): set aside as %s; what waited in it will not be told", path, fault, aside)
            self._db = _open(path)

    def close(self) -> None:
        """Closes the file."""
        with self._lock:
            self._db.close()

    @property
    def begun(self) -> bool:
        """Has anything ever been taken in, if only the marks?"""
        with self._lock:
            return bool(self._db.execute("PRAGMA user_version").fetchone()[0])

    def marks(self) -> dict[Source, int]:
        """How far each source of the store has been read."""
        with self._lock:
            return {(box, epoch): seq for box, epoch, seq in self._db.execute("SELECT box, epoch, seq FROM marks")}

    def running(self, box: str, queue: str, condition: str) -> AlertEvent | None:
        """The event that opened an alert which goes on; None where none is known."""
        with self._lock:
            row = self._db.execute(
                "SELECT epoch, seq, at_s FROM running WHERE box = ? AND queue = ? AND condition = ?",
                (box, queue, condition),
            ).fetchone()
        return None if row is None else AlertEvent(box, row[0], row[1], queue, "open", condition, row[2])

    def take(self, taken: Taken, now_s: float) -> None:
        """Puts it all in, in one transaction; what a receiver has already is left as it is."""
        with self._change() as db:
            db.execute("PRAGMA user_version = 1")
            marks = [(box, epoch, seq) for (box, epoch), seq in taken.marks.items()]
            db.executemany("INSERT OR REPLACE INTO marks VALUES (?, ?, ?)", marks)
            for key, opened in taken.running.items():
                db.execute("DELETE FROM running WHERE box = ? AND queue = ? AND condition = ?", key)
                if opened is not None:
                    row = (*key, opened.epoch, opened.seq, opened.at_s)
                    db.execute("INSERT INTO running VALUES (?, ?, ?, ?, ?, ?)", row)
            for receiver, notice in taken.notices:
                db.execute(
                    "INSERT OR IGNORE INTO waiting (receiver, id, body, created_s) VALUES (?, ?, ?, ?)",
                    (receiver, notice.id, notice.model_dump_json(by_alias=True), now_s),
                )
            for receiver in dict.fromkeys(receiver for receiver, _ in taken.notices):
                self._cap(receiver)

    def _cap(self, receiver: str) -> None:
        oldest = "SELECT number FROM waiting WHERE receiver = ? ORDER BY number DESC LIMIT -1 OFFSET ?"
        given_up = self._db.execute(
            f"DELETE FROM waiting WHERE number IN ({oldest})",  # noqa: S608
            (receiver, MOST_WAITING),
        ).rowcount
        if given_up:
            log.error("alerts: %d old notices for %s are given up: %d wait", given_up, receiver, MOST_WAITING)
            self._count(receiver, "given_up", given_up)

    def waiting(self, receiver: str, limit: int = 500) -> list[Waiting]:
        """The oldest notices for a receiver."""
        with self._lock:
            rows = self._db.execute(
                "SELECT number, body, created_s, tries FROM waiting WHERE receiver = ? ORDER BY number LIMIT ?",
                (receiver, limit),
            ).fetchall()
        return [Waiting(n, AlertNotice.model_validate_json(b), b, at_s, tries) for n, b, at_s, tries in rows]

    def done(self, receiver: str, numbers: Sequence[int], how: str) -> None:
        """Takes notices out; `how` is counted: sent, given_up, acknowledged."""
        with self._change() as db:
            db.executemany("DELETE FROM waiting WHERE number = ?", [(n,) for n in numbers])
            self._count(receiver, how, len(numbers))

    def trying(self, numbers: Sequence[int]) -> None:
        """Counts a try, before it: where nothing can be written down, nothing is sent that would be sent again."""
        with self._change() as db:
            db.executemany("UPDATE waiting SET tries = tries + 1 WHERE number = ?", [(n,) for n in numbers])

    def failed(self, receiver: str) -> None:
        """Counts a try that failed."""
        with self._change():
            self._count(receiver, "failed", 1)

    def forget(self, receivers: Sequence[str]) -> None:
        """Gives up what waits for anybody but these: they are no longer in the site file."""
        with self._change() as db:
            there = [r for (r,) in db.execute("SELECT DISTINCT receiver FROM waiting")]
            for receiver in set(there) - set(receivers):
                gone = db.execute("DELETE FROM waiting WHERE receiver = ?", (receiver,)).rowcount
                log.warning("alerts: %s is no longer in the site file: %d notices are given up", receiver, gone)
                self._count(receiver, "given_up", gone)

    def counts(self) -> dict[tuple[str, str], int]:
        """(receiver, sent | failed | given_up | acknowledged) -> how many since the file was made."""
        with self._lock:
            return {(r, n): v for r, n, v in self._db.execute("SELECT receiver, name, value FROM counts")}

    def depth(self) -> dict[str, tuple[int, float]]:
        """Receiver -> how many wait for it, and when the oldest was put in (wall clock)."""
        with self._lock:
            rows = self._db.execute("SELECT receiver, count(*), min(created_s) FROM waiting GROUP BY receiver")
            return {receiver: (count, oldest_s) for receiver, count, oldest_s in rows}

    def mail_sent(self, now_s: float) -> None:
        """Notes that a mail has gone."""
        with self._change() as db:
            db.execute("DELETE FROM mails WHERE at_s < ? OR at_s > ?", (now_s - 86_400, now_s + 60))
            db.execute("INSERT INTO mails VALUES (?)", (now_s,))

    def mails_since(self, since_s: float, now_s: float) -> int:
        """How many mails have gone since then; those of a clock that was ahead do not count."""
        with self._lock:
            (count,) = self._db.execute(
                "SELECT count(*) FROM mails WHERE at_s > ? AND at_s <= ?", (since_s, now_s + 60)
            ).fetchone()
        return int(count)

    def _count(self, receiver: str, name: str, number: int) -> None:
        self._db.execute(
            "INSERT INTO counts VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET value = value + excluded.value",
            (receiver, name, number),
        )

    @contextmanager
    def _change(self) -> Iterator[sqlite3.Connection]:
        """One transaction, synced when it is committed."""
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
                self._db.execute("COMMIT")
            except BaseException:
                with contextlib.suppress(sqlite3.OperationalError):
                    self._db.execute("ROLLBACK")
                raise


def _open(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, timeout=1.0, isolation_level=None, check_same_thread=False)
    try:
        db.execute("PRAGMA locking_mode = EXCLUSIVE")
        db.execute("PRAGMA journal_mode = TRUNCATE")
        db.execute("PRAGMA synchronous = FULL")
        db.executescript(_SCHEMA)
        db.execute("BEGIN EXCLUSIVE")
        (verdict,) = db.execute("PRAGMA quick_check(1)").fetchone()
        db.execute("COMMIT")
        if verdict != "ok":
            raise sqlite3.DatabaseError(verdict)
    except BaseException:
        db.close()
        raise
    return db
