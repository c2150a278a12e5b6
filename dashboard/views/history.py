"""The history: a day or a week of one queue, or of all, in figures and charts, beside the same time a week before."""

import sqlite3
import time
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import streamlit as st

from dashboard import past, periods, reading
from dashboard.export import table, to_csv, to_parquet
from dashboard.page import Names
from dashboard.past import Past
from dashboard.periods import Kind, Period
from dashboard.views.history_html import all_html, figures_html, headline_html, queue_html
from dashboard.views.shared import Shared
from dashboard.views.top import notice_html

EVERY_S = 60.0  # minutes come once a minute
ALL = ""
shared: Shared["Read"] = Shared(30.0)


@dataclass(frozen=True)
class Read:
    """What is shown: (name, past, the same a week before) a queue."""

    of: Period
    now_s: float
    rows: tuple[tuple[str, Past, Past], ...]


@st.fragment(run_every=EVERY_S)
def show(store: Path, names: Names) -> None:
    """Asks which queue and when, and draws it."""
    if not store.exists():
        st.html(notice_html("Waiting for the first readings", "There is no history yet."))
        return
    try:
        _shown(store, names)
    except sqlite3.Error as error:
        st.html(notice_html("The history can't be read now", f"{error}. The page tries again every minute.", "warn"))


def _shown(store: Path, names: Names) -> None:
    known = _queues(store, names)
    queue, kind, day = _asked(known, names)
    wanted = periods.period(kind, day, names.timezone)
    ids = tuple(known) if queue == ALL else (queue,)
    read = shared.get((store, names, ids, wanted), lambda: _read(store, names, wanted, {i: known[i] for i in ids}))
    current = [p for _, p, _ in read.rows]
    whole = past.together(current) if queue == ALL and current else current[0] if current else None
    if whole is None or not whole.known:
        st.html(headline_html(read.of, "all queues" if queue == ALL else known[queue], names, None))
        return
    before = past.together([b for _, _, b in read.rows])
    st.html(headline_html(read.of, "all queues" if queue == ALL else known[queue], names, whole))
    st.html(figures_html(whole, before, names.target_wait_s))
    if queue == ALL:
        st.html(all_html(read.rows, whole, before, names, read.now_s))
    else:
        st.html(queue_html(whole, before, names, read.now_s))
    _export(read, names)


def _asked(known: dict[str, str], names: Names) -> tuple[str, Kind, date]:
    today = periods.today(time.time(), names.timezone)
    with st.container(horizontal=True, vertical_alignment="bottom", key="lw-asked"):
        order = [*known, ALL] if len(known) > 1 else list(known) or [ALL]
        queue = st.selectbox(
            "Queue",
            order,
            format_func=lambda i: "All queues" if i == ALL else known[i],
            key="queue",
            bind="query-params",
        )
        kind = st.segmented_control(
            "Show", ["Day", "Week"], default="Day", required=True, key="show", bind="query-params"
        )
        day = st.date_input(
            "Day", today, max_value=today, min_value=today - timedelta(days=3660), key="day", bind="query-params"
        )
    return queue or ALL, "week" if kind == "Week" else "day", day if isinstance(day, date) else today


def _queues(store: Path, names: Names) -> dict[str, str]:
    """Ids and names, those of the site file first."""
    db = reading.open_store(store)
    try:
        found = past.queues(db, names.site)
    finally:
        db.close()
    given = dict(names.queues)
    return {**given, **{i: i for i in found if i not in given}}


def _read(store: Path, names: Names, wanted: Period, queues: dict[str, str]) -> Read:
    earlier = periods.before(wanted, names.timezone)
    db = reading.open_store(store)
    try:
        db.execute("BEGIN")
        rows = tuple(
            (name, past.read_past(db, names.site, i, wanted), past.read_past(db, names.site, i, earlier))
            for i, name in queues.items()
        )
    finally:
        db.close()
    return Read(wanted, time.time(), rows)


def _export(read: Read, names: Names) -> None:
    rows = table([(name, p) for name, p, _ in read.rows], names.timezone)
    file = f"{names.site}-{read.of.kind}-{read.of.first}"
    with st.container(horizontal=True, key="lw-export"):
        st.download_button("Save as CSV", lambda: to_csv(rows), f"{file}.csv", "text/csv", on_click="ignore")
        st.download_button(
            "Save as Parquet",
            lambda: to_parquet(rows),
            f"{file}.parquet",
            "application/vnd.apache.parquet",
            on_click="ignore",
        )
