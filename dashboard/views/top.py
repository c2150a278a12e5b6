"""The head of the page: the advice in one sentence, the clock, and what is broken, all readable from three metres."""

from datetime import UTC, datetime

from dashboard import words
from dashboard.advice import Advice, longest
from dashboard.page import Page, QueueCard
from dashboard.periods import zone
from dashboard.room import filling
from dashboard.views.equipment import camera_told, offline
from dashboard.views.markup import Markup, join, tag


def clock(at_s: float, timezone: str, form: str = "%H:%M:%S") -> str:
    """An instant (seconds since 1970) as people of the site say it."""
    return datetime.fromtimestamp(at_s, UTC).astimezone(zone(timezone)).strftime(form)


def head_html(page: Page, title: str = "") -> Markup:
    """Name and clock. It is replaced every second, and shows itself when that ends."""
    name = tag("bdi", page.name)
    return join(
        _lost_connection(),
        tag(
            "div",
            tag("h1", name, tag("span", f" · {title}") if title else None),
            tag("span", clock(page.now_s, page.timezone), cls="lw-clock", title=page.timezone),
            cls="lw-top",
        ),
    )


def advice_html(page: Page, told: Advice) -> Markup:
    """The advice, the longest line, and a strip for each thing that is broken or about to overflow."""
    most = longest(page.cards)
    lines = [f"Longest line: {c.name}, {words.people_words(c.length or 0)}." for c in page.cards if c.queue == most]
    detail = " ".join(filter(None, (told.detail, *lines)))
    return join(
        tag(
            "div",
            tag("p", told.headline, cls="lw-headline"),
            tag("p", detail, cls="lw-detail") if detail else None,
            cls=f"lw-advice lw-{told.level}",
            aria_live="polite",
        ),
        strips_html(page, full=True),
    )


def strips_html(page: Page, *, full: bool = False) -> Markup | None:
    """A strip for each thing that is broken, and with `full` for each line that is about to overflow."""
    strips = [_strip(what, do) for what, do in problems(page)]
    strips += [_strip(what, do, "lw-full") for what, do in overflows(page.cards)] if full else []
    return tag("div", *strips, cls="lw-strips") if strips else None


def overflows(cards: tuple[QueueCard, ...]) -> list[tuple[str, str]]:
    """Lines that are full or soon will be, the soonest first, and what to do."""
    found = [(one.full_in_min, card.name, one.told) for card in cards if (one := filling(card)) is not None]
    return [(f"{name}: {told}", "Open another place, or send people elsewhere.") for _, name, told in sorted(found)]


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


def _strip(what: str, do: str, more: str = "") -> Markup:
    parts = tag("strong", what), tag("span", do) if do else None
    return tag("div", *parts, cls=f"lw-strip {more}".strip(), role="alert")


def _lost_connection() -> Markup:
    # A dead man's switch in CSS: it shows itself when this piece of the page has not been replaced for some seconds.
    return tag("div", "This page gets no news: its numbers are old. It tries to connect again.", cls="lw-deadman")
