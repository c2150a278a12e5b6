"""What came of several recordings: one summary.json, one page that leads to each report, one table in words."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from importlib import resources
from pathlib import Path
from string import Template
from typing import Any

from calibration.outputs import make_folder, pretty, replace_text

Score = Mapping[str, Any]


@dataclass(frozen=True)
class Done:
    """One recording that has ended.

    Attributes:
        name: of its folder.
        site: its site file's name.
        summary: its summary.json with "run"; None if it failed.
        error: why it failed, for people.
        words: its result in words.
    """

    name: str
    site: str
    summary: Mapping[str, Any] | None
    error: str = ""
    words: str = ""


def joint(done: Sequence[Done]) -> dict[str, Any]:
    """summary.json of them all: no clock and no speed in it.

    `recordings`: by name, the recording's own summary, or its error. `queues`: by "SITE FILE: QUEUE" the lengths
    against the truth, all recordings together, weighted by moments; `together`: over all queues. `failed`: names.
    """
    recordings: dict[str, Any] = {}
    by_queue: dict[str, list[Score]] = {}
    for one in done:
        if one.summary is None:
            recordings[one.name] = {"site": one.site, "error": one.error}
            continue
        recordings[one.name] = {"site": one.site, **{k: v for k, v in one.summary.items() if k != "run"}}
        for queue, block in one.summary["queues"].items():
            length = block.get("truth", {}).get("length")
            if length is not None:
                by_queue.setdefault(f"{one.site}: {queue}", []).append(length)
    return {
        "recordings": recordings,
        "queues": {key: pooled(scores) for key, scores in by_queue.items()},
        "together": pooled(score for scores in by_queue.values() for score in scores),
        "failed": [one.name for one in done if one.summary is None],
    }


def exit_code(result: Mapping[str, Any]) -> int:
    """2: at least one could not be replayed; 1: one does not hold its site's acceptance rule; else 0."""
    verdicts = [one.get("acceptance", {}).get("verdict") for one in result["recordings"].values()]
    return 2 if result["failed"] else int("failed" in verdicts)


def pooled(scores: Iterable[Score]) -> dict[str, Any]:
    """Length scores together, each weighted by its n; without a moment the figures are None."""
    listed = [s for s in scores if s["n"]]
    n = sum(s["n"] for s in listed)

    def mean(key: str) -> float | None:
        return round(sum(s["n"] * s[key] for s in listed) / n, 4) if n else None

    return {"n": n, "mae": mean("mae"), "bias": mean("bias"), "within_1": mean("within_1")}


def terminal(done: Sequence[Done], result: Mapping[str, Any]) -> str:
    """A line a recording, the failed ones last, then all together."""
    good = [f"{one.name}: {_headline(one)}" for one in done if one.summary is not None]
    bad = [f"{one.name}: FAILED. {one.error}" for one in done if one.summary is None]
    lines = [*good, *bad, ""]
    if len(result["queues"]) > 1:
        lines += [f"  {key}: {_told(score)}" for key, score in result["queues"].items()]
    if result["together"]["n"]:
        lines.append(f"Together: {_told(result['together'])}")
    lines.append(f"{len(good)} of {len(done)} recordings replayed" + (f", {len(bad)} failed." if bad else "."))
    detectors = sorted(
        {str(one.summary["run"]["detector"]) for one in done if one.summary and one.summary["run"]["detector"]}
    )
    if len(detectors) > 1:
        lines.append(
            f"They were seen by different detectors: {', '.join(detectors)}. Their counts may differ for that."
        )
    return "\n".join(lines)


def _headline(one: Done) -> str:
    return one.words.partition("\n")[0]


def _told(score: Score) -> str:
    if not score["n"]:
        return "no moment at which the machine knew the length"
    moments = "1 certain moment" if score["n"] == 1 else f"{score['n']} certain moments"
    off = f"{score['mae']:.2f} people off on average (bias {score['bias']:+.2f})"
    return f"{moments}, {off}, within one at {score['within_1']:.0%}"


def write(out: Path, done: Sequence[Done], result: Mapping[str, Any]) -> None:
    """Puts summary.json and index.html into the folder of them all, and each one's speed into run.json.

    Raises:
        InputError: the folder can't be written.
    """
    make_folder(out)
    speed = {one.name: one.summary["run"] for one in done if one.summary is not None}
    for name, text in (
        ("summary.json", pretty(result)),
        ("run.json", pretty(speed)),
        ("index.html", page(done, result)),
    ):
        replace_text(out / name, text, option="--out")


def page(done: Sequence[Done], result: Mapping[str, Any]) -> str:
    """index.html: without network, script or clock; all text from outside passes `escape`."""
    templates = resources.files("calibration") / "templates"
    failed = len(result["failed"])
    head = f"{len(done) - failed} of {len(done)} recordings replayed" if failed else f"{len(done)} recordings replayed"
    together = _told(result["together"]) if result["together"]["n"] else "no truth was given, or none that is certain"
    return Template((templates / "index.html").read_text(encoding="utf-8")).substitute(
        style=(templates / "report.css").read_text(encoding="utf-8"),
        verdict=escape(f"{head}{f'; {failed} failed' if failed else ''}"),
        together=escape(f"Lengths against the truth, all together: {together}."),
        rows="\n".join(_row(one) for one in done),
    )


def _row(one: Done) -> str:
    if one.summary is None:
        said = f'<td class="off said" colspan="5">{escape(one.error)}</td>'
        return f"<tr><td>{escape(one.name)}</td><td>{escape(one.site)}</td>{said}</tr>"
    score = pooled(b["truth"]["length"] for b in one.summary["queues"].values() if b.get("truth", {}).get("length"))
    figures = [str(score["n"])] + [
        "–" if score[key] is None else form.format(score[key])
        for key, form in (("mae", "{:.2f}"), ("bias", "{:+.2f}"), ("within_1", "{:.0%}"))
    ]
    cells = "".join(f"<td>{figure}</td>" for figure in figures)
    link = f'<a href="{escape(one.name)}/report.html">{escape(one.name)}</a>'
    return f'<tr><td>{link}</td><td>{escape(one.site)}</td>{cells}<td class="said">{escape(_headline(one))}</td></tr>'
