"""A replay's result in sentences that an operator understands; the report and the terminal say the same."""

from collections.abc import Mapping, Sequence
from statistics import fmean, median
from typing import Any

from calibration import proof_words
from calibration.replay import Replayed
from calibration.summary import QueueScore, measured_waits_s
from edge.settings import Site
from edge.vocabulary import QueueSettings

UNPROVED = "No truth was given: this tells what the machine saw, not whether it is right"


def people(count: float) -> str:
    """A number of people."""
    return f"{count:g} {'person' if count == 1 else 'people'}"


def duration(seconds: float) -> str:
    """A length of time: "45 s", "4 min 10 s", "2 h 5 min"."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min" + (f" {whole % 60} s" if whole % 60 else "")
    return f"{whole // 3600} h" + (f" {whole // 60 % 60} min" if whole // 60 % 60 else "")


def headline(done: Replayed, scores: Mapping[str, QueueScore], summary: Mapping[str, Any]) -> str:
    """One sentence about all queues."""
    errors = [e.error for s in scores.values() for e in s.lengths if e.truth.certain]
    known = [abs(e) for e in errors if e is not None]
    unknown = len(errors) - len(known)
    if known:
        right = sum(e == 0 for e in known)
        tail = "" if right == len(known) else f", and at most {people(max(known))} off"
        missing = f"; at {unknown} more the machine did not know" if unknown else ""
        return f"Right at {right} of the {_moments(len(known))} in the truth{tail}{missing}."
    matched = [m for s in scores.values() for m in (*s.visits, *s.views) if m.truth]
    if matched:
        found = sum(m.machine is not None for m in matched)
        return f"Found {found} of the {len(matched)} visits in the truth."
    if errors:
        return f"The machine did not know the length at any of the {_moments(len(errors))} in the truth."
    if any(s.sealed for s in scores.values()):
        return "Scored against a sealed truth: its figures stand below, its moments nowhere."
    if summary.get("tracks"):
        return "People's tracks were compared with the truth; how many stood in the queues was not."
    return f"{UNPROVED}." if done.readings else _no_queue(done.site)


def _no_queue(site: Site) -> str:
    lines = "only its counting lines are told" if site.lines else "nothing was counted"
    return f"The site file has no queue: {lines}. Draw one: linewise calibrate {site.path.name}."


def _moments(count: int) -> str:
    return f"{count} moment{'' if count == 1 else 's'}"


def sentences(done: Replayed, queue: QueueSettings, summary: Mapping[str, Any]) -> list[str]:
    """What happened in one queue, and how near the truth that is."""
    block = summary["queues"][queue.id]
    readings = done.readings[queue.id]
    told = [_seen(readings), _passed(block), _unknown(readings), _waits(done, queue.id)]
    truth = block.get("truth", {})
    told += [_length(truth.get("length"), "certain"), _length(truth.get("uncertain"), "arguable")]
    told += [_sure(truth)]
    told += [proof_words.sealed(block.get("sealed"))]
    told += [_told_wait(truth.get("wait")), proof_words.wait_sure(truth), _visits(truth.get("visits"), "in the lane")]
    told += [proof_words.flow(truth.get("flow")), _visits(truth.get("views"), "in view")]
    told += [proof_words.causes(truth.get("causes")), _fit(block.get("fit"))]
    return [text for text in told if text]


def _seen(readings: Sequence[Any]) -> str:
    known = [r.length for r in readings if r.length is not None]
    if not known:
        return "No reading with a known length."
    low, high = min(known), max(known)
    span = people(high) if low == high else f"between {low} and {people(high)}"
    return f"{span[0].upper()}{span[1:]} in the queue, {fmean(known):.1f} on average."


def _passed(block: Mapping[str, Any]) -> str:
    joined, served, left, lost = (block[k] for k in ("joined", "served", "left", "lost"))
    inside = joined - served - left - lost
    return (
        f"{people(joined)} joined: {served} served, {left} walked away, {lost} lost from sight inside, "
        f"{inside} still there at the end."
    )


def _unknown(readings: Sequence[Any]) -> str:
    words = sorted({r.quality for r in readings if r.length is None})
    count = sum(r.length is None for r in readings)
    return f"For {duration(count)} the length was not known ({', '.join(words)})." if count else ""


def _waits(done: Replayed, queue_id: str) -> str:
    waits = measured_waits_s(done.visits[queue_id])
    if not waits:
        return ""
    return (
        f"Those served waited {duration(median(waits))} (median of {len(waits)}), the longest {duration(max(waits))}."
    )


def _length(score: Mapping[str, Any] | None, kind: str) -> str:
    if not score or not score["n"] + score["unknown"] + score["outside"]:
        return ""
    apart = "".join(
        f" At {score[key]} more {text}."
        for key, text in (("unknown", "the machine did not know"), ("outside", "there is no reading near"))
        if score[key]
    )
    if not score["n"]:
        return f"Against the truth ({kind}): no moment to compare.{apart}"
    return (
        f"Against the truth ({kind}): at {_moments(score['n'])} {score['mae']:.2f} people off on average "
        f"(bias {score['bias']:+.2f}), within one at {score['within_1']:.0%}.{apart}"
    )


def _sure(truth: Mapping[str, Any]) -> str:
    """How sure the mean error is, and the error by how many there were."""
    interval = truth.get("mae_interval")
    sure = f"The mean error's 95 % interval is {interval[0]:.2f} to {interval[1]:.2f}. " if interval else ""
    classes = [(name, s) for name, s in truth.get("by_length", {}).items() if s["n"]]
    told = "; ".join(f"{name} there: {s['mae']:.2f} off (n {s['n']}, bias {s['bias']:+.2f})" for name, s in classes)
    return (sure + (f"By length: {told}." if len(classes) > 1 else "")).strip()


def _told_wait(score: Mapping[str, Any] | None) -> str:
    if not score or not score["n"] + score["unknown"]:
        return ""
    if not score["n"]:
        return f"No wait was told to any of the {score['unknown']} who joined."
    untold = f" To {score['unknown']} more no wait was told." if score["unknown"] else ""
    return (
        f"The wait told on joining was {duration(score['mae'])} off on average for {people(score['n'])} "
        f"(bias {score['bias']:+.0f} s, too short for {score['too_short']:.0%}); {score['coverage']:.0%} of real waits "
        f"lay in the told range.{untold}"
    )


def _visits(score: Mapping[str, Any] | None, where: str) -> str:
    if not score:
        return ""
    stay = score["stay"]
    text = f"Visits {where}: {score['found']} of {score['n']} found, {score['extra']} too many."
    if stay["n"]:
        text += (
            f" Stays {stay['mae']:.1f} s off on average (bias {stay['bias']:+.1f} s), {stay['worst']:.1f} s at worst."
        )
    return text


def _fit(fit: Mapping[str, Any] | None) -> str:
    if not fit:
        return ""
    if fit["miss_rate"] is None:
        return f"Miss rate not fitted: {fit['refused']}."
    before, after = (
        "unknown" if not s["n"] else f"{s['mae']:.2f} people off (bias {s['bias']:+.2f})"
        for s in (fit["before"], fit["after"])
    )
    kept = f" But {fit['refused']}." if fit["refused"] else " Written to the calibration file."
    return (
        f"Miss rate {fit['miss_rate']:.2f} from {_moments(fit['moments'])}; at {_moments(fit['before']['n'])} that it "
        f"was not fitted on: {before} before, {after} with it.{kept}"
    )


def terminal(done: Replayed, scores: Mapping[str, QueueScore], summary: Mapping[str, Any]) -> str:
    """The whole result for a terminal."""
    names = {q.id: q.name for q in done.site.queues}
    verdict = proof_words.verdict(summary, names)
    lines = [*([verdict] if verdict else []), headline(done, scores, summary)]
    lines += [f"  {text}" for text in proof_words.bounds(summary)]
    for queue in done.site.queues:
        lines += ["", f"{queue.name} ({queue.id})", *(f"  {text}" for text in sentences(done, queue, summary))]
    tracks = proof_words.tracks(summary)
    lines += ["", *tracks] if tracks else []
    return "\n".join([*lines, *proof_words.comparison(summary, names)])
