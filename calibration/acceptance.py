"""The site's acceptance rule against a replay's summary: what passed, what failed, and whether that is sure."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from edge.config_acceptance import BOUNDS, TRACK_BOUNDS, BoundKey
from edge.errors import InputError
from edge.settings import AcceptanceBound, Site

Verdict = Literal["passed", "failed", "not judged"]
NEEDED = {
    "counts": "certain counts (pts_s,queue,length)",
    "visits": "visits (queue,joined_s,served_s,left_s,outcome)",
    "waits": "visits of people who were served (queue,joined_s,served_s,left_s,outcome)",
    "tracks": "tracks (MOT text)",
}


@dataclass(frozen=True)
class Judged:
    """One bound and what came.

    Attributes:
        queue: whose; None: every camera with tracks in the truth.
        name: of the bound, as the site file writes it.
        way, limit: see edge/config_acceptance.py.
        value, low, high, n: the figure, its 95 % interval and how many rows it is of; None where it has none.
        passed: does the figure hold the bound? A figure that can't be had does not.
        sure: does its whole interval? None: there is no interval.
        sealed: judged on the sealed truth.
    """

    queue: str | None
    name: str
    way: str
    limit: float
    value: float | None
    low: float | None
    high: float | None
    n: int
    passed: bool
    sure: bool | None
    sealed: bool = False


@dataclass(frozen=True)
class Figure:
    """A measured figure, its 95 % interval and how many rows it is of."""

    value: float | None
    interval: tuple[float, float] | None
    n: int


def check(site: Site, given: Iterable[tuple[str | None, str]]) -> None:
    """Before a long replay: is there the truth that every bound needs?

    Args:
        site: with its bounds.
        given: (queue id, or None for tracks; counts, visits, waits or tracks) of all truth that was given; of nothing,
            nothing is judged and nothing is wrong.

    Raises:
        InputError: a bound can't be judged; all of them at once.
    """
    there = set(given)
    if not there:
        return
    faults = [
        f"[{'acceptance' if b.queue_id is None else f'acceptance, queue {b.queue_id}'}] {b.name} = {b.limit:g}: "
        f"can't be judged, the truth has no {NEEDED[_key(b.name).needs]}"
        + ("" if b.queue_id is None else f" of {b.queue_id}")
        for b in site.acceptance
        if (b.queue_id, _key(b.name).needs) not in there
    ]
    if faults:
        raise InputError("\n".join([*faults, "Give it with --truth FILE, or take the bound out of the site file."]))


def _key(name: str) -> BoundKey:
    return BOUNDS.get(name) or TRACK_BOUNDS[name]


def judged(site: Site, summary: Mapping[str, Any]) -> list[Judged]:
    """Every bound against the figures of a summary (calibration/summary.py), on the open and on the sealed truth."""
    found = []
    for bound in site.acceptance:
        if bound.queue_id is None:
            found += [_judge(bound, _track_figure(block, bound.name)) for block in summary.get("tracks", {}).values()]
            continue
        block = summary["queues"][bound.queue_id]
        needs = _key(bound.name).needs
        if "truth" in block and (needs != "counts" or "length" in block["truth"]):
            found.append(_judge(bound, figure(block["truth"], bound.name)))
        if needs == "counts" and "sealed" in block:
            found.append(_judge(bound, figure(block["sealed"], bound.name), sealed=True))
    return found


def figure(truth: Mapping[str, Any], name: str) -> Figure:
    """The figure of that name in a queue's truth block."""
    length, wait = truth.get("length", {}), truth.get("wait", {})
    visits, flow = truth.get("visits", {}), truth.get("flow", {})
    intervals = {**truth.get("length_intervals", {}), **truth.get("wait_intervals", {})}
    n = length.get("n", 0)
    asked = n + length.get("unknown", 0) + length.get("outside", 0)
    figures = {
        "length_mae": (length.get("mae"), n),
        "length_bias": (length.get("bias"), n),
        "within_1": (length.get("within_1"), n),
        "length_unknown": (_share(asked - n, asked), asked),
        "visits_found": (_share(visits.get("found", 0), visits.get("n", 0)), visits.get("n", 0)),
        "visits_extra": (_share(visits.get("extra", 0), visits.get("n", 0)), visits.get("n", 0)),
        **{f"{k}_geh": (flow.get(k, {}).get("geh_85"), flow.get(k, {}).get("n", 0)) for k in ("joined", "served")},
        "wait_mae_s": (wait.get("mae"), wait.get("n", 0)),
        "wait_bias_s": (wait.get("bias"), wait.get("n", 0)),
        "wait_too_short": (wait.get("too_short"), wait.get("n", 0)),
        "wait_coverage": (wait.get("coverage"), wait.get("n", 0)),
    }
    value, count = figures[name]
    found = intervals.get(name)
    return Figure(value, None if found is None else (found[0], found[1]), count)


def _track_figure(block: Mapping[str, Any], name: str) -> Figure:
    return Figure(block.get(name), None, block["pictures"])


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


def _judge(bound: AcceptanceBound, found: Figure, *, sealed: bool = False) -> Judged:
    way = _key(bound.name).way
    low, high = found.interval or (None, None)
    passed = found.value is not None and _holds(way, found.value, bound.limit)
    sure = None if low is None or high is None else all(_holds(way, end, bound.limit) for end in (low, high))
    return Judged(bound.queue_id, bound.name, way, bound.limit, found.value, low, high, found.n, passed, sure, sealed)


def _holds(way: str, value: float, limit: float) -> bool:
    if way == "least":
        return value >= limit
    return (abs(value) if way == "either" else value) <= limit


def verdict(rows: Iterable[Judged]) -> Verdict:
    """Passed where every bound holds; not judged where there is none."""
    held = [row.passed for row in rows]
    return "not judged" if not held else "passed" if all(held) else "failed"


def block(site: Site, rows: list[Judged]) -> dict[str, Any] | None:
    """As summary.json holds it; None: the site has no acceptance rule."""
    if not site.acceptance:
        return None
    return {"verdict": verdict(rows), "bounds": [asdict(row) for row in rows]}


def sentence(row: Judged | Mapping[str, Any]) -> str:
    """One bound in words."""
    r = asdict(row) if isinstance(row, Judged) else dict(row)
    words = {"most": "at most ", "least": "at least ", "either": "at most ±"}[r["way"]]
    value = "could not be measured" if r["value"] is None else f"is {r['value']:.3g}"
    interval = "" if r["low"] is None else f" (95 % interval {r['low']:.3g} to {r['high']:.3g})"
    doubt = ", though its interval reaches beyond" if r["passed"] and r["sure"] is False else ""
    where = "all cameras" if r["queue"] is None else r["queue"]
    sealed = ", sealed truth" if r["sealed"] else ""
    state = "holds" if r["passed"] else "FAILS"
    return f"{state}: {r['name']} of {where} {value}{interval}, n {r['n']}{sealed}; {words}{r['limit']:g}{doubt}"
