"""report.html: one page without network, script or clock; the verdict at the top, the evidence below.

All text from outside (names, files, words of truth files) passes `escape`.
"""

import platform
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from importlib import resources
from importlib.metadata import version
from string import Template
from typing import Any

from calibration import plots, words
from calibration.replay import Replayed
from calibration.scoring import LengthError, Match, stay_error_s, wait_error_s
from calibration.summary import QueueScore
from calibration.svg import clock
from edge.vocabulary import QueueSettings, Visit

MAX_ROWS = 200
_PACKAGES = ("linewise", "numpy", "av", "opencv-python-headless", "onnxruntime", "openvino")


def page(done: Replayed, scores: Mapping[str, QueueScore], summary: Mapping[str, Any]) -> str:
    """The whole page."""
    files = ", ".join(r.path.name for r in done.recordings)
    length = words.duration(summary["recording"]["duration_s"])
    templates = resources.files("calibration") / "templates"
    return Template((templates / "report.html").read_text(encoding="utf-8")).substitute(
        title=escape(f"Replay of {files} - {done.site.name}"),
        style=(templates / "report.css").read_text(encoding="utf-8"),
        over=escape(f"Linewise replay · {done.site.name} · {files} · {length}"),
        verdict=escape(words.headline(done, scores)),
        points=_table_of_queues(done, summary),
        queues="\n".join(_queue(done, q, scores[q.id], summary) for q in done.site.queues),
        details=_details(done, summary),
    )


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
    return f"<section><h2>Queues</h2>{_table(heads, rows)}</section>"


def _queue(done: Replayed, queue: QueueSettings, result: QueueScore, summary: Mapping[str, Any]) -> str:
    said = "".join(f"<li>{escape(text)}</li>" for text in words.sentences(done, queue, summary))
    stays = result.visits or result.views
    matches = stays or tuple(Match(None, v) for v in done.visits[queue.id])
    parts = [
        f"<h2>{escape(queue.name)}</h2><ul>{said}</ul>",
        plots.lengths(done, queue.id, result),
        plots.waits(done, queue.id, result),
        plots.conditions(done, queue.id),
        plots.visits(done, matches),
        _moments(result.lengths),
        _visits(matches, in_view=bool(result.views and not result.visits)),
    ]
    return f"<section>{''.join(parts)}</section>"


def _moments(errors: Sequence[LengthError]) -> str:
    if not errors:
        return ""
    worst = sorted(errors, key=lambda e: (-abs(e.error or 0), e.truth.pts_s))
    rows = [
        [clock(e.truth.pts_s), e.truth.length, e.told, f"{e.error:+d}" if e.error is not None else None,
         "certain" if e.truth.certain else "arguable"]
        for e in worst[:MAX_ROWS]
    ]  # fmt: skip
    table = _table(["Moment", "Truth", "Machine", "Error", "The truth is"], rows, off=3)
    return f"<details><summary>Moments of the truth, worst first</summary>{table}{_cut(len(worst))}</details>"


def _visits(matches: Sequence[Match], *, in_view: bool) -> str:
    if not matches:
        return ""
    with_truth = any(m.truth for m in matches)
    heads = ["Came", "Served", "Gone", "Outcome", "Ahead", "Waited"]
    heads += ["Truth came", "Truth gone", "Stay error", "Wait error"] if with_truth else []
    rows = []
    for match in matches[:MAX_ROWS]:
        row = _visit_cells(match.machine)
        if with_truth:
            row += [_at(match.truth.joined_s), _at(match.truth.left_s)] if match.truth else [None, None]
            row += [_signed_s(stay_error_s(match)), _signed_s(wait_error_s(match))]
        rows.append(row)
    note = "<p class='note'>Times are those in view of the camera, as the truth's are.</p>" if in_view else ""
    table = _table(heads, rows, off=8 if with_truth else None)
    return f"<details><summary>Visits, one a row</summary>{note}{table}{_cut(len(matches))}</details>"


def _visit_cells(visit: Visit | None) -> list[Any]:
    if visit is None:
        return ["missed", None, None, None, None, None]
    began = ("before " if visit.censored else "") + clock(visit.joined_s)
    waited = None if visit.served_s is None or visit.censored else words.duration(visit.served_s - visit.joined_s)
    outcome = visit.outcome or "still there"
    return [began, _at(visit.served_s), _at(visit.left_s), outcome, visit.ahead_on_joining, waited]


def _at(pts_s: float | None) -> str | None:
    return None if pts_s is None else clock(pts_s)


def _signed_s(seconds: float | None) -> str | None:
    return None if seconds is None else f"{seconds:+.1f} s"


def _cut(count: int) -> str:
    if count <= MAX_ROWS:
        return ""
    return f"<p class='note'>The first {MAX_ROWS} of {count}; all are in the files beside this page.</p>"


def _table(heads: Sequence[str], rows: Iterable[Sequence[Any]], off: int | None = None) -> str:
    """A table; None is a dash; column `off` stands out where it holds an error that isn't zero."""
    head = "".join(f"<th>{escape(text)}</th>" for text in heads)
    body = "".join(
        "<tr>" + "".join(_cell(value, stands_out=index == off) for index, value in enumerate(row)) + "</tr>"
        for row in rows
    )
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def _cell(value: Any, *, stands_out: bool) -> str:
    text = "–" if value is None else str(value)
    css = ' class="off"' if stands_out and text not in ("–", "+0") else ""
    return f"<td{css}>{escape(text)}</td>"


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
