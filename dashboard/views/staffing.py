"""The staffing page: how many should serve in the next hour, in each hour of a day, and that day served again."""

import zlib
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from pathlib import Path

import streamlit as st

from dashboard import past, periods, reading, staff_plan
from dashboard.demand import Asked, Pace, last_day_s, pace, read_asked
from dashboard.outlook import Outlook, outlook
from dashboard.page import Names
from dashboard.periods import Period
from dashboard.views import board, days
from dashboard.views.chairs_html import chairs_html
from dashboard.views.outlook_html import people_ahead
from dashboard.views.shared import Shared
from dashboard.views.staffing_html import Question, ahead_html, day_html, limits_html, nothing_html, played_html
from dashboard.views.top import notice_html
from edge.chairs import chairs_seen
from edge.staffing import Replayed

MOST_ASKED = 20


@dataclass(frozen=True)
class Read:
    """What the store says: the day that is served again, and today's arrivals with their forecast."""

    of: Period
    asked: Asked
    today: Outlook


shared: Shared[Read] = Shared(30.0)
plans: Shared[tuple[Replayed, ...]] = Shared(600.0)


@st.fragment(run_every=days.EVERY_S)
def show(store: Path, names: Names) -> None:
    """Asks which queue, which day and which target, and answers."""
    draw, empty = partial(_shown, store, names), "There is no day yet to learn from."
    days.guarded(store, draw, empty=empty, subject="The history")


def _shown(store: Path, names: Names) -> None:
    known, today = days.known_queues(store, names), periods.today(board.wall_clock_s(), names.timezone)
    if not known:
        st.html(notice_html("No queue is known yet", "This page needs a day of visits to learn from."))
        return
    asked = _asked(store, names, known, today)
    key = (store, names.site, asked.queue, asked.day, today)
    read = shared.get(key, lambda: _read(store, names, asked, today))
    chairs = chairs_seen(e.at_s for e in read.asked.ended)
    if chairs is not None:
        st.html(chairs_html(chairs))
    found = pace(read.asked.ended, asked.servers, served_in_line=asked.queue not in names.served_outside)
    if found is None or not read.asked.arrivals_s:
        st.html(nothing_html(asked, read.asked, read.of))
        return
    ahead = read.today.ahead
    people = None if ahead is None else people_ahead(ahead)
    off = None if ahead is None else ahead.sum_mae
    next_hour = None if people is None else staff_plan.ahead(people, off, found, asked.target_s)
    st.html(ahead_html(asked, next_hour, found))
    hours = staff_plan.hours(read.asked, read.of, found, asked.target_s)
    st.html(day_html(asked, read.of, hours, names.timezone))
    most = max((h.needed.servers for h in hours if h.needed is not None), default=staff_plan.MOST)
    st.html(played_html(asked, read.asked, _played(key, asked, read.asked, found, most), read.of))
    st.html(limits_html(asked, found))


def _asked(store: Path, names: Names, known: dict[str, str], today: date) -> Question:
    with st.container(horizontal=True, vertical_alignment="bottom", key="lw-asked"):
        queue = st.selectbox("Queue", list(known), format_func=lambda i: known[i], key="queue", bind="query-params")
        day = st.date_input(
            "Learn from the day", _last_day(store, names, queue, today), max_value=today,
            min_value=today - timedelta(days=3660), key="learn", bind="query-params",
        )  # fmt: skip
        given = min(dict(names.servers).get(queue, 1), MOST_ASKED)
        servers = st.number_input("Served then by", 1, MOST_ASKED, given, key=f"servers-{queue}")
        target_s = days.target_s(names)
    return Question(queue, known[queue], day if isinstance(day, date) else today, int(servers), target_s)


def _last_day(store: Path, names: Names, queue: str, today: date) -> date:
    """The last day before today on which somebody came."""
    db = reading.open_store(store)
    try:
        begins_s = periods.period("day", today, names.timezone).start_s
        at_s = last_day_s(db, names.site, queue, begins_s)
    finally:
        db.close()
    return today if at_s is None else periods.today(at_s, names.timezone)


def _read(store: Path, names: Names, question: Question, today: date) -> Read:
    day, now_s = periods.period("day", question.day, names.timezone), board.wall_clock_s()
    runs = periods.period("day", today, names.timezone)
    db = reading.open_store(store)
    try:
        db.execute("BEGIN")
        asked = read_asked(db, names.site, question.queue, day.start_s, day.end_s)
        came = [s.joined if s.known else None for s in past.read_past(db, names.site, question.queue, runs).slots]
        earlier = days.earlier(db, store, names, (question.queue,), day=runs, figure="joined")
    finally:
        db.close()
    return Read(day, asked, outlook(earlier, came, runs, names.timezone, now_s))


def _played(key: tuple[object, ...], question: Question, asked: Asked, found: Pace, most: int) -> tuple[Replayed, ...]:
    """The day served by one fewer than then up to two more than its busiest hour needs; at most six numbers."""
    first = max(1, min(question.servers, most) - 1)
    numbers = range(first, min(max(most, question.servers) + 2, first + 5) + 1)
    part = (*key, len(asked.arrivals_s), question.servers, question.target_s, numbers)
    seed = zlib.crc32(repr((question.queue, question.day)).encode())  # the same question gets the same answer
    return plans.get(part, lambda: staff_plan.again(asked, found, numbers, question.target_s, seed))
