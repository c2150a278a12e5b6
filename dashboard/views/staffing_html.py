"""The staffing page's HTML: the next hour in one sentence, the day's hours, the day served again, and the limits."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from dashboard import periods, words
from dashboard.demand import FEW, Asked, Pace
from dashboard.past import Waits
from dashboard.periods import Period
from dashboard.staff_plan import GOOD, MOST, Ahead, Hour, Need, enough
from dashboard.views import charts
from dashboard.views.markup import Markup, join, tag
from edge.staffing import Replayed

FAR_S, FAR = 30.0, 0.2  # served again by as many as then, a day that comes out so differently is told


@dataclass(frozen=True)
class Question:
    """What is asked: of which queue, from which day, how many served then, and which wait is still good."""

    queue: str
    name: str
    day: date
    servers: int
    target_s: float


def ahead_html(asked: Question, ahead: Ahead | None, pace: Pace) -> Markup:
    """How many should serve in the next hour."""
    if ahead is None:
        headline, level = f"{asked.name}, next hour: not known", "off"
        detail = "It takes the minutes of earlier weeks at this time of day to say how many people will come."
    else:
        headline, level = _headline(asked, ahead, pace), "good"
        detail = _ahead_words(asked, ahead, pace)
    return tag(
        "div",
        tag("p", headline, cls="lw-headline"),
        tag("p", detail, cls="lw-detail"),
        cls=f"lw-advice lw-{level}",
        aria_live="polite",
    )


def day_html(asked: Question, of: Period, hours: Sequence[Hour], timezone: str) -> Markup:
    """How many each hour of the day needs, as bars."""
    by_start = {hour.start_s: hour for hour in hours}
    starts = [of.start_s + 3600 * n for n in range(math.ceil((of.end_s - of.start_s) / 3600))]
    slots = [_hour_slot(by_start.get(at_s), periods.clock_words(at_s, timezone)) for at_s in starts]
    figure = charts.chart_html(
        f"Needed in each hour, {periods.spoken(of)}",
        slots,
        periods.ticks(of, timezone),
        legend=charts.Legend(f"serving, for a mean wait of at most {_spoken(asked.target_s)}"),
        scale=lambda servers: f"{servers:g}",
    )
    most = [h for h in hours if h.needed is None or h.needed.servers == _most(hours)]
    if not most:
        return figure
    when = words.names_words([periods.clock_words(h.start_s, timezone) for h in most[:3]], "and")
    needed = f"more than {MOST}" if most[0].needed is None else str(most[0].needed.servers)
    more = f" and {len(most) - 3} more" if len(most) > 3 else ""
    told = f"At its busiest the day needed {needed} (from {when}{more}; {max(h.came for h in most)} people an hour)."
    return join(figure, tag("p", told, cls="lw-said"))


def played_html(asked: Question, day: Asked, played: Sequence[Replayed], of: Period) -> Markup:
    """The day's own arrivals served again by other numbers, beside what really was."""
    heads = ("Serving", "Mean wait", "Nine of ten up to", f"Over {_spoken(asked.target_s)}", "Longest line")
    good = enough(played)
    rows = [_really(asked, day, heads), *(_again(one, asked, good, heads) for one in played)]
    head = tag("thead", tag("tr", *(tag("th", text, scope="col") for text in heads)))
    if good is None:
        told = f"Even {played[-1].servers} would have let more than one of ten wait over {_spoken(asked.target_s)}."
    else:
        told = f"With {good.servers} serving all day nine of ten would have waited at most {_spoken(asked.target_s)}."
    return tag(
        "section",
        tag("h2", f"What if: the {len(day.arrivals_s)} people of {periods.spoken(of)}, served again"),
        tag("p", " ".join(filter(None, (told, _how_good(asked, day, played)))), cls="lw-said"),
        tag("table", head, tag("tbody", *rows), cls="lw-table lw-numbers"),
        cls="lw-section",
    )


def limits_html(asked: Question, pace: Pace) -> Markup:
    """What these numbers do not know, in plain words."""
    how = (
        f"as {len(pace.services_s)} services in the service area took"
        if pace.seen
        else f"from {len(pace.services_s)} gaps between departures while people waited, with {asked.servers} serving: "
        "if that number is wrong, everything here is wrong by as much"
    )
    points = [
        f"One person at work needs {_spoken(pace.service_s)} for one person, {how}.",
        "An hour is taken as steady: a rush within it (a bell, a bus, a train) makes longer waits than told. "
        "The day served again has its rushes in it.",
        "Nobody gives up and nobody stays away here. With shorter lines more people may come.",
        "Everybody serving is taken as equally quick, from one line, without breaks, at the pace of that day.",
        "A lift, a bus or a door that takes several people at once is not such a queue: do not use this page for it.",
    ]
    if pace.in_wait:
        points.append(
            "No service area is drawn here: every wait on this page ends when a person's own service is over."
        )
    return tag(
        "section", tag("h2", "How far to trust it"), tag("ul", *(tag("li", p) for p in points), cls="lw-points"),
        cls="lw-section",
    )  # fmt: skip


def nothing_html(asked: Question, day: Asked, of: Period) -> Markup:
    """Why there is nothing to tell."""
    if not day.arrivals_s and not day.ended:
        detail = "No visits of that day are in the store: choose another day. Visits are kept for 90 days."
    else:
        detail = (
            f"{len(day.arrivals_s)} people came and {len(day.ended)} were served, too few of them one after the other "
            f"while people waited ({FEW} are needed) to tell how long one takes. Choose a busier day"
            + (", or a smaller number under Served then by." if asked.servers > 1 else ".")
        )
    return tag(
        "div",
        tag("p", f"{asked.name}: not known from {periods.spoken(of)}", cls="lw-headline"),
        tag("p", detail, cls="lw-detail"),
        cls="lw-advice lw-off",
    )


def _headline(asked: Question, ahead: Ahead, pace: Pace) -> str:
    if pace.in_wait and asked.target_s <= pace.service_s:
        return f"{asked.name}: one service takes longer than the target"
    if ahead.needed is None:
        return f"{asked.name}, next hour: even {MOST} serving are not enough"
    many = "1 person serving is" if ahead.needed.servers == 1 else f"{ahead.needed.servers} people serving are"
    return f"{asked.name}, next hour: {many} enough"


def _ahead_words(asked: Question, ahead: Ahead, pace: Pace) -> str:
    usual = "" if ahead.off is None else f" (such forecasts are off by {ahead.off:.0f})"
    told = [f"About {ahead.people:.0f} people are expected{usual}, {_spoken(pace.service_s)} of work each."]
    if ahead.needed is not None:
        told.append(
            f"The fewest for a mean wait of at most {_spoken(asked.target_s)}: it would be {_wait(ahead.needed)}."
        )
    if ahead.fewer is not None:
        told.append(f"With {ahead.fewer.servers} {_without(ahead.fewer)}.")
    more, off = ahead.needed_if_more, ahead.off
    if ahead.needed is not None and more is not None and off is not None and more.servers > ahead.needed.servers:
        told.append(f"Should {off:.0f} more come, it takes {more.servers}.")
    return " ".join(told)


def _without(fewer: Need) -> str:
    return "the line would grow and grow" if math.isinf(fewer.wait_s) else f"it would be {_wait(fewer)}"


def _wait(told: Need) -> str:
    return "under 10 s" if told.wait_s < 10 else _spoken(told.wait_s)


def _most(hours: Sequence[Hour]) -> int | None:
    return (
        None if any(h.needed is None for h in hours) else max(h.needed.servers for h in hours if h.needed is not None)
    )


def _hour_slot(hour: Hour | None, clock: str) -> charts.Slot:
    if hour is None:
        return charts.Slot(0.0, f"{clock}: nobody came")
    if hour.needed is None:
        return charts.Slot(float(MOST), f"{clock}: {hour.came} came, {MOST} are not enough")
    needed = hour.needed
    then = f"mean wait {_wait(needed)}, {100 * needed.used:.0f} % at work"
    return charts.Slot(float(needed.servers), f"{clock}: {hour.came} came, {needed.servers} serving: {then}")


def _how_good(asked: Question, day: Asked, played: Sequence[Replayed]) -> str:
    """Where serving the day again by as many as then does not give what was, it says so."""
    same = next((one for one in played if one.servers == asked.servers), None)
    was_s = _waits(day).percentile_s(GOOD)
    if same is None or was_s is None or abs(same.p90_s - was_s) <= max(FAR_S, FAR * was_s):
        return ""
    return (
        f"Served again by {asked.servers} as then, nine of ten wait up to {_spoken(same.p90_s)}, and really it was "
        f"{_spoken(was_s)}: take the other rows to be as far off."
    )


def _waits(day: Asked) -> Waits:
    return Waits(tuple((wait_s, 1, 0.0) for wait_s in sorted(day.waits_s)))


def _really(asked: Question, day: Asked, heads: Sequence[str]) -> Markup:
    waits = _waits(day)
    if not waits.n:
        cells = [words.NOT_KNOWN] * 4
    else:
        over = 1 - (waits.share_within(asked.target_s) or 0.0)
        most = waits.percentile_s(GOOD) or 0.0
        cells = [_spoken(sum(day.waits_s) / waits.n), _spoken(most), f"{100 * over:.0f} %", words.NOT_KNOWN]
    return tag(
        "tr",
        tag("th", f"{asked.servers}, as it really was", scope="row"),
        *(tag("td", text, data_head=head) for head, text in zip(heads[1:], cells, strict=True)),
    )


def _again(one: Replayed, asked: Question, good: Replayed | None, heads: Sequence[str]) -> Markup:
    cells = (
        _spoken(one.mean_s), _spoken(one.p90_s), f"{100 * one.share_over_target:.0f} %", f"{one.longest_line:.0f}"
    )  # fmt: skip
    name = f"{one.servers}, served again" if one.servers == asked.servers else str(one.servers)
    return tag(
        "tr",
        tag("th", name, *([tag("span", " enough", cls="lw-badge lw-join")] if one is good else []), scope="row"),
        *(tag("td", text, data_head=head) for head, text in zip(heads[1:], cells, strict=True)),
    )


def _spoken(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = seconds / 60
    return f"{minutes:.1f} min".replace(".0 ", " ") if minutes < 10 else f"{minutes:.0f} min"
