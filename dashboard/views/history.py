"""The history: a day or a week of one queue, or of all, in figures and charts, beside the same time a week before."""

import sqlite3
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

import streamlit as st

from dashboard import past, periods, reading
from dashboard.export import table, to_csv, to_parquet
from dashboard.outlook import Figure, Outlook, outlook
from dashboard.page import Names
from dashboard.past import Past
from dashboard.periods import Kind, Period
from dashboard.views import board, days
from dashboard.views.history_html import all_html, figures_html, headline_html, queue_html
from dashboard.views.outlook_html import outlook_html
from dashboard.views.shared import Shared

ALL = ""
shared: Shared["Read"] = Shared(30.0)


@dataclass(frozen=True)
class Read:
    """What is shown: (name, past, the same a week before) a queue; all of them as one, and the forecasts of that."""

    of: Period
    now_s: float
    rows: tuple[tuple[str, Past, Past], ...]
    whole: Past | None
    before: Past | None
    outlooks: dict[Figure, Outlook]


@st.fragment(run_every=days.EVERY_S)
def show(store: Path, names: Names) -> None:
    """Asks which queue and when, and draws it."""
    days.guarded(store, lambda: _shown(store, names), empty="There is no history yet.", subject="The history")


def _shown(store: Path, names: Names) -> None:
    known = days.known_queues(store, names)
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
        target_s = days.target_s(names)
    chosen: Kind = "week" if kind == "Week" else "day"
    return queue or ALL, chosen, day if isinstance(day, date) else today, target_s


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
        earlier = days.earlier(db, store, names, queues, day=day, figure=figure)
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
