"""What people decide at the dashboard: alerts that they have seen, and the plan of the site. A file beside the store.

The store has one writer, the collector; this file has another, the dashboard. Both can be on different users' rights.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

Key = tuple[str, str, int]  # box, epoch, seq of the row that raised an alert

_SCHEMA = """
CREATE TABLE IF NOT EXISTS acknowledged (
    site TEXT, box TEXT, epoch TEXT, seq INTEGER, at_s REAL NOT NULL, who TEXT NOT NULL,
    PRIMARY KEY (site, box, epoch, seq));
CREATE TABLE IF NOT EXISTS plan (site TEXT PRIMARY KEY, picture BLOB NOT NULL, width INTEGER, height INTEGER);
CREATE TABLE IF NOT EXISTS places (site TEXT, queue TEXT, x REAL, y REAL, PRIMARY KEY (site, queue));
"""


@dataclass(frozen=True)
class Plan:
    """A site's plan: a PNG picture, or None; and where queues stand on it, fractions of its width and height."""

    picture: bytes | None
    size_px: tuple[int, int]
    places: dict[str, tuple[float, float]]


NO_PLAN = Plan(None, (3, 2), {})


def desk_path(store: Path) -> Path:
    """The file beside a store."""
    return store.with_name("desk.sqlite3")


def acknowledged(path: Path, site: str) -> dict[Key, tuple[str, float]]:
    """Who has acknowledged which alert, and when (seconds since 1970)."""
    if not path.exists():
        return {}
    with _open(path) as db:
        rows = db.execute("SELECT box, epoch, seq, who, at_s FROM acknowledged WHERE site = ?", (site,))
        return {(box, epoch, seq): (who, at_s) for box, epoch, seq, who, at_s in rows}


def acknowledge(path: Path, site: str, key: Key, *, who: str, at_s: float) -> None:
    """Notes that somebody has seen an alert; the first one stays."""
    with _open(path) as db:
        db.execute("INSERT OR IGNORE INTO acknowledged VALUES (?, ?, ?, ?, ?, ?)", (site, *key, at_s, who[:80]))


def read_plan(path: Path, site: str) -> Plan:
    """The site's plan."""
    if not path.exists():
        return NO_PLAN
    with _open(path) as db:
        row = db.execute("SELECT picture, width, height FROM plan WHERE site = ?", (site,)).fetchone()
        places = {q: (x, y) for q, x, y in db.execute("SELECT queue, x, y FROM places WHERE site = ?", (site,))}
    return Plan(row[0], (row[1], row[2]), places) if row else Plan(None, NO_PLAN.size_px, places)


def write_picture(path: Path, site: str, picture: bytes | None, size_px: tuple[int, int]) -> None:
    """Puts a plan in the place of the one before; None takes it away."""
    with _open(path) as db:
        if picture is None:
            db.execute("DELETE FROM plan WHERE site = ?", (site,))
        else:
            db.execute("INSERT OR REPLACE INTO plan VALUES (?, ?, ?, ?)", (site, picture, *size_px))


def write_places(path: Path, site: str, places: dict[str, tuple[float, float]]) -> None:
    """Where queues stand now; queues that are not named keep their place."""
    rows = [(site, queue, min(max(x, 0.0), 1.0), min(max(y, 0.0), 1.0)) for queue, (x, y) in places.items()]
    with _open(path) as db:
        db.executemany("INSERT OR REPLACE INTO places VALUES (?, ?, ?, ?)", rows)


@contextmanager
def _open(path: Path) -> Iterator[sqlite3.Connection]:
    """One transaction; sqlite3.OperationalError where the folder can't be written."""
    db = sqlite3.connect(path, timeout=3.0)
    try:
        db.executescript(_SCHEMA)
        with db:
            yield db
    finally:
        db.close()
