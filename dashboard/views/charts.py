"""Charts of slots of time, drawn as HTML boxes: no script, no picture, one look in light and dark, at every width.

A slot has a bar, may have a mark (a short line across it: what it is compared with) and a dashed mark (a forecast).
What a slot says in words is its tooltip; the table below the charts says all of it.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from dashboard.views.markup import Markup, tag

Words = Callable[[float], str]


@dataclass(frozen=True)
class Slot:
    """One slot of a chart; None: not known, or not there."""

    value: float | None = None
    told: str = ""
    mark: float | None = None
    forecast: float | None = None
    ahead: bool = False  # it has not come yet


@dataclass(frozen=True)
class Legend:
    """What the chart's parts are; an empty text leaves one out."""

    bar: str
    mark: str = ""
    forecast: str = ""


def chart_html(
    title: str, slots: Sequence[Slot], ticks: Sequence[tuple[float, str]], *, legend: Legend, scale: Words = str
) -> Markup:
    """A figure with a heading, a scale from 0, the slots and labels below; `scale` writes the scale's numbers."""
    step, top = nice_scale([v for s in slots for v in (s.value, s.mark, s.forecast) if v is not None])
    lines = [n * step for n in range(1, round(top / step) + 1)]
    known = [s.value for s in slots if s.value is not None]
    summary = f"{title}: most {scale(max(known))}" if known else f"{title}: nothing known"
    return tag(
        "figure",
        tag("figcaption", tag("strong", title), *_legend(legend)),
        tag(
            "div",
            *(tag("span", scale(at), cls="lw-scale", style=f"bottom:{_percent(at, top)}") for at in lines),
            tag("div", *(_slot(s, top) for s in slots), cls="lw-slots"),
            cls="lw-plot",
            role="img",
            aria_label=summary,
        ),
        tag("div", *(_tick(at, label) for at, label in ticks), cls="lw-ticks", aria_hidden="true"),
        cls="lw-figure",
    )


def nice_scale(values: Sequence[float], lines: int = 4) -> tuple[float, float]:
    """(step, top) of a scale with at most so many lines, steps of 1, 2 or 5 times a power of ten; top holds all."""
    most = max([1.0, *values])
    raw = most / lines
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(m * power for m in (1, 2, 5, 10) if m * power >= raw * (1 - 1e-9))
    step = max(step, 1.0)
    return step, step * math.ceil(most / step - 1e-9)


def _legend(legend: Legend) -> list[Markup]:
    parts = (("bar", legend.bar), ("mark", legend.mark), ("forecast", legend.forecast))
    return [
        tag("span", tag("i", cls=f"lw-key lw-key-{kind}", aria_hidden="true"), text, cls="lw-legend")
        for kind, text in parts
        if text
    ]


def _slot(slot: Slot, top: float) -> Markup:
    inside = []
    if slot.value is not None:
        inside.append(tag("i", style=f"height:{_percent(slot.value, top)}"))
    if slot.mark:  # a row of zeros would look like a line
        inside.append(tag("b", style=f"bottom:{_percent(slot.mark, top)}"))
    if slot.forecast:
        inside.append(tag("b", cls="lw-forecast", style=f"bottom:{_percent(slot.forecast, top)}"))
    gap = "" if slot.value is not None or slot.ahead else "lw-gap"
    return tag("span", *inside, cls=gap, title=slot.told)


def _tick(at: float, label: str) -> Markup:
    return tag("span", label, style=f"left:{100 * at:.2f}%")


def _percent(value: float, top: float) -> str:
    return f"{min(100.0, 100 * value / top):.1f}%"
