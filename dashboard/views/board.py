"""Pages that live: read from the store what all viewers share, draw HTML of it, replace it every second."""

import logging
import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from dashboard import desk, reading
from dashboard.page import Names, Page, Slow
from dashboard.views.shared import Shared
from dashboard.views.top import notice_html

log = logging.getLogger(__name__)

EVERY_S = 0.75  # a page asks again: with LIVE_S, a change is seen within a second
LIVE_S = 0.2  # a read serves everybody for this long
SLOW_S = 10.0  # trends, alerts, today's counts
KEEP_S = 3.0  # the last page is shown this long while the store is busy
WAITING = (
    "Waiting for the first readings",
    "The collector has not written anything yet. This page comes alive by itself.",
)

Draw = Callable[[Page], tuple[str, ...]]


@dataclass(frozen=True)
class Board:
    """What a page looks like now: HTML for everybody who looks at it; `sites` are all that there are."""

    sites: tuple[str, ...]
    pieces: tuple[str, ...]


wall_clock_s: Callable[[], float] = time.time  # of all pages: the day that runs, and the age of `received_s`
live: Shared[Board] = Shared(LIVE_S)
slowly: Shared[Slow] = Shared(SLOW_S)
_last_good: dict[tuple[Path, str, Draw], tuple[float, Board]] = {}
_logged: dict[tuple[Path, str, Draw], str] = {}  # the fault that was logged last


def forget() -> None:
    """Drops everything that is shared (tests)."""
    live.clear()
    slowly.clear()
    _last_good.clear()
    _logged.clear()


def board(store: Path, names: Names, draw: Draw) -> Board:
    """The site's page as everybody sees it now; a fault of the store is a page that says so, never an exception."""
    return live.get((store, names, draw), lambda: _make(store, names, draw))


@st.fragment(run_every=EVERY_S)
def live_part(store: Path, names: Names, draw: Draw, known_sites: tuple[str, ...]) -> None:
    """Draws the page; starts the whole page again when the choice of sites has changed."""
    now = board(store, names, draw)
    if now.sites not in ((), known_sites):
        st.rerun(scope="app")
    for piece in now.pieces:
        if piece:
            st.html(piece)


def _make(store: Path, names: Names, draw: Draw) -> Board:
    if not store.exists():
        return Board((), (notice_html(*WAITING),))
    key = (store, names.site, draw)
    try:
        made = _read(store, names, draw)
    except sqlite3.OperationalError as error:
        return _trouble(key, str(error))
    except IndexError as error:  # what sqlite3.Row says of a column that is not there
        return _trouble(key, f"no such column: {error}")
    except sqlite3.DatabaseError as error:
        _log_once(key, f"it is not a store that can be read: {error}")
        told = notice_html("The store can't be read", f"{store.name}: {error}. Ask an engineer.", "bad")
        return Board((), (told,))
    _last_good[key] = (time.monotonic(), made)
    _log_once(key, "")
    return made


def _trouble(key: tuple[Path, str, Draw], error: str) -> Board:
    if "no such table" in error:  # the collector is still making them
        return Board((), (notice_html(*WAITING),))
    _log_once(key, error)
    at_s, last = _last_good.get(key, (0.0, None))
    if last is not None and time.monotonic() - at_s < KEEP_S:
        return last
    if "no such column" in error:
        detail = "Start the collector again: it brings the store up to date. This page goes on by itself."
        return Board((), (notice_html("The store is of an older version", detail, "warn"),))
    busy = "locked" in error or "busy" in error
    what = "The store is busy" if busy else "The store can't be opened"
    told = notice_html(what, f"{error}. This page tries again every second.", "warn" if busy else "bad")
    return Board((), (told,))


def _log_once(key: tuple[Path, str, Draw], fault: str) -> None:
    """Logs a fault when it comes and that it is over, not once a second."""
    if fault == _logged.get(key, ""):
        return
    _logged[key] = fault
    log.warning("%s: %s", key[0], fault or "it can be read again")


def _read(store: Path, names: Names, draw: Draw) -> Board:
    now_s = wall_clock_s()
    db = reading.open_store(store)
    try:
        db.execute("BEGIN")  # one moment of the store for all that follows
        sites = reading.sites(db)
        shown = names if names.site else names.for_site(sites[0]) if sites else names
        slow = slowly.get((store, shown), lambda: reading.read_slow(db, shown, now_s))
        seen = desk.acknowledged(desk.desk_path(store), shown.site)
        page = reading.read_page(db, shown, slow, now_s, seen)
    finally:
        db.close()
    return Board(sites, draw(page))
