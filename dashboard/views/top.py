"""The head of the page: the advice in one sentence, the clock, and what is broken, all readable from three metres."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dashboard import words
from dashboard.advice import Advice
from dashboard.page import Page
from dashboard.views.equipment import camera_told, offline
from dashboard.views.markup import Markup, join, tag


def zone(name: str) -> ZoneInfo:
    """The site's time zone; UTC where this machine does not know it."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def clock(at_s: float, timezone: str, form: str = "%H:%M:%S") -> str:
    """An instant (seconds since 1970) as people of the site say it."""
    return datetime.fromtimestamp(at_s, UTC).astimezone(zone(timezone)).strftime(form)


def top_html(page: Page, told: Advice) -> Markup:
    """Name and clock, the advice, and a strip for each thing that is broken."""
    broken = problems(page)
    return join(
        _lost_connection(),
        tag(
            "div",
            tag("h1", tag("bdi", page.name)),
            tag("span", clock(page.now_s, page.timezone), cls="lw-clock", title=page.timezone),
            cls="lw-top",
        ),
        tag(
            "div",
            tag("p", told.headline, cls="lw-headline"),
            tag("p", told.detail, cls="lw-detail") if told.detail else None,
            cls=f"lw-advice lw-{told.level}",
            aria_live="polite",
        ),
        tag("div", *(_strip(what, do) for what, do in broken), cls="lw-strips") if broken else None,
    )


def problems(page: Page) -> list[tuple[str, str]]:
    """What is broken and what to do, boxes before cameras; what several share is said once."""
    names: dict[tuple[str, str, str], list[str]] = {}
    for box in page.boxes:
        if box.status != "online":
            names.setdefault(("Box", "offline", "Check its power and network."), []).append(box.box)
    off = offline(page)
    for row in page.cameras:
        told = camera_told(row, box_offline=off)
        if told.level == "bad" and not off:
            names.setdefault(("Camera", told.what[:1].lower() + told.what[1:], told.do), []).append(row.name)
    return [
        (f"{kind}{_plural(kind, those)} {words.names_words(those, 'and')}: {what}", do)
        for (kind, what, do), those in names.items()
    ]


def _plural(kind: str, those: list[str]) -> str:
    return "" if len(those) == 1 else "es" if kind == "Box" else "s"


def notice_html(headline: str, detail: str, level: words.Level = "off") -> Markup:
    """A page with one thing to say: waiting for the store, the store is busy, it can't be read."""
    return join(
        _lost_connection(),
        tag(
            "div",
            tag("p", headline, cls="lw-headline"),
            tag("p", detail, cls="lw-detail"),
            cls=f"lw-advice lw-notice lw-{level}",
        ),
    )


def _strip(what: str, do: str) -> Markup:
    return tag("div", tag("strong", what), tag("span", do) if do else None, cls="lw-strip", role="alert")


def _lost_connection() -> Markup:
    # A dead man's switch in CSS: it shows itself when this piece of the page has not been replaced for some seconds.
    return tag("div", "This page gets no news: its numbers are old. It tries to connect again.", cls="lw-deadman")
