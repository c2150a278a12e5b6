"""The accuracy page: waits that were told against waits that came, a queue and a day; and the replays' reports."""

import sqlite3
import time
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import streamlit as st

from dashboard import past, periods, reading
from dashboard.accuracy import ToldVisit, WaitErrors, told_visits, wait_errors
from dashboard.page import Names
from dashboard.replay_reports import read_reports
from dashboard.views.accuracy_html import errors_html, headline_html, reports_html, told_html
from dashboard.views.shared import Shared
from dashboard.views.top import clock, notice_html

EVERY_S = 60.0
DOTS = 400  # of the newest visits in the chart
SPANS = {"7 days": 7, "28 days": 28, "90 days": 90}


@dataclass(frozen=True)
class Day:
    """One queue on one local day."""

    day: date
    errors: WaitErrors | None


@dataclass(frozen=True)
class QueueErrors:
    """One queue: its errors over the whole span, by day, and its newest visits."""

    name: str
    whole: WaitErrors | None
    days: tuple[Day, ...]
    visits: tuple[ToldVisit, ...]


shared: Shared[tuple[QueueErrors, ...]] = Shared(30.0)


@st.fragment(run_every=EVERY_S)
def show(store: Path, names: Names) -> None:
    """Asks over how many days, and draws."""
    if not store.exists():
        st.html(notice_html("Waiting for the first readings", "Nobody has been told a wait yet."))
        return
    with st.container(horizontal=True, vertical_alignment="bottom", key="lw-asked"):
        span = st.segmented_control("Over the last", list(SPANS), default="7 days", required=True)
    days = SPANS[span or "7 days"]
    today = periods.today(time.time(), names.timezone)
    try:
        queues = shared.get((store, names, days, today), lambda: _read(store, names, today, days))
    except sqlite3.Error as error:
        st.html(notice_html("The store can't be read now", f"{error}. The page tries again every minute.", "warn"))
        return
    st.html(headline_html([(q.name, q.whole) for q in queues], days))
    if any(q.whole for q in queues):
        st.html(errors_html([(q.name, q.whole) for q in queues]))
        for queue in queues:
            if queue.whole is not None:
                st.html(told_html(queue.name, [(d.day, d.errors) for d in queue.days], queue.visits))
    _reports(names)


def _read(store: Path, names: Names, today: date, days: int) -> tuple[QueueErrors, ...]:
    spans = [periods.period("day", today - timedelta(days=n), names.timezone) for n in range(days - 1, -1, -1)]
    start_s, end_s = spans[0].start_s, spans[-1].end_s
    db = reading.open_store(store)
    try:
        db.execute("BEGIN")
        given = dict(names.queues)
        ids = [*given, *(i for i in past.queues(db, names.site) if i not in given)]
        return tuple(
            QueueErrors(
                given.get(i, i),
                wait_errors(db, names.site, i, start_s, end_s),
                tuple(Day(d.first, wait_errors(db, names.site, i, d.start_s, d.end_s)) for d in spans),
                tuple(told_visits(db, names.site, i, max(start_s, end_s - 7 * 86_400), end_s)[-DOTS:]),
            )
            for i in ids
        )
    finally:
        db.close()


def _reports(names: Names) -> None:
    if names.reports is None:
        return
    reports = read_reports(Path(names.reports))
    times = [clock(r.made_s, names.timezone, "%d.%m.%Y %H:%M") for r in reports]
    st.html(reports_html(reports, times, dict(names.queues), names.config_sha256))
    with st.container(horizontal=True, key="lw-reports"):
        for report, made in zip(reports[:10], times, strict=False):
            if report.page is not None:
                # Saved, not opened here: a page from a folder must not run as a part of this one.
                data = report.page.read_bytes
                label, file = f"Report of {made}", f"report-{made.replace(' ', '-').replace(':', '')}.html"
                st.download_button(label, data, file, "text/html", on_click="ignore", key=str(report.folder))
