"""`linewise replay`: recordings through the same functions as live, without a clock, and what came of it.

Everything here is a function of the recordings, the site and the detector: two replays give equal files.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from calibration import intervals, scoring
from calibration.detections_file import encode
from calibration.fit import QueueFit
from calibration.outputs import OutFolder, visit_line
from calibration.pump import pump
from calibration.recording import Item, Recording, items
from calibration.scoring import LengthError, Match, WaitError
from calibration.truth import Truth
from detector.runtime.protocol import Detector
from edge.messages import LineReading, QueueReading
from edge.settings import Site
from edge.vocabulary import Tracks, Visit


@dataclass
class CameraFacts:
    """What a recording turned out to hold for one camera."""

    pictures: int = 0
    size_px: tuple[int, int] | None = None
    first_pts_s: float | None = None
    last_pts_s: float | None = None


@dataclass
class Replayed:
    """What came out of a replay.

    Attributes:
        site: the site.
        recordings: what was replayed.
        cameras: what each camera's recording held, by id.
        readings: by queue id, in the order of time.
        visits: by queue id, ended ones in the order of their end, then those still there.
        in_view: first and last media second in which each "camera/run/id" was seen.
        model_sha256, detector_name: of the detector; None: none ran.
        lines: each counting line's last reading, by line id.
    """

    site: Site
    recordings: tuple[Recording, ...]
    cameras: dict[str, CameraFacts]
    readings: dict[str, list[QueueReading]]
    visits: dict[str, list[Visit]]
    in_view: dict[str, tuple[float, float]]
    model_sha256: str | None = None
    detector_name: str | None = None
    lines: dict[str, LineReading] = field(default_factory=dict)

    @property
    def start_s(self) -> float:
        """The first media second of any camera."""
        return min((c.first_pts_s for c in self.cameras.values() if c.first_pts_s is not None), default=0.0)

    @property
    def end_s(self) -> float:
        """The last media second of any camera."""
        return max((c.last_pts_s for c in self.cameras.values() if c.last_pts_s is not None), default=0.0)


@dataclass(frozen=True)
class QueueScore:
    """One queue against its truth; empty where that truth was not given."""

    lengths: tuple[LengthError, ...] = ()
    waits: tuple[WaitError, ...] = ()
    visits: tuple[Match, ...] = ()
    views: tuple[Match, ...] = ()


class _OneDetector:
    """Opens the detector when the first picture wants it, once for all recordings."""

    def __init__(self, open_detector: Callable[[], Detector]) -> None:
        self._open = open_detector
        self.opened: Detector | None = None

    def __call__(self) -> Detector:
        if self.opened is None:
            self.opened = self._open()
        return self.opened


def run(
    site: Site,
    recordings: Sequence[Recording],
    open_detector: Callable[[], Detector],
    *,
    out: OutFolder,
    on_pts: Callable[[float], None] = lambda pts_s: None,
    on_tracks: Callable[[Tracks], None] | None = None,
    on_item: Callable[[Item], None] = lambda item: None,
) -> Replayed:
    """Replays the recordings; writes readings, visits and detections as they come.

    Args:
        site: the site.
        recordings: from `recording.choose`.
        open_detector: called when the first video's first picture is there.
        out: takes readings.jsonl, visits.jsonl, lines.jsonl, detections.jsonl.
        on_pts: told the media time of each picture (the progress bar).
        on_tracks: told each camera's tracks (the overlay).
        on_item: told each item as it goes to the trackers (the fit).

    Raises:
        InputError, SourceError: a recording can't be read.
    """
    by_queue = [q.id for q in site.queues]
    done = Replayed(site, tuple(recordings), {}, {q: [] for q in by_queue}, {q: [] for q in by_queue}, {})
    detector = _OneDetector(open_detector)

    def seen(tracks: Tracks) -> None:
        _note_in_view(done.in_view, tracks)
        if on_tracks:
            on_tracks(tracks)

    try:
        with closing(items(site, recordings, detector)) as stream:
            for tick in pump(site, _noted(stream, done, out, on_pts, on_item), on_tracks=seen):
                for reading in tick.readings:
                    out.write("readings.jsonl", reading.to_json().decode() + "\n")
                    done.readings[reading.queue].append(reading)
                for line in tick.lines:
                    out.write("lines.jsonl", line.to_json().decode() + "\n")
                    done.lines[line.line] = line
                for visit in tick.visits:
                    out.write("visits.jsonl", visit_line(visit))
                    done.visits[visit.queue_id].append(visit)
    finally:
        if detector.opened is not None:
            done.model_sha256 = detector.opened.model_sha256 or None
            done.detector_name = detector.opened.name
            detector.opened.close()
    return done


def _noted(
    stream: Iterable[Item],
    done: Replayed,
    out: OutFolder,
    on_pts: Callable[[float], None],
    on_item: Callable[[Item], None],
) -> Iterator[Item]:
    """Passes the items on; notes what the recordings hold and writes detections.jsonl."""
    for camera_id, pts_s, detections in stream:
        facts = done.cameras.setdefault(camera_id, CameraFacts())
        facts.first_pts_s = pts_s if facts.first_pts_s is None else facts.first_pts_s
        facts.last_pts_s = pts_s
        if detections is not None:
            facts.pictures += 1
            facts.size_px = facts.size_px or detections.size_px
        out.write("detections.jsonl", encode(camera_id, pts_s, detections) + "\n")
        on_pts(pts_s)
        on_item((camera_id, pts_s, detections))
        yield camera_id, pts_s, detections


def _note_in_view(in_view: dict[str, tuple[float, float]], tracks: Tracks) -> None:
    for track_id in tracks.track_ids[tracks.observed].tolist():
        key = f"{tracks.camera_id}/{tracks.run}/{track_id}"
        in_view[key] = (in_view.get(key, (tracks.pts_s,))[0], tracks.pts_s)


def score(done: Replayed, truth: Truth) -> dict[str, QueueScore]:
    """Every queue against its truth."""
    scores = {}
    for queue_id, readings in done.readings.items():
        counts = [c for c in truth.counts if c.queue_id == queue_id]
        visits = [v for v in truth.visits if v.queue_id == queue_id]
        views = [v for v in truth.views if v.queue_id == queue_id]
        machine = done.visits[queue_id]
        in_view = [_as_view(v, done.in_view) for v in machine]
        scores[queue_id] = QueueScore(
            lengths=tuple(scoring.length_errors(counts, readings)),
            waits=tuple(scoring.wait_errors(visits, readings)),
            visits=tuple(scoring.match_visits(visits, machine, end_s=done.end_s)) if visits else (),
            views=tuple(scoring.match_visits(views, in_view, end_s=done.end_s)) if views else (),
        )
    return scores


def _as_view(visit: Visit, in_view: Mapping[str, tuple[float, float]]) -> Visit:
    """The same person's stay in the picture: from the first to the last sight of the visit's tracks."""
    spans = [in_view[t] for t in visit.track_ids if t in in_view]
    if not spans:
        return visit
    return replace(visit, joined_s=min(s[0] for s in spans), left_s=max(s[1] for s in spans), served_s=None)


def summary(
    done: Replayed, scores: Mapping[str, QueueScore], truth: Truth, fits: Iterable[QueueFit] = ()
) -> dict[str, Any]:
    """summary.json (docs/engineer.md): no clock and no speed in it, so it is the same each time."""
    queues = {q.id: _queue_summary(done, q.id, scores[q.id], truth) for q in done.site.queues}
    for fit in fits:
        queues[fit.queue_id]["fit"] = fit.told()
    return {
        "queues": queues,
        "lines": {line.id: _line_summary(done.lines.get(line.id)) for line in done.site.lines},
        "recording": _recording_summary(done),
        "config_sha256": done.site.config_sha256,
        "model_sha256": done.model_sha256,
    }


def _queue_summary(done: Replayed, queue_id: str, result: QueueScore, truth: Truth) -> dict[str, Any]:
    last = done.readings[queue_id][-1] if done.readings[queue_id] else None
    totals = {name: getattr(last, name) if last else 0 for name in ("joined", "served", "left", "lost")}
    block: dict[str, Any] = {**totals, "waits_s": [round(w, 3) for w in measured_waits_s(done.visits[queue_id])]}
    told: dict[str, Any] = {}
    if result.lengths:
        certain = [e for e in result.lengths if e.truth.certain]
        told["length"] = scoring.length_score(certain)
        told["mae_interval"] = intervals.mae_interval(certain)
        told["by_length"] = intervals.by_length(certain)
        told["uncertain"] = scoring.length_score(e for e in result.lengths if not e.truth.certain)
    if any(v.queue_id == queue_id for v in truth.visits):
        told["wait"] = scoring.wait_score(result.waits)
        told["visits"] = scoring.visit_score(result.visits)
    if result.views:
        told["views"] = scoring.visit_score(result.views)
    return {**block, "truth": told} if told else block


def _line_summary(last: LineReading | None) -> dict[str, int]:
    return {"count_in": last.count_in if last else 0, "count_out": last.count_out if last else 0}


def measured_waits_s(visits: Iterable[Visit]) -> list[float]:
    """What people really waited, seconds, by the machine's own visits; stays without a known beginning are left out."""
    return [
        v.served_s - v.joined_s for v in visits if v.outcome == "served" and v.served_s is not None and not v.censored
    ]


def _recording_summary(done: Replayed) -> dict[str, Any]:
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
