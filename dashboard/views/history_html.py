"""The history's HTML: one sentence, the figures beside those of a week before, charts, a table."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from types import MappingProxyType

from dashboard import periods, words
from dashboard.outlook import Figure, Outlook
from dashboard.page import Names
from dashboard.past import Past, Slot, gave_up
from dashboard.periods import Period
from dashboard.views import charts
from dashboard.views.markup import Markup, join, tag

Row = tuple[str, Past, Past]


def headline_html(of: Period, name: str, names: Names, past: Past | None) -> Markup:
    """What the period was like, in one sentence."""
    when = periods.spoken(of)
    return tag(
        "div",
        tag("h1", tag("bdi", name), f", {when}"),
        tag("p", _sentence(past, names.target_wait_s), cls="lw-detail"),
        cls="lw-past",
    )


def _sentence(past: Past | None, target_s: float) -> str:
    if past is None:
        return "Nothing is known of this time. The store has only what came since its collector began."
    told = f"{_count(past.total('joined'), 'person', 'people')} came, {past.total('served')} were served."
    half, most = past.waits.percentile_s(0.5), past.waits.percentile_s(0.9)
    inside = past.waits.share_within(target_s)
    if half is None or most is None or inside is None:
        return told + " Nobody's wait is known."
    told += f" Half of them waited up to {_spoken(half)}, nine of ten up to {_spoken(most)}."
    return told + f" {_share(inside)} waited at most {_spoken(target_s)}, the target."


def figures_html(past: Past, before: Past, target_s: float) -> Markup:
    """A tile a figure, with what it was a week before."""
    tiles = [(name, told(past), told(before)) for name, told in _FIGURES]
    tiles.append((f"Waited at most {_spoken(target_s)}", _within(past, target_s), _within(before, target_s)))
    return tag(
        "section",
        *(
            tag(
                "div",
                tag("div", name, cls="lw-tile-name"),
                tag("div", now, cls="lw-figure-now"),
                tag("div", f"a week before: {then}" if before.known else "a week before: not known", cls="lw-do"),
                cls="lw-tile",
            )
            for name, now, then in tiles
        ),
        cls="lw-tiles",
        aria_label="Figures",
    )


def queue_html(
    past: Past, before: Past, names: Names, now_s: float, outlooks: Mapping[Figure, Outlook] = MappingProxyType({})
) -> Markup:
    """The charts of one queue and the table of its slots."""
    of, ticks = past.period, periods.ticks(past.period, names.timezone)
    week = "the week before" if of.kind == "week" else f"{of.first:%A} before"
    starts = of.slot_starts_s()
    each = "15 minutes" if of.kind == "day" else "hour"
    return join(
        charts.chart_html(
            "Wait told, minutes",
            [_wait_slot(*one, names, now_s) for one in zip(starts, past.slots, _fit(before, past), strict=True)],
            ticks,
            legend=charts.Legend("told to those who joined", week if before.known else ""),
            scale=lambda minutes: f"{minutes:g}",
        ),
        charts.chart_html(
            "People in line",
            _with_forecast(
                [_length_slot(*one, names, now_s) for one in zip(starts, past.slots, _fit(before, past), strict=True)],
                outlooks.get("length"),
            ),
            ticks,
            legend=charts.Legend("mean length", week if before.known else "", _forecast_words(outlooks.get("length"))),
            scale=lambda people: f"{people:g}",
        ),
        flow_html(past, names, now_s, each, outlooks.get("joined")),
        table_html(past, names, now_s),
    )


def flow_html(past: Past, names: Names, now_s: float, each: str, ahead: Outlook | None = None) -> Markup:
    """Arrivals and departures by service in each slot, beside the arrivals that were forecast."""
    starts = past.period.slot_starts_s()
    slots = [
        charts.Slot(
            value=None if _unknown(slot) else float(slot.joined),
            told=f"{_when(start, names, past.period)}: "
            + ("to come" if start > now_s else f"{slot.joined} came, {slot.served} served"),
            mark=None if _unknown(slot) else float(slot.served),
            ahead=start > now_s,
        )
        for start, slot in zip(starts, past.slots, strict=True)
    ]
    return charts.chart_html(
        f"People who came, and were served, per {each}",
        _with_forecast(slots, ahead),
        periods.ticks(past.period, names.timezone),
        legend=charts.Legend("came", "served", _forecast_words(ahead)),
        scale=lambda people: f"{people:g}",
    )


def all_html(
    rows: Sequence[Row],
    whole: Past,
    names: Names,
    now_s: float,
    outlooks: Mapping[Figure, Outlook] = MappingProxyType({}),
) -> Markup:
    """All queues beside each other, the longest wait first, and what they had to do together."""
    order = sorted(rows, key=lambda row: -(row[1].waits.percentile_s(0.9) or -1.0))
    heads = ("Queue", "Came", "Served", "Gave up", "Half waited up to", "Nine of ten up to", "Within the target")
    target = names.target_wait_s
    body = [
        tag(
            "tr",
            tag("th", tag("bdi", name), scope="row"),
            *(tag("td", told(p), data_head=head) for head, (_, told) in zip(heads[1:6], _FIGURES, strict=True)),
            tag("td", _within(p, target), data_head=heads[6]),
            data_queue=p.queue,
        )
        for name, p, _ in order
    ]
    head = tag("thead", tag("tr", *(tag("th", text, scope="col") for text in heads)))
    each = "15 minutes" if whole.period.kind == "day" else "hour"
    return join(
        tag("section", tag("table", head, tag("tbody", *body), cls="lw-table lw-numbers"), cls="lw-section"),
        flow_html(whole, names, now_s, each, outlooks.get("joined")),
        table_html(whole, names, now_s),
    )


def table_html(past: Past, names: Names, now_s: float) -> Markup:
    """Every slot in figures, folded away."""
    heads = ("From", "Length", "Most", "Wait told", "Came", "Served", "Left", "Lost")
    rows = [
        tag(
            "tr",
            tag("th", _when(start, names, past.period), scope="row"),
            *(tag("td", text, data_head=head) for head, text in zip(heads[1:], _cells(slot), strict=True)),
        )
        for start, slot in zip(past.period.slot_starts_s(), past.slots, strict=True)
        if start <= now_s
    ]
    head = tag("thead", tag("tr", *(tag("th", text, scope="col") for text in heads)))
    return tag(
        "details",
        tag("summary", "All of it as a table"),
        tag("table", head, tag("tbody", *rows), cls="lw-table lw-numbers"),
        cls="lw-details",
    )


def _cells(slot: Slot) -> list[str]:
    if _unknown(slot):
        return [words.NOT_KNOWN] * 7
    most = words.NOT_KNOWN if slot.length_max is None else str(slot.length_max)
    wait = words.NOT_KNOWN if slot.wait_s is None else _spoken(slot.wait_s)
    counts = [str(n) for n in (slot.joined, slot.served, slot.left, slot.lost)]
    return [words.number_words(slot.length), most, wait, *counts]


def _wait_slot(start_s: float, slot: Slot, then: Slot, names: Names, now_s: float) -> charts.Slot:
    told = words.NOT_KNOWN if slot.wait_s is None else _spoken(slot.wait_s)
    was = "" if then.wait_s is None else f", a week before {_spoken(then.wait_s)}"
    return charts.Slot(
        value=None if slot.wait_s is None else slot.wait_s / 60,
        told=f"{_clock(start_s, names)}: {told}{was}",
        mark=None if then.wait_s is None else then.wait_s / 60,
        ahead=start_s > now_s,
    )


def _length_slot(start_s: float, slot: Slot, then: Slot, names: Names, now_s: float) -> charts.Slot:
    most = "" if slot.length_max is None else f", most {slot.length_max}"
    was = "" if then.length is None else f", a week before {then.length:.1f}"
    here = "to come" if start_s > now_s else f"{words.number_words(slot.length)} people{most}"
    told = f"{_clock(start_s, names)}: {here}{was}"
    return charts.Slot(slot.length, told, mark=then.length, ahead=start_s > now_s)


def _with_forecast(slots: list[charts.Slot], ahead: Outlook | None) -> list[charts.Slot]:
    if ahead is None:
        return slots
    return [
        slot if made is None else replace(slot, forecast=round(made, 1), told=f"{slot.told}, forecast {made:.1f}")
        for slot, made in zip(slots, ahead.made, strict=True)
    ]


def _forecast_words(ahead: Outlook | None) -> str:
    return "" if ahead is None or not any(ahead.made) else "forecast of the hour before, and of the next 60 minutes"


def _fit(before: Past, past: Past) -> list[Slot]:
    """The slots of the period before, one for each slot of this one: a day of 25 hours has some without."""
    slots = list(before.slots[: len(past.slots)])
    return slots + [Slot()] * (len(past.slots) - len(slots))


def _unknown(slot: Slot) -> bool:
    return not slot.known and not slot.joined and not slot.served


def _when(start_s: float, names: Names, of: Period) -> str:
    clock = _clock(start_s, names)
    day = periods.today(start_s, names.timezone)
    return clock if of.kind == "day" else f"{day:%a} {day.day} {clock}"


def _clock(start_s: float, names: Names) -> str:
    return periods.clock_words(start_s, names.timezone)


def _gave_up(past: Past) -> str:
    bounds = gave_up(past)
    if bounds is None:
        return words.NOT_KNOWN
    left, lost = past.total("left"), past.total("lost")
    if not lost:
        return f"{left} ({_share(bounds[0])})"
    return f"{left} to {left + lost} ({100 * bounds[0]:.1f} to {_share(bounds[1])})"


def _within(past: Past, target_s: float) -> str:
    share = past.waits.share_within(target_s)
    return words.NOT_KNOWN if share is None else _share(share)


def _share(share: float) -> str:
    return f"{100 * share:.1f} %" if 0 < share < 0.1 else f"{100 * share:.0f} %"


def _percentile(share: float, past: Past) -> str:
    wait_s = past.waits.percentile_s(share)
    return words.NOT_KNOWN if wait_s is None else _spoken(wait_s)


def _spoken(seconds: float) -> str:
    """A wait that was: to the half minute below ten, to the minute above."""
    if seconds < 60:
        return f"{round(seconds)} s"
    minutes = seconds / 60
    return f"{round(minutes * 2) / 2:g} min" if minutes < 10 else f"{round(minutes)} min"


def _count(number: int, one: str, several: str) -> str:
    return f"{number} {one if number == 1 else several}"


def _came(past: Past) -> str:
    return str(past.total("joined"))


def _served(past: Past) -> str:
    return str(past.total("served"))


_FIGURES: tuple[tuple[str, Callable[[Past], str]], ...] = (
    ("Came", _came),
    ("Served", _served),
    ("Gave up", _gave_up),
    ("Half waited up to", partial(_percentile, 0.5)),
    ("Nine of ten up to", partial(_percentile, 0.9)),
)
