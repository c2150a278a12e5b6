"""Durable rows until the collector has committed them: one SQLite file that survives kills, power loss and full disks.

Rows are numbered 1, 2, 3 within an epoch, a random id born with the file. Numbers are never used twice and never left
out: where rows had to be dropped a *gap note* stands in their place, so the collector knows exactly what will not come.
When the file's cap is reached dead letters go first, then the oldest minutes, events last. When the disk itself is full
or fails, rows wait in memory, bounded. A corrupt file is set aside and a new epoch begun.

The journal is a kept one (PERSIST), not WAL: two connections checkpointing a WAL can corrupt it (SQLite to 3.51.2), a
lost -wal file takes committed rows with it, and a kept journal lets rows be deleted on a disk without free space. A few
commits a second are all that is asked of it. docs/messages.md tells the protocol.
"""

import logging
import secrets
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal, TypeVar

from pydantic import BaseModel

from edge import outbox_file
from edge.messages import GapNote, Row
from edge.outbox_memory import Waiting

log = logging.getLogger(__name__)

RowKind = Literal["event", "minute"]
T = TypeVar("T")
CAP_BYTES = 64 * 2**20  # half a year without a collector, for a box of four queues
MAX_ROW_BYTES = 16_384
DROP_AT_ONCE = 64


class Outbox:
    """The outbox of one box; safe to use from several threads.

    Attributes:
        path: the file.
        dropped: rows given up since this object was made (cap reached, or memory full while the disk was).
        commits_s: how long the last commits took, fsync and all (a thousand at most).
    """

    def __init__(
        self,
        path: Path,
        *,
        cap_bytes: int = CAP_BYTES,
        max_waiting: int = 5000,
        new_epoch: Callable[[], str] = lambda: secrets.token_hex(8),
        utc_s: Callable[[], float] = time.time,
    ) -> None:
        """Opens or creates the file; InputError when another process has it or it can't be written at all."""
        self.path = path
        self.dropped = 0
        self.commits_s: deque[float] = deque(maxlen=1000)
        self._cap_bytes = cap_bytes
        self._new_epoch = new_epoch
        self._utc_s = utc_s
        self._lock = threading.RLock()
        self._waiting = Waiting(max_waiting)
        self._faulty = False
        self._unsure: tuple[int, int] | None = None
        self._take(outbox_file.open_or_replace(path, cap_bytes, new_epoch, utc_s))

    def _take(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._epoch, self._last, self._acked = outbox_file.position(self._db)
        self._last_at_open = self._last
        self._cursor = self._acked
        self._unsure = None  # else: how many waiting and lost rows a failed commit may have written all the same
        self._waiting.hold(0)

    @property
    def epoch(self) -> str:
        """Id of this file's life; changes when a corrupt file had to be replaced."""
        return self._epoch

    @property
    def failing(self) -> bool:
        """The file could not be read or written, and no row has been written since."""
        return self._faulty

    @property
    def acked(self) -> int:
        """The last seq that the collector has acknowledged."""
        return self._acked

    @property
    def pending(self) -> int:
        """Rows not acknowledged, those waiting in memory among them."""
        with self._lock:
            return (self._try(lambda: outbox_file.count(self._db)) or 0) + len(self._waiting)

    def oldest(self) -> Row | None:
        """The oldest row that is not acknowledged; None where none waits in the file."""
        with self._lock:
            rows = self._try(lambda: outbox_file.read(self._db, self._acked, 1, 1)) or []
            return rows[0] if rows else None

    @property
    def dead(self) -> int:
        """Rows that have become dead letters since the file was born; the newest thousand are kept."""
        with self._lock:
            return self._try(lambda: outbox_file.buried(self._db)) or 0

    def append(self, kind: RowKind, bodies: Sequence[BaseModel]) -> int:
        """Commits rows (fsync before it returns) and gives the last seq; rows that can't be written yet wait in memory.

        It never raises for a full or failing disk: `dropped` and gap notes tell what was given up. A body over
        MAX_ROW_BYTES goes to the dead-letter table at once.
        """
        with self._lock:
            for body in bodies:
                self._waiting.add(kind, body.model_dump_json(by_alias=True))
            self._flush()
            return self._last

    def flush(self) -> None:
        """Tries again to write what waits in memory."""
        with self._lock:
            self._flush()

    def batch(self, limit: int, max_bytes: int) -> list[Row]:
        """The next rows after the cursor, in order: at most `limit` and `max_bytes` of bodies, one at least."""
        with self._lock:
            rows: list[Row] = []
            if not self._settle():
                return rows
            if self._cursor < self._acked:  # the collector's store is younger than what it once acknowledged
                rows.append(_gap_row(self._cursor + 1, self._acked, "delivered before this store began"))
                self._cursor = self._acked
            found = self._try(lambda: outbox_file.read(self._db, self._cursor, limit - len(rows), max_bytes)) or []
            rows += found
            if rows:
                self._cursor = rows[-1].seq
            return rows

    def rewind(self) -> None:
        """Sets the cursor back to the first row that is not acknowledged: what was sent is sent again."""
        with self._lock:
            self._cursor = min(self._cursor, self._acked)

    def acknowledge(self, epoch: str, seq: int) -> bool:
        """Takes the collector's word: deletes rows up to `seq`. False for another epoch.

        A seq before what was acknowledged earlier means that the collector's store was lost or restored; the next batch
        then begins with a gap note. A seq that was never given out means that *this* file was restored from a copy: a
        new epoch is begun with the rows appended since.
        """
        with self._lock:
            if not self._settle() or epoch != self._epoch:
                return False
            if seq > self._last:
                self._begin_epoch_anew(seq)
                return False
            if seq < self._acked:
                self._cursor = min(self._cursor, seq)
                return True
            if seq > self._acked:
                if self._try(lambda: outbox_file.delete_to(self._db, seq)) is None:
                    self._unsure = (0, 0)
                    return True
                self._acked = seq
            self._cursor = max(self._cursor, self._acked)
            return True

    def refuse(self, seq: int, reason: str) -> None:
        """Moves a row that keeps failing to the dead-letter table; a gap note takes its place."""
        with self._lock:
            log.error("outbox: row %d goes to the dead-letter table: %s", seq, reason)
            self._try(lambda: outbox_file.bury(self._db, seq, reason))

    def close(self) -> None:
        """Writes what waits, if that is possible, and closes the file."""
        with self._lock:
            self._flush()
            if self._waiting:
                log.error("outbox: %d rows could not be written before the end and are lost", len(self._waiting))
            self._db.close()

    def _flush(self) -> None:
        while self._waiting and self._settle():
            taken = self._waiting.head(500)
            lost = self._waiting.lost
            before, began_s = self._last, time.monotonic()
            try:
                last = outbox_file.insert(self._db, self._last, lost, taken, MAX_ROW_BYTES)
            except sqlite3.OperationalError as fault:
                self._unsure = (len(taken), lost)
                self._waiting.hold(len(taken))
                done = self._settle() and self._last > before
                if not done and not (outbox_file.at_cap(self._db, self._cap_bytes, fault) and self._drop_oldest()):
                    self._note_fault(fault)
                    break
                continue
            except sqlite3.DatabaseError as fault:
                self._replace_if_broken(fault)
                continue
            self.commits_s.append(time.monotonic() - began_s)
            self._last = last
            self._waiting.taken(len(taken), lost)
            if self._faulty:
                log.warning("outbox: %s can be written again; %d rows were given up meanwhile", self.path, lost)
                self._faulty = False
        self.dropped += self._waiting.count_new_losses()

    def _settle(self) -> bool:
        """A commit that failed may have been done all the same: the file knows. False while it can't be asked."""
        if self._unsure is None:
            return True
        (rows, lost) = self._unsure
        found = self._try(lambda: outbox_file.position(self._db))
        if found is None:
            return self._unsure is None  # the file turned out to be broken, and was replaced
        epoch, last, acked = found
        self._unsure = None
        self._waiting.hold(0)
        if epoch != self._epoch:  # begun anew
            self._last_at_open, self._cursor = 0, acked
        else:
            if last > self._last:
                self._waiting.taken(rows, lost)
            if acked > self._acked:
                self._cursor = max(self._cursor, acked)
        self._epoch, self._last, self._acked = epoch, last, acked
        return True

    def _drop_oldest(self) -> bool:
        if self._try(lambda: outbox_file.drop_dead(self._db, DROP_AT_ONCE)):
            return True
        for kind in ("minute", "event"):
            dropped = self._try(lambda kind=kind: outbox_file.drop(self._db, kind, DROP_AT_ONCE))  # type: ignore[misc]
            if dropped:
                self.dropped += dropped
                log.warning("outbox: at its cap of %d bytes, %d %s rows are dropped", self._cap_bytes, dropped, kind)
                return True
        return False

    def _try(self, work: Callable[[], T]) -> T | None:
        try:
            return work()
        except sqlite3.OperationalError as fault:
            self._note_fault(fault)
        except sqlite3.DatabaseError as fault:
            self._replace_if_broken(fault)
        return None

    def _note_fault(self, fault: sqlite3.Error) -> None:
        if not self._faulty:
            log.error("outbox: %s can't be written (%s): rows wait in memory", self.path, fault)
        self._faulty = True

    def _replace_if_broken(self, fault: sqlite3.DatabaseError) -> None:
        if not outbox_file.is_broken(fault):
            raise fault
        log.critical("outbox: %s is corrupt (%s)", self.path, fault)
        self._db.close()
        self._take(outbox_file.replace_corrupt(self.path, self._cap_bytes, self._new_epoch, self._utc_s))

    def _begin_epoch_anew(self, seq: int) -> None:
        log.critical(
            "outbox: the collector has row %d, this file gave out %d at most: it was restored from a copy. "
            "A new epoch begins with the rows since then.",
            seq,
            self._last,
        )
        self._try(lambda: outbox_file.begin_anew(self._db, self._new_epoch(), self._last_at_open))
        self._unsure = (0, 0)
        self._settle()


def _gap_row(first: int, last: int, reason: str) -> Row:
    return Row(seq=last, kind="gap", body=GapNote(first=first, last=last, reason=reason).model_dump())
