"""From the store's rows to notices: what is new since the last look, and who is to be told."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from dashboard.alerts_out.notice import AlertEvent, AlertNotice, alert_event, notice_of
from dashboard.alerts_out.spool import Source, Spool, Taken
from dashboard.reading import open_store


@dataclass(frozen=True)
class Receiver:
    """Who is told: name (in the spool), whose alerts (empty: all queues'), and which kinds."""

    name: str
    queues: tuple[str, ...]
    tell: tuple[str, ...]

    def wants(self, notice: AlertNotice) -> bool:
        """Is this one for it?"""
        return notice.kind in self.tell and (not self.queues or notice.queue in self.queues)


class Follower:
    """Follows the alerts of a site through its store.

    Rows of a (box, epoch) are committed in the order of their numbers, so one number says what has been seen. A new
    spool begins with what comes now: nobody wants last week's alerts.
    """

    def __init__(
        self,
        store: Path,
        spool: Spool,
        receivers: Sequence[Receiver],
        *,
        site: str,
        site_name: str,
        names: dict[str, str],
    ) -> None:
        self._store = store
        self._spool = spool
        self._receivers = receivers
        self._site = site
        self._site_name = site_name
        self._names = names
        self._marks = spool.marks()

    def look(self, now_s: float) -> int:
        """Takes in what is new; how many notices were put into the spool.

        Raises:
            sqlite3.Error: the store can't be read; nothing was taken.
        """
        begun = self._spool.begun
        new, events = self._read(begun) if self._store.exists() else ({}, [])
        if begun and not new:
            return 0
        taken = self._taken(new, events)
        self._spool.take(taken, now_s)
        self._marks |= new
        return len(taken.notices)

    def _read(self, begun: bool) -> tuple[dict[Source, int], list[AlertEvent]]:
        with closing(open_store(self._store)) as db:
            db.execute("BEGIN")
            there = {(str(b), str(e)): int(s) for b, e, s in db.execute("SELECT box, epoch, seq FROM sources")}
            new = {source: seq for source, seq in there.items() if seq > self._marks.get(source, 0)}
            return new, [e for source, seq in new.items() for e in self._events(db, source, seq)] if begun else []

    def _events(self, db: sqlite3.Connection, source: Source, to: int) -> list[AlertEvent]:
        rows = db.execute(
            "SELECT box, epoch, seq, queue, text, at_s FROM events "
            "WHERE box = ? AND epoch = ? AND seq > ? AND seq <= ? AND site = ? AND kind = 'alert' ORDER BY seq",
            (*source, self._marks.get(source, 0), to, self._site),
        )
        return [alert_event(tuple(row)) for row in rows]

    def _taken(self, marks: dict[Source, int], events: Sequence[AlertEvent]) -> Taken:
        running: dict[tuple[str, str, str], AlertEvent | None] = {}
        notices: list[tuple[str, AlertNotice]] = []
        for event in events:
            key = (event.box, event.queue, event.condition)
            opened = running[key] if key in running else self._spool.running(*key)
            if event.kind == "open":
                opened = event
            running[key] = None if event.kind == "ended" else opened
            notice = notice_of(event, opened, site=self._site, site_name=self._site_name, names=self._names)
            notices += [(receiver.name, notice) for receiver in self._receivers if receiver.wants(notice)]
        return Taken(marks, running, notices)
