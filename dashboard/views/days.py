"""What the pages about days share: a page that says what it can't read, its queues, its target, the weeks before."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import streamlit as st

from dashboard import past, reading
from dashboard.outlook import Figure, history
from dashboard.page import Names
from dashboard.periods import Period
from dashboard.views.shared import Shared
from dashboard.views.top import notice_html

EVERY_S = 60.0  # minutes come once a minute
weeks: Shared[list[list[float | None]]] = Shared(600.0)  # days that are over hardly change


def guarded(store: Path, draw: Callable[[], None], *, empty: str, subject: str) -> bool:
    """Draws where there is a store, and says in words where there is none or it can't be read; True: drawn.

    Args:
        store: the store's file.
        draw: the page.
        empty: what to say while nothing has come.
        subject: what can't be read ("The history").
    """
    if not store.exists():
        st.html(notice_html("Waiting for the first readings", empty))
        return False
    try:
        draw()
    except sqlite3.Error as error:
        st.html(notice_html(f"{subject} can't be read now", f"{error}. The page tries again every minute.", "warn"))
        return False
    return True


def known_queues(store: Path, names: Names) -> dict[str, str]:
    """Names by id, those of the site file first."""
    with closing(reading.open_store(store)) as db:
        return past.named_queues(db, names.site, names.queues)


def target_s(names: Names) -> float:
    """Asks for the target of a wait; seconds."""
    return 60 * st.number_input(
        "Target, minutes", 0.5, 240.0, names.target_wait_s / 60, 0.5, format="%g", key="target", bind="query-params"
    )


def earlier(
    db: sqlite3.Connection, store: Path, names: Names, queues: tuple[str, ...], *, day: Period, figure: Figure
) -> list[list[float | None]]:
    """The same weekday of the weeks before, read once for all pages and viewers (outlook.history)."""
    key = (store, names.site, queues, day.first, figure)
    return weeks.get(key, lambda: history(db, names.site, queues, day, timezone=names.timezone, figure=figure))
