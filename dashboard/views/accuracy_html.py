"""The accuracy page's HTML: one sentence, a row a queue, days and visits of each queue, reports of replays."""

from collections.abc import Mapping, Sequence
from datetime import date

from dashboard import words
from dashboard.accuracy import ToldVisit, WaitErrors
from dashboard.replay_reports import Report
from dashboard.views import charts
from dashboard.views.markup import Markup, join, tag

AIM = 0.8  # of the told interval
FEW = 20  # visits; fewer say little
Named = Sequence[tuple[str, WaitErrors | None]]


def headline_html(queues: Named, days: int) -> Markup:
    """How well waits have been told, in one sentence."""
    known = [errors for _, errors in queues if errors is not None]
    n = sum(e.n for e in known)
    if not n:
        told = "Nobody who was told a wait has been served in this time: there is nothing to compare."
    else:
        off = sum(e.mae_s * e.n for e in known) / n
        bias = sum(e.bias_s * e.n for e in known) / n
        inside = sum(e.coverage * e.n for e in known) / n
        told = (
            f"{n} people were told a wait and were served. The wait that they were told was off by {_s(off)} on "
            f"average, {_bias_words(bias)}; {100 * inside:.0f} % of them waited within the range that they were told "
            f"(it aims at {100 * AIM:.0f} %)."
        )
    return tag("div", tag("h1", f"Accuracy of the last {days} days"), tag("p", told, cls="lw-detail"), cls="lw-past")


def errors_html(queues: Named) -> Markup:
    """A row a queue."""
    heads = ("Queue", "People", "Off by", "Bias", "Told too short", "Within the range")
    rows = []
    for name, errors in queues:
        cells = [words.NOT_KNOWN] * 5 if errors is None else _cells(errors)
        rows.append(
            tag(
                "tr",
                tag("th", tag("bdi", name), scope="row"),
                *(tag("td", text, data_head=head) for head, text in zip(heads[1:], cells, strict=True)),
            )
        )
    head = tag("thead", tag("tr", *(tag("th", text, scope="col") for text in heads)))
    return tag("section", tag("table", head, tag("tbody", *rows), cls="lw-table lw-numbers"), cls="lw-section")


def told_html(name: str, days: Sequence[tuple[date, WaitErrors | None]], visits: Sequence[ToldVisit]) -> Markup:
    """One queue: its days as bars, its newest visits as dots, and its days as a table, folded away."""
    slots = [charts.Slot(None if e is None else e.mae_s / 60, f"{_day(day)}: {', '.join(_told(e))}") for day, e in days]
    each = max(1, len(days) // 7)
    ticks = [(n / len(days), _day(day)) for n, (day, _) in enumerate(days) if n % each == 0]
    chart = charts.chart_html(
        "Off by, minutes, a day", slots, ticks, legend=charts.Legend("mean of told against real"), scale=_minutes
    )
    heads = ("Day", "People", "Off by", "Bias", "Told too short", "Within the range")
    rows = [
        tag(
            "tr",
            tag("th", _day(day), scope="row"),
            *(tag("td", text, data_head=head) for head, text in zip(heads[1:], _cells(e), strict=True)),
        )
        for day, e in reversed(days)
        if e is not None
    ]
    head = tag("thead", tag("tr", *(tag("th", text, scope="col") for text in heads)))
    table = tag("table", head, tag("tbody", *rows), cls="lw-table lw-numbers")
    folded = tag("details", tag("summary", "All of it as a table"), table, cls="lw-details")
    label = f"Accuracy of {name} by day"
    return tag("section", tag("div", chart, _dots(visits), cls="lw-beside-figures"), folded, aria_label=label)


def reports_html(reports: Sequence[Report], times: Sequence[str], names: Mapping[str, str], config: str) -> Markup:
    """A row a queue of each replay; reports that were made with another site file say so."""
    if not reports:
        return tag("p", "No replay's report lies in the folder that the site file names.", cls="lw-do")
    heads = ("Replay of", "When", "Queue", "Counts by eye", "Length off by", "Bias", "Within one person")
    rows = []
    for report, made in zip(reports, times, strict=True):
        other = "" if report.config_sha256 == config else " (another site file)"
        for scored in report.scored:
            cells = (
                made + other, names.get(scored.queue, scored.queue), str(scored.n), f"{scored.mae:.2f}",
                f"{scored.bias:+.2f}", f"{100 * scored.within_1:.0f} %",
            )  # fmt: skip
            row = tag("th", tag("bdi", ", ".join(report.recordings)), scope="row")
            rows.append(tag("tr", row, *(tag("td", c, data_head=h) for h, c in zip(heads[1:], cells, strict=True))))
    head = tag("thead", tag("tr", *(tag("th", text, scope="col") for text in heads)))
    table = tag("table", head, tag("tbody", *rows), cls="lw-table")
    return tag("section", tag("h2", "Replays against counts by eye"), table, cls="lw-section")


def _dots(visits: Sequence[ToldVisit]) -> Markup | None:
    if not visits:
        return None
    step, top = charts.nice_scale([max(v.told_s, v.real_s) / 60 for v in visits])
    lines = [n * step for n in range(1, round(top / step) + 1)]
    dots = [
        tag(
            "i",
            cls="" if v.told_s >= v.real_s else "lw-short",
            style=f"left:{100 * v.told_s / 60 / top:.1f}%;bottom:{100 * v.real_s / 60 / top:.1f}%",
        )
        for v in visits
    ]
    scale = [tag("span", _minutes(at), cls="lw-scale", style=f"bottom:{100 * at / top:.1f}%") for at in lines]
    below = [tag("span", _minutes(at), style=f"left:{100 * at / top:.1f}%") for at in lines[:-1]]
    short = sum(v.told_s < v.real_s for v in visits)
    label = f"{len(visits)} visits: told against real wait; {short} were told too short"
    return tag(
        "figure",
        tag("figcaption", tag("strong", "Real wait over told wait, minutes"), _dot_legend()),
        tag("div", *scale, tag("div", *dots, cls="lw-dots"), cls="lw-plot lw-square", role="img", aria_label=label),
        tag("div", *below, cls="lw-ticks", aria_hidden="true"),
        cls="lw-figure lw-figure-square",
    )


def _dot_legend() -> Markup:
    return join(
        tag("span", tag("i", cls="lw-key lw-key-dot", aria_hidden="true"), "told long enough", cls="lw-legend"),
        tag("span", tag("i", cls="lw-key lw-key-short", aria_hidden="true"), "told too short", cls="lw-legend"),
    )


def _cells(errors: WaitErrors) -> list[str]:
    few = " (few)" if errors.n < FEW else ""
    bias = f"{'+' if errors.bias_s >= 0 else '−'}{_s(abs(errors.bias_s))}"
    return [
        f"{errors.n}{few}", _s(errors.mae_s), bias, f"{100 * errors.too_short:.0f} %", f"{100 * errors.coverage:.0f} %"
    ]  # fmt: skip


def _told(errors: WaitErrors | None) -> list[str]:
    if errors is None:
        return ["nobody"]
    return [f"{errors.n} people", f"off by {_s(errors.mae_s)}", _bias_words(errors.bias_s)]


def _bias_words(bias_s: float) -> str:
    if abs(bias_s) < 1:
        return "neither too long nor too short on the whole"
    return f"{_s(abs(bias_s))} too {'long' if bias_s > 0 else 'short'} on the whole"


def _s(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.1f} min"


def _minutes(value: float) -> str:
    return f"{value:g}"


def _day(day: date) -> str:
    return f"{day.day} {day:%b}"
