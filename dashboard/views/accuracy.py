"""The accuracy page: waits that were told against waits that came, a queue and a day; and the replays' reports."""

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
from dashboard.views import board, days
from dashboard.views.accuracy_html import errors_html, headline_html, reports_html, told_html
from dashboard.views.shared import Shared
from dashboard.views.top import clock

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


@st.fragment(run_every=days.EVERY_S)
def show(store: Path, names: Names) -> None:
    """Asks over how many days and which queue to open, and draws."""
    empty = "Nobody has been told a wait yet."
    if days.guarded(store, lambda: _shown(store, names), empty=empty, subject="The store"):
        _reports(names)


def _shown(store: Path, names: Names) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom", key="lw-asked"):
        span = st.segmented_control(
            "Over the last", list(SPANS), default="7 days", required=True, key="last", bind="query-params"
        )
    today = periods.today(board.wall_clock_s(), names.timezone)
    of = [periods.period("day", today - timedelta(days=n), names.timezone) for n in range(SPANS[span] - 1, -1, -1)]
    queues = shared.get((store, names, SPANS[span], today), lambda: _read(store, names, of))
    st.html(headline_html([(name, whole) for _, name, whole in queues], len(of)))
    known = {queue: name for queue, name, whole in queues if whole is not None}
    if not known:
        return
    st.html(errors_html([(name, whole) for _, name, whole in queues]))
    with st.container(horizontal=True, key="lw-one"):
        queue = st.selectbox(
            "Day by day", list(known), format_func=lambda i: known[i], key="queue", bind="query-params"
        )
    told = details.get((store, names, queue, SPANS[span], today), lambda: _read_days(store, names, queue, of))
    st.html(told_html(known[queue], [(d.day, d.errors) for d in told.days], told.visits))


def _read(store: Path, names: Names, of: Sequence[Period]) -> Named:
    with closing(reading.open_store(store)) as db:
        start_s, end_s = of[0].start_s, of[-1].end_s
        return tuple(
            (i, name, wait_errors(db, names.site, i, start_s, end_s))
            for i, name in past.named_queues(db, names.site, names.queues).items()
        )


def _read_days(store: Path, names: Names, queue: str, of: Sequence[Period]) -> QueueDays:
    end_s, first_s = of[-1].end_s, max(of[0].start_s, of[-1].end_s - VISITS_S)
    with closing(reading.open_store(store)) as db:
        return QueueDays(
            tuple(Day(d.first, wait_errors(db, names.site, queue, d.start_s, d.end_s)) for d in of),
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
