"""What the collector tells Prometheus: what it stored and what it did not, and the site as its store knows it.

The figures of the store are read at each question, on a connection of its own that can only read.
"""

import logging
import sqlite3
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import closing
from importlib.metadata import version
from pathlib import Path
from typing import Any, Protocol

from prometheus_client.core import Metric

from dashboard.page import Names, Page, Slow
from dashboard.reading import open_store, read_page
from edge import metrics
from edge.quiet_log import QuietLog

log = logging.getLogger(__name__)

COUNTED = {  # names of the store's counts -> what they are
    "quarantined": "Messages that were refused; the newest are kept in the table quarantine.",
    "duplicates": "Rows that came again and were there already.",
    "out_of_order": "Batches that left rows out and were not taken; the box sends them again.",
}


class Collected(Protocol):
    """What a collector counts: see Collector."""

    stored: int
    let_go: int
    connected: bool
    commits_s: deque[float]


class CollectorMetrics:
    """Reads the collector's own figures, and the store's."""

    def __init__(
        self, collector: Collected, store: Path, names: Names, *, utc_s: Callable[[], float] = time.time
    ) -> None:
        self._collector = collector
        self._store = store
        self._names = names
        self._utc_s = utc_s
        self._quiet = QuietLog(log)

    def families(self) -> Iterator[Metric]:
        """Everything; without a readable store only what the collector itself knows."""
        about = ("site", "version")
        us = {(self._names.site, version("linewise")): 1.0}
        yield metrics.gauge("linewise_collector_info", "This collector and its version.", about, us)
        stored, let_go = {(): float(self._collector.stored)}, {(): float(self._collector.let_go)}
        yield metrics.counter("linewise_collector_messages_stored", "Messages committed.", (), stored)
        about_let_go = "Messages let go because the store could not be written; rows come again."
        yield metrics.counter("linewise_collector_messages_dropped", about_let_go, (), let_go)
        connected = {(): float(self._collector.connected)}
        yield metrics.gauge("linewise_collector_broker_connected", "1 while there is a connection.", (), connected)
        about_commits = "Commits of the store; quantiles of the last thousand."
        yield metrics.quantiles("linewise_store_commit_seconds", about_commits, list(self._collector.commits_s))
        try:
            with closing(open_store(self._store)) as db:
                yield from self._of_store(db)
        except sqlite3.Error as fault:
            self._quiet.warning(f"metrics: {self._store} can't be read ({fault})")

    def _of_store(self, db: sqlite3.Connection) -> Iterator[Metric]:
        counts = {str(name): float(value) for name, value in db.execute("SELECT name, value FROM counts")}
        for name, about in COUNTED.items():
            yield metrics.counter(f"linewise_store_{name}", about, (), {(): counts.get(name, 0.0)})
        missing = db.execute("SELECT box, sum(missing) FROM sources GROUP BY box").fetchall()
        lost = {(str(box),): float(rows) for box, rows in missing}
        yield metrics.counter("linewise_store_rows_missing", "Rows of a box known to be lost.", ("box",), lost)
        sizes = {(path.name.rsplit(".", 1)[-1],): float(path.stat().st_size) for path in self._files() if path.exists()}
        yield metrics.gauge("linewise_store_bytes", "The store's files.", ("file",), sizes)
        page = read_page(db, self._names, Slow({}, ()), self._utc_s())
        yield from _of_page(page)

    def _files(self) -> tuple[Path, Path]:
        return self._store, self._store.with_name(self._store.name + "-wal")


def _of_page(page: Page) -> Iterator[Metric]:
    def of_queues(field: str) -> dict[Any, float | None]:
        return {(card.queue,): getattr(card, field) for card in page.cards}

    yield metrics.gauge("linewise_site_queue_length", "People, as the pages show it.", ("queue",), of_queues("length"))
    yield metrics.gauge("linewise_site_queue_wait_seconds", "Wait, the same.", ("queue",), of_queues("wait_s"))
    about = "Since the last reading came."
    yield metrics.gauge("linewise_site_queue_heard_seconds", about, ("queue",), of_queues("heard_s"))
    cameras = {
        (c.camera,): None if c.seen == "never" else float(c.seen == "fresh" and c.state == "ok") for c in page.cameras
    }
    yield metrics.gauge("linewise_site_camera_ok", "1: heard of lately, and well.", ("camera",), cameras)
    online = {(box.box,): float(box.status == "online") for box in page.boxes}
    yield metrics.gauge("linewise_site_box_online", "By its own word, or its last will.", ("box",), online)
