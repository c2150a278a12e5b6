"""The report's plots as inline SVG; colours are CSS classes, so that light and dark are the page's business."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from itertools import groupby

Point = tuple[float, float | None]  # (media seconds, value or not known)
Band = tuple[float, float | None, float | None]  # (media seconds, low, high)

WIDTH, LEFT, RIGHT, TOP, BOTTOM = 960, 54, 24, 12, 26
MAX_GROUPS = 600  # groups of readings in a line; more than that is finer than the picture


@dataclass(frozen=True)
class Scale:
    """Maps media seconds and values to the picture.

    Attributes:
        start_s, end_s: the time that the plot spans.
        top: the value at its upper edge (the lower edge is 0).
        height: of the whole picture, units of its viewBox.
    """

    start_s: float
    end_s: float
    top: float
    height: int

    def x(self, pts_s: float) -> float:
        """Place of a media time."""
        share = (pts_s - self.start_s) / max(self.end_s - self.start_s, 1e-9)
        return round(LEFT + min(max(share, 0.0), 1.0) * (WIDTH - LEFT - RIGHT), 1)

    def y(self, value: float) -> float:
        """Place of a value."""
        share = min(max(value / self.top, 0.0), 1.0)
        return round(self.height - BOTTOM - share * (self.height - TOP - BOTTOM), 1)


def clock(pts_s: float) -> str:
    """Media time for people: m:ss, or h:mm:ss from an hour on."""
    whole = round(pts_s)
    hours, minutes, seconds = whole // 3600, whole // 60 % 60, whole % 60
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def ticks(low: float, high: float, most: int, steps: Sequence[float] = (1, 2, 5)) -> list[float]:
    """Round values from low to high, at most `most` of them."""
    span = max(high - low, 1e-9)
    power = 10.0 ** math.floor(math.log10(span / most))
    step = next((s * p for p in (power, power * 10, power * 100) for s in steps if span / (s * p) <= most), span)
    first = math.ceil(low / step - 1e-9)
    return [round(k * step, 6) for k in range(first, math.floor(high / step + 1e-9) + 1)]


_TIME_STEPS_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400)


def time_ticks(start_s: float, end_s: float) -> list[float]:
    """Round moments, at most twelve."""
    span = max(end_s - start_s, 1.0)
    step = next((s for s in _TIME_STEPS_S if span / s <= 12), math.ceil(span / 12 / 86_400) * 86_400)
    return [k * step for k in range(math.ceil(start_s / step), math.floor(end_s / step) + 1)]


def value_scale(start_s: float, end_s: float, highest: float, *, height: int, whole: bool) -> Scale:
    """A scale from 0 to a round value above `highest`."""
    marks = ticks(0, max(highest, 1.0) * 1.08, 5)
    step = marks[1] - marks[0] if len(marks) > 1 else 1.0
    step = max(step, 1.0) if whole else step
    return Scale(start_s, end_s, math.ceil(max(highest, 1.0) * 1.02 / step) * step, height)


def picture(scale: Scale, parts: Iterable[str], label: str) -> str:
    """A whole plot; `label` tells its content to those who can't see it."""
    body = "".join(parts)
    return (
        f'<svg class="plot" viewBox="0 0 {WIDTH} {scale.height}" role="img" aria-label="{escape(label)}">{body}</svg>'
    )


def axes(scale: Scale, *, unit: str, whole: bool = True) -> str:
    """Grid, values at the left, times below."""
    marks = [m for m in ticks(0, scale.top, 5) if not whole or m == int(m)]
    rows = "".join(
        f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{scale.y(m)}" y2="{scale.y(m)}"/>'
        f'<text class="mark" x="{LEFT - 7}" y="{scale.y(m) + 4}" text-anchor="end">{m:g}</text>'
        for m in marks
    )
    unit_text = f'<text class="mark" x="{LEFT + 4}" y="{TOP + 2}">{escape(unit)}</text>' if unit else ""
    return rows + time_axis(scale) + unit_text


def time_axis(scale: Scale) -> str:
    """Times along the lower edge."""
    base = scale.height - BOTTOM
    marks = "".join(
        f'<line class="tick" x1="{scale.x(t)}" x2="{scale.x(t)}" y1="{base}" y2="{base + 4}"/>'
        f'<text class="mark" x="{scale.x(t)}" y="{base + 17}" text-anchor="middle">{clock(t)}</text>'
        for t in time_ticks(scale.start_s, scale.end_s)
    )
    return f'<line class="base" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{base}" y2="{base}"/>{marks}'


def thinned(points: Sequence[Point]) -> list[Point]:
    """At most three points a group of readings: its first, lowest and highest, so that no peak is lost."""
    size = math.ceil(len(points) / MAX_GROUPS)
    if size <= 3:
        return list(points)
    kept: list[Point] = []
    for k in range(0, len(points), size):
        group = points[k : k + size]
        known = [p for p in group if p[1] is not None]
        extremes = [min(known, key=_value), max(known, key=_value)] if known else []
        kept += sorted({group[0], *extremes}, key=lambda p: p[0])
    return kept


def _value(point: Point) -> float:
    return -math.inf if point[1] is None else point[1]


def steps(scale: Scale, points: Sequence[Point], css: str, hold_s: float = 1.0) -> str:
    """A line that holds each value until the next; it breaks where the value is not known."""
    path: list[str] = []
    held: float | None = None
    for pts_s, value in thinned(points):
        if value is not None:
            path.append(f"M{scale.x(pts_s)} {scale.y(value)}" if held is None else _step(scale, pts_s, held, value))
        elif held is not None:
            path.append(f"H{scale.x(pts_s)}")
        held = value
    if held is not None:
        path.append(f"H{scale.x(points[-1][0] + hold_s)}")
    return f'<path class="{css}" d="{"".join(path)}"/>' if path else ""


def _step(scale: Scale, pts_s: float, held: float, value: float) -> str:
    return "" if value == held else f"H{scale.x(pts_s)}V{scale.y(value)}"


def band(scale: Scale, rows: Sequence[Band], css: str, hold_s: float = 1.0) -> str:
    """The area between low and high, broken where either is not known."""
    kept = grouped(rows)
    ends = [r[0] for r in kept[1:]] + [rows[-1][0] + hold_s] if rows else []
    areas = []
    for known, run in groupby(zip(kept, ends, strict=True), key=lambda r: r[0][1] is not None):
        if not known:
            continue
        spans = [(scale.x(t), scale.x(end), low or 0.0, high or 0.0) for (t, low, high), end in run]
        upper = "".join(f"L{x1} {scale.y(high)}L{x2} {scale.y(high)}" for x1, x2, _, high in spans)
        lower = "".join(f"L{x2} {scale.y(low)}L{x1} {scale.y(low)}" for x1, x2, low, _ in reversed(spans))
        areas.append(f"M{upper[1:]}{lower}Z")
    return f'<path class="{css}" d="{"".join(areas)}"/>' if areas else ""


def grouped(rows: Sequence[Band]) -> list[Band]:
    """At most MAX_GROUPS rows: the lowest low and the highest high of each group, and fewer where nothing changes."""
    size = max(math.ceil(len(rows) / MAX_GROUPS), 1)
    kept: list[Band] = []
    for k in range(0, len(rows), size):
        group = rows[k : k + size]
        lows = [low for _, low, _ in group if low is not None]
        highs = [high for _, _, high in group if high is not None]
        known = bool(lows and highs)
        row: Band = (group[0][0], min(lows) if known else None, max(highs) if known else None)
        if not kept or kept[-1][1:] != row[1:]:
            kept.append(row)
    return kept


def dot(scale: Scale, pts_s: float, value: float, *, css: str, title: str, radius: float = 5) -> str:
    """A marker that tells its figures on hovering."""
    at = f'cx="{scale.x(pts_s)}" cy="{scale.y(value)}"'
    return f'<circle class="{css}" {at} r="{radius:g}"><title>{escape(title)}</title></circle>'


def bar(scale: Scale, span: tuple[float, float], place: tuple[float, float], *, css: str, title: str) -> str:
    """A horizontal bar over a span of time; `place` is (y, height)."""
    x1, x2 = scale.x(span[0]), scale.x(span[1])
    return (
        f'<rect class="{css}" x="{x1}" y="{place[0]}" width="{max(round(x2 - x1, 1), 1.5)}" height="{place[1]}" rx="2">'
        f"<title>{escape(title)}</title></rect>"
    )


def strip(scale: Scale, words: Sequence[tuple[float, str]], place: tuple[float, float], *, prefix: str) -> str:
    """A coloured band of words over time; each run of one word is one bar with class `prefix`-word."""
    bars = []
    at = 0
    for word, run in groupby(word for _, word in words):
        count = len(list(run))
        from_s = words[at][0]
        at += count
        to_s = words[at][0] if at < len(words) else scale.end_s
        title = f"{clock(from_s)} to {clock(to_s)}: {word}"
        bars.append(bar(scale, (from_s, to_s), place, css=f"{prefix}-{word}", title=title))
    return "".join(bars)
