"""The history: a day or a week of one queue, or of all, in figures and charts, beside the same time a week before."""

import sqlite3
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import partial
from pathlib import Path

import streamlit as st

from dashboard import past, periods, reading
from dashboard.export import table, to_csv, to_parquet
from dashboard.outlook import Figure, Outlook, history, outlook
from dashboard.page import Names
from dashboard.past import Past
from dashboard.periods import Kind, Period
from dashboard.views import board
from dashboard.views.history_html import all_html, figures_html, headline_html, queue_html
from dashboard.views.outlook_html import outlook_html
from dashboard.views.shared import Shared
from dashboard.views.top import notice_html

EVERY_S = 60.0  # minutes come once a minute
ALL = ""
shared: Shared["Read"] = Shared(30.0)
weeks: Shared[list[list[float | None]]] = Shared(600.0)  # days that are over hardly change


@dataclass(frozen=True)
class Read:
    """What is shown: (name, past, the same a week before) a queue; all of them as one, and the forecasts of that."""

    of: Period
    now_s: float
    rows: tuple[tuple[str, Past, Past], ...]
    whole: Past | None
    before: Past | None
    outlooks: dict[Figure, Outlook]


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
    queue, kind, day, target_s = _asked(known, names)
    names = replace(names, target_wait_s=target_s)
    wanted = periods.period(kind, day, names.timezone)
    ids = tuple(known) if queue == ALL else (queue,)
    read = shared.get((store, names.site, ids, wanted), lambda: _read(store, names, wanted, {i: known[i] for i in ids}))
    name, whole, before = "all queues" if queue == ALL else known[queue], read.whole, read.before
    if whole is None or before is None or not whole.known:
        st.html(headline_html(read.of, name, names, None))
        return
    st.html(headline_html(read.of, name, names, whole))
    st.html(figures_html(whole, before, names.target_wait_s))
    if read.outlooks:
        st.html(outlook_html(read.outlooks, read.of))
    if queue == ALL:
        st.html(all_html(read.rows, whole, names, read.now_s, read.outlooks))
    else:
        st.html(queue_html(whole, before, names, read.now_s, read.outlooks))
    _export(read, names)


def _asked(known: dict[str, str], names: Names) -> tuple[str, Kind, date, float]:
    today = periods.today(board.wall_clock_s(), names.timezone)
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
        target_min = st.number_input(
            "Target, minutes", 0.5, 240.0, names.target_wait_s / 60, 0.5, format="%g", key="target", bind="query-params"
        )
    chosen: Kind = "week" if kind == "Week" else "day"
    return queue or ALL, chosen, day if isinstance(day, date) else today, 60 * target_min


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
    earlier, now_s = periods.before(wanted, names.timezone), board.wall_clock_s()
    db = reading.open_store(store)
    try:
        db.execute("BEGIN")
        rows = tuple(
            (name, past.read_past(db, names.site, i, wanted), past.read_past(db, names.site, i, earlier))
            for i, name in queues.items()
        )
        whole = past.together([now for _, now, _ in rows]) if len(rows) > 1 else rows[0][1] if rows else None
        before = past.together([then for _, _, then in rows]) if rows else None
        outlooks = _outlooks(db, (store, names, tuple(queues)), whole, now_s) if whole is not None else {}
    finally:
        db.close()
    return Read(wanted, now_s, rows, whole, before, outlooks)


def _outlooks(
    db: sqlite3.Connection, of: tuple[Path, Names, tuple[str, ...]], whole: Past, now_s: float
) -> dict[Figure, Outlook]:
    """The forecasts of a day's arrivals, and of one queue's length."""
    (store, names, queues), day, zone = of, whole.period, of[1].timezone
    if day.kind != "day" or not whole.known:
        return {}
    came: dict[Figure, list[float | None]] = {"joined": [s.joined if s.known else None for s in whole.slots]}
    if len(queues) == 1:
        came["length"] = [s.length for s in whole.slots]
    found: dict[Figure, Outlook] = {}
    for figure, values in came.items():
        key = (store, names.site, queues, day.first, figure)
        earlier = weeks.get(key, partial(history, db, names.site, queues, day, timezone=zone, figure=figure))
        found[figure] = outlook(earlier, values, day, zone, now_s)
    return found


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
