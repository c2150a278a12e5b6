"""The alerts' page: open ones with a button to say that one has seen them, and those of the last days."""

import sqlite3
from pathlib import Path

import streamlit as st

from dashboard import desk, past, reading
from dashboard.access import Visitor
from dashboard.alert_book import open_ones, read_alerts, told
from dashboard.page import AlertRow, Names
from dashboard.views import board
from dashboard.views.alerts import alert_parts, list_html
from dashboard.views.markup import tag
from dashboard.views.shared import Shared
from dashboard.views.top import notice_html

EVERY_S = 2.0
BACK_S = 30 * 86_400.0
shared: Shared[tuple[AlertRow, ...]] = Shared(1.0)


@st.fragment(run_every=EVERY_S)
def show(store: Path, names: Names, who: Visitor) -> None:
    """Draws the page; a button is there only for alerts that nobody has seen."""
    now_s = board.wall_clock_s()
    try:
        alerts = shared.get((store, names), lambda: _read(store, names, now_s)) if store.exists() else ()
    except sqlite3.Error as error:
        st.html(notice_html("The alerts can't be read now", f"{error}. The page tries again.", "warn"))
        return
    holding = open_ones(alerts)
    unseen = [a for a in holding if not a.seen_by]
    headline = "No alert is open" if not holding else f"{len(holding)} open, {len(unseen)} not yet seen"
    level = "bad" if unseen else "warn" if holding else "good"
    st.html(
        tag("div", tag("h1", "Alerts"), cls="lw-top")
        + tag("div", tag("p", headline, cls="lw-headline"), cls=f"lw-advice lw-{level}", aria_live="polite")
    )
    for alert in unseen:
        key = "-".join(map(str, alert.key))
        with st.container(horizontal=True, vertical_alignment="center", key=f"lw-alert-{key}"):
            parts = alert_parts(alert, names.timezone, now_s)
            st.html(tag("ul", tag("li", *parts), cls="lw-alerts"), width="stretch")
            st.button("I have seen it", key=f"seen-{key}", on_click=_seen, args=(store, names, alert, who))
    if seen := [a for a in holding if a.seen_by]:
        st.html(list_html("Open, and seen", seen, names.timezone, now_s))
    if over := [a for a in alerts if a.ended_s is not None]:
        st.html(list_html("Past, the last 30 days", over, names.timezone, now_s))


def _read(store: Path, names: Names, now_s: float) -> tuple[AlertRow, ...]:
    db = reading.open_store(store)
    try:
        alerts = read_alerts(db, names.site, now_s - BACK_S)
        ids = {i: i for i in past.queues(db, names.site)}
    finally:
        db.close()
    return told(alerts, ids | dict(names.queues), desk.acknowledged(desk.desk_path(store), names.site))


def _seen(store: Path, names: Names, alert: AlertRow, who: Visitor) -> None:
    try:
        desk.acknowledge(desk.desk_path(store), names.site, alert.key, who=who.name, at_s=board.wall_clock_s())
    except sqlite3.Error as error:
        st.toast(f"It can't be noted: the folder of the store can't be written ({type(error).__name__}).")
    shared.clear()
