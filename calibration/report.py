"""report.html: one page without network, script or clock: for operators at the top, the evidence for engineers below.

All text from outside (names, files, words of truth files) passes `escape`.
"""

import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from importlib import resources
from importlib.metadata import version
from string import Template
from typing import Any

from calibration import plots, proof_words, report_evidence, words
from calibration.replay import Replayed
from calibration.report_tables import table
from calibration.summary import QueueScore
from calibration.worst import Worst

_PACKAGES = ("linewise", "numpy", "av", "opencv-python-headless", "onnxruntime", "openvino")
_CHIPS = {"passed": "✓ Passed", "failed": "✗ Failed", "not judged": "– Not judged"}


@dataclass(frozen=True)
class Evidence:
    """The worst moments, and their pictures as data URIs; a moment may have none."""

    moments: tuple[Worst, ...] = ()
    pictures: Mapping[Worst, Sequence[str]] = field(default_factory=dict)


def page(
    done: Replayed, scores: Mapping[str, QueueScore], summary: Mapping[str, Any], evidence: Evidence = Evidence()
) -> str:
    """The whole page."""
    files = ", ".join(r.path.name for r in done.recordings)
    length = words.duration(summary["recording"]["duration_s"])
    templates = resources.files("calibration") / "templates"
    pictures = {w: evidence.pictures.get(w, ()) for w in evidence.moments}
    return Template((templates / "report.html").read_text(encoding="utf-8")).substitute(
        title=escape(f"Replay of {files} - {done.site.name}"),
        style=(templates / "report.css").read_text(encoding="utf-8"),
        over=escape(f"Linewise replay · {done.site.name} · {files} · {length}"),
        chip=_chip(summary),
        headline=escape(words.headline(done, scores, summary)),
        verdict=_verdict(done, summary),
        lengths="".join(_lengths(done, q.id, q.name, scores[q.id]) for q in done.site.queues),
        points=_table_of_queues(done, summary),
        compare=report_evidence.comparison(done, summary),
        queues="\n".join(report_evidence.queue(done, q, scores[q.id], summary, pictures) for q in done.site.queues),
        tracks=report_evidence.tracks(summary),
        details=_details(done, summary),
    )


def _chip(summary: Mapping[str, Any]) -> str:
    if "acceptance" not in summary:
        return ""
    verdict = summary["acceptance"]["verdict"]
    return f'<p class="chip {verdict.replace(" ", "-")}">{_CHIPS[verdict]}</p>'


def _verdict(done: Replayed, summary: Mapping[str, Any]) -> str:
    """The acceptance rule's sentence, and its bounds one by one."""
    said = proof_words.verdict(summary, {q.id: q.name for q in done.site.queues})
    if not said:
        return ""
    bounds = summary["acceptance"]["bounds"]
    rows = "".join(
        f'<li class="{"holds" if row["passed"] else "fails"}">{escape(text)}</li>'
        for row, text in zip(bounds, proof_words.bounds(summary), strict=True)
    )
    listed = f"<details><summary>The rule, bound by bound</summary><ul>{rows}</ul></details>" if rows else ""
    return f"<p>{escape(said)}</p>{listed}"


def _lengths(done: Replayed, queue_id: str, name: str, result: QueueScore) -> str:
    drawn = plots.lengths(done, queue_id, result)
    return f"<section><h2>{escape(name)}</h2>{drawn}</section>" if drawn else ""


def _table_of_queues(done: Replayed, summary: Mapping[str, Any]) -> str:
    rows = []
    with_truth = any("length" in summary["queues"][q.id].get("truth", {}) for q in done.site.queues)
    for queue in done.site.queues:
        block = summary["queues"][queue.id]
        known = [r.length for r in done.readings[queue.id] if r.length is not None]
        cells = [queue.name, max(known, default=None), *(block[k] for k in ("joined", "served", "left", "lost"))]
        waits = sorted(block["waits_s"])
        cells.append(words.duration(waits[len(waits) // 2]) if waits else None)
        if with_truth:
            length = block.get("truth", {}).get("length", {})
            n = length.get("n", 0)
            cells += [n, *(f"{length[k]:+.2f}" if k == "bias" else f"{length[k]:.2f}" for k in ("mae", "bias") if n)]
            cells += [f"{length['within_1']:.0%}"] if n else [None, None, None]
        rows.append(cells)
    heads = ["Queue", "Most people", "Joined", "Served", "Walked away", "Lost", "Wait (median)"]
    heads += ["Moments counted", "Mean error", "Bias", "Within 1"] if with_truth else []
    return f"<section><h2>Queues</h2>{table(heads, rows)}</section>"


def _details(done: Replayed, summary: Mapping[str, Any]) -> str:
    facts = [("Site file", f"{done.site.path.name} (sha256 {summary['config_sha256']})")]
    facts += [
        ("Recording", f"{file['file']} ({file['kind']}, sha256 {file['sha256']})")
        for file in summary["recording"]["files"]
    ]
    for camera in done.site.cameras:
        seen = done.cameras.get(camera.id)
        size = "{} x {}".format(*seen.size_px) if seen and seen.size_px else "no picture"
        pictures = f"{seen.pictures if seen else 0} pictures, {size}, detect_fps {camera.detect_fps:g}"
        facts.append((f"Camera {camera.id}", pictures + (f", {len(camera.mask)} masks" if camera.mask else "")))
    for queue in done.site.queues:
        for number, lane in enumerate(queue.lanes, 1):
            text = f"camera {lane.camera_id}, min_stay_s {lane.min_stay_s:g}, hold_s {lane.hold_s:g}, " + (
                "service line" if lane.service_line else "service area" if lane.service_area else "no service point"
            )
            facts.append((f"Queue {queue.id}, lane {number}", text))
    facts.append(
        ("Detector", f"{done.detector_name}, sha256 {done.model_sha256}" if done.detector_name else "none ran")
    )
    installed = ", ".join(f"{name} {version(name)}" for name in _PACKAGES)
    facts.append(("Versions", f"Python {platform.python_version()}, {installed}"))
    return "<dl>" + "".join(f"<dt>{escape(k)}</dt><dd>{escape(v)}</dd>" for k, v in facts) + "</dl>"
