"""What a replay proved: every queue against its truth, and summary.json (docs/engineer.md says what it holds).

No clock and no speed in it, so it is the same each time.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from calibration import acceptance, causes, flow, intervals, scoring, track_causes, track_scores
from calibration.causes import Cause
from calibration.fit import QueueFit
from calibration.flow import Interval
from calibration.replay import Replayed
from calibration.scoring import LengthError, Match, WaitError
from calibration.track_scores import Picture
from calibration.truth import Truth, TruthCount
from edge.messages import LineReading
from edge.vocabulary import Visit

OfQueue = TypeVar("OfQueue", TruthCount, Visit)


@dataclass(frozen=True)
class QueueScore:
    """One queue against its truth; empty where that truth was not given.

    Attributes:
        lengths, waits, visits, views: see scoring.py.
        sealed: of the sealed moments; only their score may be told.
        flow: people joined and served, interval by interval (flow.py).
        causes: why the count was wrong (causes.py), of stays in the lane, else of those in view.
    """

    lengths: tuple[LengthError, ...] = ()
    waits: tuple[WaitError, ...] = ()
    visits: tuple[Match, ...] = ()
    views: tuple[Match, ...] = ()
    sealed: tuple[LengthError, ...] = ()
    flow: tuple[Interval, ...] = ()
    causes: tuple[Cause, ...] = ()


def score(done: Replayed, truth: Truth) -> dict[str, QueueScore]:
    """Every queue against its truth."""
    scores = {queue_id: _queue_score(done, queue_id, truth) for queue_id in done.readings}
    matched = {q: s.visits or s.views for q, s in scores.items()}
    given = {v.queue_id for v in (*truth.visits, *truth.views)}
    found = causes.of_visits({q: rows for q, rows in matched.items() if q in given}, end_s=done.end_s)
    return {q: replace(s, causes=tuple(c for c in found if q in (c.queue_id, c.counted_in))) for q, s in scores.items()}


def _queue_score(done: Replayed, queue_id: str, truth: Truth) -> QueueScore:
    counts, sealed = _of(truth.counts, queue_id), _of(truth.sealed, queue_id)
    visits, views = _of(truth.visits, queue_id), _of(truth.views, queue_id)
    readings, machine = done.readings[queue_id], done.visits[queue_id]
    in_view = [_as_view(v, done.in_view) for v in machine]
    return QueueScore(
        lengths=tuple(scoring.length_errors(counts, readings)),
        waits=tuple(scoring.wait_errors(visits, readings)),
        visits=tuple(scoring.match_visits(visits, machine, end_s=done.end_s)) if visits else (),
        views=tuple(scoring.match_visits(views, in_view, end_s=done.end_s)) if views else (),
        sealed=tuple(scoring.length_errors([c for c in sealed if c.certain], readings)),
        flow=tuple(flow.intervals(visits, machine, start_s=done.start_s, end_s=done.end_s)) if visits else (),
    )


def _of(rows: Iterable[OfQueue], queue_id: str) -> list[OfQueue]:
    return [one for one in rows if one.queue_id == queue_id]


def _as_view(visit: Visit, in_view: Mapping[str, tuple[float, float]]) -> Visit:
    """The same person's stay in the picture: from the first to the last sight of the visit's tracks."""
    spans = [in_view[t] for t in visit.track_ids if t in in_view]
    if not spans:
        return visit
    return replace(visit, joined_s=min(s[0] for s in spans), left_s=max(s[1] for s in spans), served_s=None)


def summary(
    done: Replayed,
    scores: Mapping[str, QueueScore],
    truth: Truth,
    fits: Iterable[QueueFit] = (),
    tracks: Mapping[str, Sequence[Picture]] | None = None,
) -> dict[str, Any]:
    """summary.json but for the comparison.

    Args:
        done: the replay.
        scores: from `score`.
        truth: what it was scored against.
        fits: what --fit came to.
        tracks: annotated pictures by camera (`track_scores.pictures`).
    """
    queues = {q.id: _queue_summary(done, q.id, scores[q.id], truth) for q in done.site.queues}
    for fit in fits:
        queues[fit.queue_id]["fit"] = fit.told()
    found: dict[str, Any] = {"queues": queues}
    if tracks:
        found["tracks"] = {
            c: {
                **track_scores.score(rows, served=_served(done, truth, c)),
                "queues": track_causes.of_tracks(done, c, rows),
            }
            for c, rows in tracks.items()
        }
    judged = acceptance.block(done.site, acceptance.judged(done.site, found))
    return {
        **found,
        **({"acceptance": judged} if judged else {}),
        "lines": {line.id: _line_summary(done.lines.get(line.id)) for line in done.site.lines},
        "recording": summary_of_recording(done),
        "config_sha256": done.site.config_sha256,
        "model_sha256": done.model_sha256,
    }


def _served(done: Replayed, truth: Truth, camera_id: str) -> int:
    """People served in the queues that this camera sees: by the truth where it has their visits, else the machine."""
    queues = {q.id for q in done.site.queues if camera_id in {lane.camera_id for lane in q.lanes}}
    true = [v for v in truth.visits if v.queue_id in queues]
    machine = [v for q in queues for v in done.visits[q]]
    return sum(v.outcome == "served" for v in true or machine)


def _queue_summary(done: Replayed, queue_id: str, result: QueueScore, truth: Truth) -> dict[str, Any]:
    last = done.readings[queue_id][-1] if done.readings[queue_id] else None
    totals = {name: getattr(last, name) if last else 0 for name in ("joined", "served", "left", "lost")}
    block: dict[str, Any] = {**totals, "waits_s": [round(w, 3) for w in measured_waits_s(done.visits[queue_id])]}
    told: dict[str, Any] = _length_summary(done, result) if result.lengths else {}
    if any(v.queue_id == queue_id for v in truth.visits):
        told["wait"] = scoring.wait_score(result.waits)
        told["wait_intervals"] = intervals.wait_intervals(result.waits)
        told["visits"] = scoring.visit_score(result.visits)
        told["flow"] = flow.score(result.flow)
    if result.views:
        told["views"] = scoring.visit_score(result.views)
    if result.visits or result.views:
        told["causes"] = causes.score(result.causes, queue_id)
    if result.sealed:
        block["sealed"] = {
            "length": scoring.length_score(result.sealed),
            "length_intervals": intervals.length_intervals(result.sealed),
        }
    return {**block, "truth": told} if told else block


def _length_summary(done: Replayed, result: QueueScore) -> dict[str, Any]:
    certain = [e for e in result.lengths if e.truth.certain]
    sure = intervals.length_intervals(certain)
    return {
        "length": scoring.length_score(certain),
        "mae_interval": sure["length_mae"],
        "length_intervals": sure,
        "by_length": intervals.by_length(certain),
        "by_time": intervals.by_period(certain, start_s=done.start_s, end_s=done.end_s),
        "uncertain": scoring.length_score(e for e in result.lengths if not e.truth.certain),
    }


def _line_summary(last: LineReading | None) -> dict[str, int]:
    return {"count_in": last.count_in if last else 0, "count_out": last.count_out if last else 0}


def measured_waits_s(visits: Iterable[Visit]) -> list[float]:
    """What people really waited, seconds, by the machine's own visits; stays without a known beginning are left out."""
    return [
        v.served_s - v.joined_s for v in visits if v.outcome == "served" and v.served_s is not None and not v.censored
    ]


def summary_of_recording(done: Replayed) -> dict[str, Any]:
    """What was replayed: seconds, pictures, files with their hash, cameras."""
    return {
        "duration_s": round(done.end_s - done.start_s, 3),
        "pictures": sum(c.pictures for c in done.cameras.values()),
        "files": [{"file": r.path.name, "kind": r.kind, "sha256": _sha256(r.path)} for r in done.recordings],
        "cameras": {
            camera_id: {
                "pictures": facts.pictures,
                "size_px": list(facts.size_px) if facts.size_px else None,
                "first_pts_s": facts.first_pts_s,
                "last_pts_s": facts.last_pts_s,
            }
            for camera_id, facts in sorted(done.cameras.items())
        },
    }


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
