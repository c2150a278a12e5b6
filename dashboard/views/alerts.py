"""Alerts: those that hold, who has seen them, those that are past."""

from dashboard import words
from dashboard.alert_book import open_ones
from dashboard.page import AlertRow, Page
from dashboard.views.markup import Markup, tag
from dashboard.views.top import clock

AT_MOST = 6  # on the live page


def recent_html(page: Page) -> Markup | None:
    """For the live page: what holds now, then what was over in the last three hours."""
    rows = [*open_ones(page.alerts), *(a for a in page.alerts if a.ended_s is not None)][:AT_MOST]
    return list_html("Alerts", rows, page.timezone, page.now_s) if rows else None


def list_html(title: str, rows: list[AlertRow], timezone: str, now_s: float) -> Markup:
    """A list of alerts under a heading."""
    items = tag("ul", *(tag("li", *alert_parts(a, timezone, now_s)) for a in rows), cls="lw-alerts")
    return tag("section", tag("h2", title), items, cls="lw-section")


def alert_parts(alert: AlertRow, timezone: str, now_s: float) -> list[Markup]:
    """When, where, what, and who has seen it."""
    today = clock(alert.at_s, timezone, "%Y%m%d") == clock(now_s, timezone, "%Y%m%d")
    began = clock(alert.at_s, timezone, "%H:%M" if today else "%d.%m. %H:%M")
    if alert.ended_s is None:
        when, level = f"since {began}", "lw-off" if alert.seen_by else "lw-bad"
    else:
        ends = clock(alert.ended_s, timezone, "%H:%M") if alert.ended_known else "?"
        when, level = f"{began} – {ends}", "lw-off"
    seen = f"seen by {alert.seen_by}" if alert.seen_by else ""
    if alert.seen_by and alert.seen_s is not None:
        seen += f" at {clock(alert.seen_s, timezone, '%H:%M')}"
    return [
        tag("i", cls=f"lw-dot {level}", aria_hidden="true"),
        tag("time", when),
        tag("strong", tag("bdi", alert.name)),
        tag("span", words.alert_words(alert.text)),
        *([tag("em", seen, cls="lw-do")] if seen else []),
    ]
