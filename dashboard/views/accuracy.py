"""The accuracy page: waits that were told against waits that came, a queue and a day; and the replays' reports."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import streamlit as st

from dashboard import past, periods, reading
from dashboard.accuracy import ToldVisit, WaitErrors, told_visits, wait_errors
from dashboard.page import Names
from dashboard.periods import Period
from dashboard.replay_reports import read_reports
from dashboard.views import board
from dashboard.views.accuracy_html import errors_html, headline_html, reports_html, told_html
from dashboard.views.shared import Shared
from dashboard.views.top import clock, notice_html

EVERY_S = 60.0
DOTS = 300  # of the newest visits in the chart
VISITS_S = 7 * 86_400.0  # no visit that is older is among them
SPANS = {"7 days": 7, "28 days": 28, "90 days": 90}


@dataclass(frozen=True)
class Day:
    """One queue on one local day."""

    day: date
    errors: WaitErrors | None


@dataclass(frozen=True)
class QueueDays:
    """One queue by day, and its newest visits."""

    days: tuple[Day, ...]
    visits: tuple[ToldVisit, ...]


Named = tuple[tuple[str, str, WaitErrors | None], ...]  # id, name, errors of the whole span
shared: Shared[Named] = Shared(30.0)
details: Shared[QueueDays] = Shared(30.0)


@st.fragment(run_every=EVERY_S)
def show(store: Path, names: Names) -> None:
    """Asks over how many days and which queue to open, and draws."""
    if not store.exists():
        st.html(notice_html("Waiting for the first readings", "Nobody has been told a wait yet."))
        return
    try:
        _shown(store, names)
    except sqlite3.Error as error:
        st.html(notice_html("The store can't be read now", f"{error}. The page tries again every minute.", "warn"))
        return
    _reports(names)


def _shown(store: Path, names: Names) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom", key="lw-asked"):
        span = st.segmented_control(
            "Over the last", list(SPANS), default="7 days", required=True, key="last", bind="query-params"
        )
    today = periods.today(board.wall_clock_s(), names.timezone)
    days = [periods.period("day", today - timedelta(days=n), names.timezone) for n in range(SPANS[span] - 1, -1, -1)]
    queues = shared.get((store, names, SPANS[span], today), lambda: _read(store, names, days))
    st.html(headline_html([(name, whole) for _, name, whole in queues], len(days)))
    known = {queue: name for queue, name, whole in queues if whole is not None}
    if not known:
        return
    st.html(errors_html([(name, whole) for _, name, whole in queues]))
    with st.container(horizontal=True, key="lw-one"):
        queue = st.selectbox(
            "Day by day", list(known), format_func=lambda i: known[i], key="queue", bind="query-params"
        )
    told = details.get((store, names, queue, SPANS[span], today), lambda: _read_days(store, names, queue, days))
    st.html(told_html(known[queue], [(d.day, d.errors) for d in told.days], told.visits))


def _read(store: Path, names: Names, days: Sequence[Period]) -> Named:
    with closing(reading.open_store(store)) as db:
        given = dict(names.queues)
        ids = [*given, *(i for i in past.queues(db, names.site) if i not in given)]
        start_s, end_s = days[0].start_s, days[-1].end_s
        return tuple((i, given.get(i, i), wait_errors(db, names.site, i, start_s, end_s)) for i in ids)


def _read_days(store: Path, names: Names, queue: str, days: Sequence[Period]) -> QueueDays:
    end_s, first_s = days[-1].end_s, max(days[0].start_s, days[-1].end_s - VISITS_S)
    with closing(reading.open_store(store)) as db:
        return QueueDays(
            tuple(Day(d.first, wait_errors(db, names.site, queue, d.start_s, d.end_s)) for d in days),
            tuple(told_visits(db, names.site, queue, first_s, end_s)[-DOTS:]),
        )


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
