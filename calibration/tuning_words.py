"""A tuning's result for people: the sentence, the tables, and what to write into the site file."""

from collections.abc import Mapping
from typing import Any

from calibration.tuning import Part, Tuned
from calibration.tuning_scores import Goal
from calibration.tuning_space import KNOBS, Change

TOP = 8
UNIT: Mapping[Goal, str] = {"length": "people off on average", "visits": "visits wrong for each real one"}


def change_words(change: Change) -> str:
    """hold_s = 5, min_stay_s = 3."""
    return ", ".join(f"{name} = {value:g}" for name, value in change.items()) or "as the site file has it"


def sentence(tuned: Tuned, goal: Goal) -> str:
    """What the tuning is worth, on what it was not tuned on."""
    held = f"{tuned.after:.2f} {UNIT[goal]} on what it was not tuned on, {tuned.before:.2f} as the site file has it"
    if tuned.interval is not None:
        held += f" (gain {tuned.gain:+.2f}, 95 % {tuned.interval[0]:+.2f} to {tuned.interval[1]:+.2f})"
    if not tuned.best:
        return f"Nothing that was tried is better than what the site file has: {held}. Leave it."
    if tuned.gain <= 0.0:
        return f"Tuning gains nothing: {held}. Leave the site file as it is."
    if not tuned.sure:
        return f"Tuning may gain something, or it is chance: {held}. Count more before you change the site file."
    return f"Tuning gains: {held}."


def toml(change: Change) -> str:
    """The lines for the site file."""
    parts = []
    for table, where in (("camera.tracker", "below its [[camera]]"), ("queue.lane", "in each [[queue.lane]]")):
        lines = [f"{name} = {value:g}" for name, value in change.items() if KNOBS[name].table == table]
        if lines:
            parts.append(
                "\n".join([f"# {where}", *(["[camera.tracker]"] if table == "camera.tracker" else []), *lines])
            )
    return "\n\n".join(parts)


def terminal(tuned: Tuned, goal: Goal) -> str:
    """The sentence, the parts and the best changes."""
    parts = [[p.name, str(p.n), f"{p.before:.2f}", f"{p.after:.2f}", change_words(p.chosen)] for p in tuned.parts]
    order = sorted(range(len(tuned.changes)), key=lambda c: (tuned.means[c], len(tuned.changes[c]), c))
    best = [[change_words(tuned.changes[c]), f"{tuned.means[c]:.3f}"] for c in order if tuned.changes[c]][:TOP]
    said = [
        sentence(tuned, goal),
        _columns(["held out", "n", "as it is", "tuned", "chosen on the others"], parts),
        f"{len(tuned.changes)} changes were tried; the best of them, on the very counts they were chosen by:",
        _columns(["change", "error"], [[change_words({}), f"{tuned.means[0]:.3f}"], *best]),
    ]
    if tuned.sure and tuned.best:
        said += ["For the site file:", toml(tuned.best)]
    return "\n\n".join(said)


def _columns(heads: list[str], rows: list[list[str]]) -> str:
    widths = [max(len(row[k]) for row in [heads, *rows]) for k in range(len(heads))]
    return "\n".join("  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip() for row in [heads, *rows])


def markdown(tuned: Tuned, goal: Goal) -> str:
    """The same for a page: the held-out parts, and every single change."""
    lines = [
        sentence(tuned, goal),
        "",
        "| held out | n | as it is | tuned | chosen on the others |",
        "|---|---|---|---|---|",
    ]
    lines += [f"| {p.name} | {p.n} | {p.before:.2f} | {p.after:.2f} | {change_words(p.chosen)} |" for p in tuned.parts]
    lines += [
        f"| **all** | {sum(p.n for p in tuned.parts)} | {tuned.before:.2f} | {tuned.after:.2f} | |",
        "",
        f"{len(tuned.changes)} changes were tried. Single ones, on all counts:",
        "",
        "| change | error |",
        "|---|---|",
    ]
    single = [(c, m) for c, m in zip(tuned.changes, tuned.means, strict=True) if len(c) <= 1]
    lines += [f"| {change_words(c)} | {m:.3f} |" for c, m in single]
    return "\n".join([*lines, "", f"Best of all: {change_words(tuned.best)} ({tuned.means.min():.3f}).", ""])


def as_json(tuned: Tuned, goal: Goal, failed: Mapping[str, str]) -> dict[str, Any]:
    """tuning.json."""
    return {
        "goal": goal,
        "sentence": sentence(tuned, goal),
        "before": round(tuned.before, 4),
        "after": round(tuned.after, 4),
        "gain": round(tuned.gain, 4),
        "interval": tuned.interval,
        "best": dict(tuned.best),
        "parts": [_part(p) for p in tuned.parts],
        "changes": [
            {"change": dict(c), "error": round(float(m), 4)} for c, m in zip(tuned.changes, tuned.means, strict=True)
        ],
        "failed": dict(failed),
    }


def _part(part: Part) -> dict[str, Any]:
    return {
        "name": part.name,
        "n": part.n,
        "before": round(part.before, 4),
        "chosen": dict(part.chosen),
        "after": round(part.after, 4),
    }
