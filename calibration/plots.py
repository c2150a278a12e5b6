"""The report's four plots of a queue: lengths, waits, conditions, visits; each with its legend."""

import math
from collections.abc import Sequence
from html import escape

from calibration import svg
from calibration.replay import Replayed
from calibration.scoring import Match
from calibration.summary import QueueScore
from calibration.svg import clock
from edge.messages import QueueReading
from edge.vocabulary import Visit

MAX_BARS = 80
CROWDED = 60  # dots; more of them are drawn smaller, so that the line stays to be seen


def _legend(*entries: tuple[str, str]) -> str:
    return (
        '<div class="legend">'
        + "".join(f'<span><i class="{css}"></i>{escape(text)}</span>' for css, text in entries)
        + "</div>"
    )


def _figure(title: str, legend: str, drawing: str) -> str:
    return f'<h3>{escape(title)}</h3>{legend}<div class="drawing" tabindex="0">{drawing}</div>'


def lengths(done: Replayed, queue_id: str, result: QueueScore) -> str:
    """Length over time with its interval, and the moments of the truth."""
    readings = done.readings[queue_id]
    if not readings:
        return ""
    highs = [r.length_high for r in readings if r.length_high is not None]
    highest = max([*highs, *(r.length or 0 for r in readings), *(e.truth.length for e in result.lengths)])
    scale = svg.value_scale(done.start_s, done.end_s, highest, height=230, whole=True)
    dots = [
        svg.dot(
            scale,
            e.truth.pts_s,
            e.truth.length,
            css="dot" if e.truth.certain else "dot-open",
            radius=5 if len(result.lengths) <= CROWDED else 3,
            title=f"{clock(e.truth.pts_s)}: {e.truth.length} true, machine {'unknown' if e.told is None else e.told}",
        )
        for e in result.lengths
    ]
    legend = [("machine", "machine"), ("band patch", "its interval")]
    if any(e.truth.certain for e in result.lengths):
        legend.append(("truth spot", "truth"))
    if any(not e.truth.certain for e in result.lengths):
        legend.append(("open spot", "truth, arguable"))
    parts = [
        svg.axes(scale, unit="people"),
        svg.band(scale, [(r.pts_s, r.length_low, r.length_high) for r in readings], "band"),
        svg.steps(scale, [(r.pts_s, r.length) for r in readings], "machine"),
        *dots,
    ]
    return _figure(
        "People in the queue", _legend(*legend), svg.picture(scale, parts, f"Length of {queue_id} over time")
    )


def waits(done: Replayed, queue_id: str, result: QueueScore) -> str:
    """The wait told over time with its interval, and what people who joined then really waited."""
    readings = done.readings[queue_id]
    own = [v for v in done.visits[queue_id] if v.outcome == "served" and v.served_s is not None and not v.censored]
    real = [(v.joined_s, v.served_s - v.joined_s) for v in own if v.served_s is not None]
    eye = [(e.visit.joined_s, e.real_s) for e in result.waits]
    told = [w for r in readings for w in (r.wait_s, r.wait_high_s) if w is not None]
    if not told and not real and not eye:
        return ""
    # an interval may be endless at first: the lines and the dots say how high the plot is, the band is cut there
    lines = [r.wait_s for r in readings if r.wait_s is not None]
    highest = max([*lines, *(w for _, w in real), *(w for _, w in eye), min(max(told, default=0), 60.0)])
    scale = svg.value_scale(done.start_s, done.end_s, highest * 1.15, height=230, whole=False)
    parts = [
        svg.axes(scale, unit="seconds", whole=False),
        svg.band(scale, [(r.pts_s, r.wait_low_s, _upper_s(r)) for r in readings], "band"),
        svg.steps(scale, [(r.pts_s, r.wait_s) for r in readings], "machine"),
    ]
    for css, text, dots in (("dot-own", "measured", real), ("dot", "truth", eye)):
        parts += [svg.dot(scale, t, w, css=css, title=f"joined {clock(t)}, waited {w:.0f} s ({text})") for t, w in dots]
    legend = [("machine", "wait told to one who joins now"), ("band patch", "its interval")]
    legend += [("own spot", "what the machine then measured")] if real else []
    legend += [("truth spot", "what it really was")] if eye else []
    return _figure("Wait", _legend(*legend), svg.picture(scale, parts, f"Wait of {queue_id} over time"))


def _upper_s(reading: QueueReading) -> float | None:
    """The upper end of the told wait; endless where a wait is told without one."""
    return math.inf if reading.wait_s is not None and reading.wait_high_s is None else reading.wait_high_s


def conditions(done: Replayed, queue_id: str) -> str:
    """What could be trusted (quality) and what the service did (state), over time."""
    readings = done.readings[queue_id]
    if not readings:
        return ""
    scale = svg.Scale(done.start_s, done.end_s, 1.0, 74)
    quality = [(r.pts_s, str(r.quality)) for r in readings]
    state = [(r.pts_s, str(r.state)) for r in readings]
    parts = [
        svg.strip(scale, quality, (8, 13), prefix="w"),
        svg.strip(scale, state, (27, 13), prefix="w"),
        f'<text class="mark" x="{svg.LEFT - 7}" y="18" text-anchor="end">picture</text>',
        f'<text class="mark" x="{svg.LEFT - 7}" y="37" text-anchor="end">service</text>',
        svg.time_axis(scale),
    ]
    seen: dict[str, int] = {}
    for _, word in (*quality, *state):
        seen[word] = seen.get(word, 0) + 1
    legend = _legend(*((f"patch w-{word}", f"{word} {count} s") for word, count in seen.items()))
    drawing = svg.picture(scale, parts, f"Quality and service of {queue_id} over time")
    return _figure("Could it be trusted, and was there service", legend, drawing)


def visits(done: Replayed, matches: Sequence[Match]) -> str:
    """A bar a visit: the machine's above, the truth's below it."""
    if not matches:
        return ""
    shown = matches[:MAX_BARS]
    with_truth = any(m.truth for m in matches)
    row_height = 16 if with_truth else 9
    scale = svg.Scale(done.start_s, done.end_s, 1.0, svg.TOP + row_height * len(shown) + svg.BOTTOM)
    parts = [svg.time_axis(scale)]
    for number, match in enumerate(shown):
        top = svg.TOP + number * row_height
        if match.machine:
            parts += _bars(scale, match.machine, top, end_s=done.end_s)
        if match.truth:
            stay = (match.truth.joined_s, _until(match.truth, done.end_s))
            title = f"truth: {clock(stay[0])} to {clock(stay[1])}"
            parts.append(svg.bar(scale, stay, (top + 7, 4), css="bar-truth", title=title))
    waited = any(m.machine and m.machine.served_s is not None for m in shown)
    legend = [("machine patch", "waited"), ("after patch", "after being served, or never served")]
    legend = legend if waited else [("after patch", "there, by the machine")]
    legend += [("truth patch", "truth")] if with_truth else []
    cut = f'<p class="note">The first {MAX_BARS} of {len(matches)} visits.</p>' if len(matches) > MAX_BARS else ""
    return _figure("Visits, one a bar", _legend(*legend), svg.picture(scale, parts, "Visits over time") + cut)


def _bars(scale: svg.Scale, visit: Visit, top: float, *, end_s: float) -> list[str]:
    until_s = _until(visit, end_s)
    title = f"machine: {clock(visit.joined_s)} to {clock(until_s)}, {visit.outcome or 'still there'}"
    bars = [svg.bar(scale, (visit.joined_s, until_s), (top, 6), css="bar-after", title=title)]
    if visit.served_s is not None:
        bars.append(svg.bar(scale, (visit.joined_s, visit.served_s), (top, 6), css="bar-wait", title=title))
    return bars


def _until(visit: Visit, end_s: float) -> float:
    return next((t for t in (visit.left_s, visit.served_s) if t is not None), max(end_s, visit.joined_s))
