"""The live page: reads what all viewers share, makes three pieces of HTML of it, draws them again every second."""

import logging
import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from dashboard import reading
from dashboard.advice import advice, longest
from dashboard.page import Names, Page, Slow
from dashboard.views.cards import Marks, cards_html, scale_of
from dashboard.views.equipment import alerts_html, boxes_html, cameras_html, offline
from dashboard.views.markup import join
from dashboard.views.shared import Shared
from dashboard.views.top import clock, notice_html, top_html

log = logging.getLogger(__name__)

EVERY_S = 1.0  # a page asks again
LIVE_S = 0.5  # a read serves everybody for this long
SLOW_S = 10.0  # trends and alerts
KEEP_S = 3.0  # the last page is shown this long while the store is busy
WAITING = (
    "Waiting for the first readings",
    "The collector has not written anything yet. This page comes alive by itself.",
)


@dataclass(frozen=True)
class Board:
    """What one site's page looks like now: HTML for everybody who looks at it; `sites` are all that there are."""

    sites: tuple[str, ...]
    top: str
    cards: str = ""
    below: str = ""


wall_clock_s: Callable[[], float] = time.time  # compared with the collector's `received_s` only
live: Shared[Board] = Shared(LIVE_S)
slowly: Shared[Slow] = Shared(SLOW_S)
_last_good: dict[tuple[Path, str], tuple[float, Board]] = {}


def forget() -> None:
    """Drops everything that is shared (tests)."""
    live.clear()
    slowly.clear()
    _last_good.clear()


def board(store: Path, names: Names) -> Board:
    """The site's page as everybody sees it now; a fault of the store is a page that says so, never an exception."""
    return live.get((store, names), lambda: _make(store, names))


@st.fragment(run_every=EVERY_S)
def live_page(store: Path, names: Names, known_sites: tuple[str, ...]) -> None:
    """Draws the page; starts the whole page again when the choice of sites has changed."""
    now = board(store, names)
    if now.sites not in ((), known_sites):
        st.rerun(scope="app")
    st.html(now.top)
    if now.cards:
        st.html(now.cards)
    if now.below:
        st.html(now.below)


def _make(store: Path, names: Names) -> Board:
    if not store.exists():
        return Board((), notice_html(*WAITING))
    key = (store, names.site)
    try:
        made = _read(store, names)
    except sqlite3.OperationalError as error:
        return _trouble(key, str(error))
    except sqlite3.DatabaseError as error:
        log.error("%s is not a store that can be read: %s", store, error)
        return Board((), notice_html("The store can't be read", f"{store.name}: {error}. Ask an engineer.", "bad"))
    _last_good[key] = (time.monotonic(), made)
    return made


def _trouble(key: tuple[Path, str], error: str) -> Board:
    if "no such table" in error:  # the collector is still making them
        return Board((), notice_html(*WAITING))
    log.warning("%s: %s", key[0], error)
    at_s, last = _last_good.get(key, (0.0, None))
    if last is not None and time.monotonic() - at_s < KEEP_S:
        return last
    busy = "locked" in error or "busy" in error
    what = "The store is busy" if busy else "The store can't be opened"
    return Board((), notice_html(what, f"{error}. This page tries again every second.", "warn" if busy else "bad"))


def _read(store: Path, names: Names) -> Board:
    now_s = wall_clock_s()
    db = reading.open_store(store)
    try:
        db.execute("BEGIN")  # one moment of the store for all that follows
        sites = reading.sites(db)
        shown = names if names.site else names.for_site(sites[0]) if sites else names
        slow = slowly.get((store, shown.site), lambda: reading.read_slow(db, shown.site, now_s))
        page = reading.read_page(db, shown, slow, now_s)
    finally:
        db.close()
    return draw(page, sites)


def draw(page: Page, sites: tuple[str, ...]) -> Board:
    """A page's three pieces of HTML."""
    told = advice(page.cards)
    marks = Marks(
        # Where all are equal there is no card to point at.
        best=told.best if len(told.best) < len(page.cards) else (),
        longest=longest(page.cards),
        scale=scale_of(page.cards),
        box_offline=offline(page),
    )
    times = [clock(alert.at_s, page.timezone, "%H:%M") for alert in page.alerts]
    return Board(
        sites=sites,
        top=top_html(page, told),
        cards=cards_html(page.cards, marks) if page.cards else "",
        below=join(alerts_html(page.alerts, times), cameras_html(page), boxes_html(page)),
    )
