"""A card a queue: length, wait, trend, state, and what to do where something is wrong."""

from dataclasses import dataclass

from dashboard import words
from dashboard.page import QueueCard
from dashboard.room import filling
from dashboard.views.markup import Markup, join, tag

MIN_SCALE = 4.0  # people at full height of the small chart: a single person does not fill it


@dataclass(frozen=True)
class Marks:
    """What all cards have in common: the queues to join, the longest one, the chart's full height, a box is off."""

    best: tuple[str, ...] = ()
    longest: str | None = None
    scale: float = MIN_SCALE
    box_offline: bool = False


def scale_of(cards: tuple[QueueCard, ...]) -> float:
    """One full height for every small chart, so that lines can be compared by eye."""
    return max([MIN_SCALE, *(v for c in cards for v in c.history if v is not None)])


def cards_html(cards: tuple[QueueCard, ...], marks: Marks) -> Markup:
    """The grid of cards."""
    return tag("div", *(card_html(c, marks) for c in cards), cls="lw-grid", role="list")


def card_html(card: QueueCard, marks: Marks) -> Markup:
    """One queue."""
    level = level_of(card)
    known = card.length is not None
    late = card.seen == "late"
    classes = f"lw-card lw-{level}" + (" lw-late" if late else "") + (" lw-best" if card.queue in marks.best else "")
    return tag(
        "div",
        tag("div", tag("h2", tag("bdi", card.name)), _badge(card, marks), cls="lw-head"),
        _figures(card) if known else _unknown(card, marks),
        _chart(card, marks.scale) if card.history else None,
        _foot(card, level),
        cls=classes,
        role="listitem",
        data_queue=card.queue,
    )


def level_of(card: QueueCard) -> words.Level:
    """How bad it is: not known is bad, late or degraded is a warning, else what the service's state says."""
    if card.seen in ("silent", "never"):
        return "bad"
    quality = words.quality_words(card.quality).level
    if card.length is None:
        return "bad" if quality == "good" else quality
    if quality != "good":
        return quality
    return "warn" if card.seen == "late" else words.state_words(card.state).level


def _badge(card: QueueCard, marks: Marks) -> Markup | None:
    full = filling(card)
    if full is not None:
        soon = "full" if full.full_in_min == 0 else f"full in {max(1, round(full.full_in_min))} min"
        return tag("span", soon, cls=f"lw-badge lw-filling lw-{full.level}")
    if card.queue in marks.best:
        return tag("span", "join here", cls="lw-badge lw-join")
    if card.queue == marks.longest:
        return tag("span", "longest line", cls="lw-badge lw-longest")
    return None


def _figures(card: QueueCard) -> Markup:
    stopped = card.state == "stopped"
    interval = words.length_interval_words(card.length_low, card.length_high)
    trend = (
        None if card.trend is None or card.state == "closed" else tag("span", words.TRENDS[card.trend], cls="lw-trend")
    )
    closed = card.state == "closed"
    wait = "closed" if closed else words.wait_words(card.wait_s, stopped=stopped)
    wait_interval = (
        ""
        if closed or card.wait_s is None
        else words.wait_interval_words(card.wait_low_s, card.wait_high_s, stopped=stopped)
    )
    length = card.length or 0
    unit = f"of {card.room}" if card.room else "person" if length == 1 else "people"
    return join(
        tag(
            "div",
            tag("span", str(length), cls="lw-length"),
            tag(
                "span",
                tag("span", unit, cls="lw-unit"),
                tag("span", interval, cls="lw-interval") if interval else None,
                cls="lw-beside",
            ),
            trend,
            cls="lw-row",
        ),
        tag(
            "div",
            tag("span", wait, cls="lw-wait" if card.wait_s is not None and not closed else "lw-wait lw-none"),
            tag("span", wait_interval, cls="lw-interval") if wait_interval else None,
            cls="lw-row lw-waits",
        ),
    )


def _unknown(card: QueueCard, marks: Marks) -> Markup:
    if card.seen in ("silent", "never"):
        why = words.silent_words(card.heard_s, box_offline=marks.box_offline)
    else:
        why = words.unknown_words(card.quality, card.unknown_s)
    return join(
        tag("div", tag("span", words.NOT_KNOWN, cls="lw-length"), cls="lw-row"),
        tag("div", tag("span", why, cls="lw-why"), cls="lw-row lw-waits"),
    )


def _foot(card: QueueCard, level: words.Level) -> Markup:
    if card.seen == "never":
        return _line(level, "It comes by itself once the box counts this queue.", "")
    if card.seen == "silent":
        return _line(level, "Check the box's power and network, then its log.", "")
    quality, state = words.quality_words(card.quality), words.state_words(card.state)
    if card.seen == "late":
        return _line(level, f"last heard {words.age_words(card.heard_s or 0.0)} ago", "The numbers above are old.")
    if card.length is None:
        return _line(level, quality.do or "It comes by itself.", "")
    if quality.level != "good":
        return _line(level, f"{state.what}, but {quality.what}", quality.do)
    return _line(level, state.what, state.do or (quality.do if card.wait_s is None else ""))


def _line(level: words.Level, what: str, do: str) -> Markup:
    return tag(
        "div",
        tag("span", tag("i", cls="lw-dot", aria_hidden="true"), what, cls="lw-state"),
        tag("span", do, cls="lw-do") if do else None,
        cls=f"lw-foot lw-{level}",
    )


def _chart(card: QueueCard, scale: float) -> Markup:
    most = "nothing known" if card.most is None else f"most {max(card.most, card.length or 0)}"
    return tag(
        "div",
        tag("div", *(_bar(v, scale) for v in card.history), cls="lw-bars"),
        tag("div", tag("span", "30 min ago"), tag("span", most), tag("span", "now"), cls="lw-axis"),
        cls="lw-chart",
        role="img",
        aria_label=f"Length in the last 30 minutes: {most}",
    )


def _bar(value: float | None, scale: float) -> Markup:
    if value is None:
        return tag("i", cls="lw-gap")
    return tag("i", style=f"height:{max(3.0, 100 * value / scale):.0f}%")
