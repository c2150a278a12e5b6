"""One whole replay: what `linewise replay` does with a Request, from its files to its verdict."""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from calibration import (
    acceptance,
    certify,
    compare,
    fit,
    overlay,
    recording,
    replay,
    report,
    truth_files,
    words,
    worst,
)
from calibration.acceptance import Verdict
from calibration.outputs import out_folder, pretty
from calibration.recording import Item, Recording
from calibration.replay import Replayed
from calibration.report import Evidence
from calibration.request import Request
from calibration.summary import QueueScore, score, summary
from calibration.track_scores import pictures
from calibration.truth import Truth
from detector.runtime import open as runtimes
from detector.runtime.errors import DetectorError
from detector.runtime.protocol import Detector
from edge.config import load_site
from edge.errors import InputError
from edge.settings import Site
from edge.vocabulary import Tracks

Progress = Callable[[float | None], AbstractContextManager[Callable[[float], None]]]


@dataclass(frozen=True)
class Proof:
    """What came of it: summary.json with the speed as "run", the same in words, and the verdict."""

    summary: dict[str, Any]
    words: str
    verdict: Verdict


class _Kept:
    """What is remembered while the recordings run, each only where somebody needs it afterwards."""

    def __init__(self, request: Request, truth: Truth, recordings: tuple[Recording, ...]) -> None:
        video = any(r.kind == "video" for r in recordings)
        scored = bool(truth.counts or truth.visits or truth.views)
        self.items: list[Item] | None = [] if request.fit else None
        self.film = overlay.Notes() if request.overlay else None
        self.worst = worst.Notes() if video and scored and request.pictures and request.out else None
        self.tracks: dict[str, list[Tracks]] = {t.camera_id: [] for t in truth.tracks}

    def on_tracks(self, tracks: Tracks) -> None:
        for notes in (self.film, self.worst):
            if notes is not None:
                notes.add(tracks)
        if tracks.camera_id in self.tracks:
            self.tracks[tracks.camera_id].append(tracks)

    def on_item(self, item: Item) -> None:
        if self.items is not None:
            self.items.append(item)


def prove(request: Request, progress: Progress, *, now_utc_s: float) -> Proof:
    """Replays, scores, judges and writes everything that was asked for.

    Args:
        request: what.
        progress: given the length of the recordings in seconds (None: not known), makes a context whose value is told
            the media time of each picture.
        now_utc_s: seconds since 1970, the date of a certificate.

    Raises:
        InputError, SourceError: the input is wrong; nothing in the folder has changed then.
    """
    site = load_site(request.site_path, sources="any", broker="any")
    recordings = recording.choose(site, request.recording, request.cameras)
    how = truth_files.Reading(request.truth_fps, request.open_with)
    truth = truth_files.load_all(request.truth, site, recordings, how)
    old = compare.load(request.compare) if request.compare else None
    _check(request, site, recordings, truth)
    kept = _Kept(request, truth, recordings)
    began_s = time.monotonic()
    with out_folder(request.out) as out:
        with progress(recording.length_s(recordings)) as on_pts:
            detector = detector_of(site, request)
            done = replay.run(
                site, recordings, detector, out=out, on_pts=on_pts, on_tracks=kept.on_tracks, on_item=kept.on_item
            )
        speed = _speed(done, time.monotonic() - began_s)
        scores = score(done, truth)
        fits = fit.fitted(site, kept.items, truth.counts, done.readings) if kept.items is not None else []
        tracks = {t.camera_id: pictures(t, kept.tracks[t.camera_id]) for t in truth.tracks}
        told = summary(done, scores, truth, fits, tracks)
        if old is not None:
            told["compare"] = compare.compare(done, scores, truth, old)
        out.write("summary.json", pretty(told))
        out.write("run.json", pretty(speed))
        out.write("report.html", report.page(done, scores, told, _evidence(done, scores, kept)))
    if kept.film is not None and request.overlay:
        overlay.write(request.overlay, done, kept.film)
    proven = certify.certificates(site, told, now_utc_s) if request.certify else []
    written = [path for path in (fit.write(site, fits), certify.write(site, proven)) if path]
    said = words.terminal(done, scores, told) + "".join(f"\n\nWritten: {path}" for path in written)
    verdict: Verdict = told["acceptance"]["verdict"] if "acceptance" in told else "not judged"
    return Proof({**told, "run": speed}, said, verdict)


def _evidence(done: Replayed, scores: dict[str, QueueScore], kept: _Kept) -> Evidence:
    moments = worst.moments(done, scores)
    drawn = worst.pictures(done, moments, kept.worst) if kept.worst is not None and moments else {}
    return Evidence(tuple(moments), drawn)


def _check(request: Request, site: Site, recordings: tuple[Recording, ...], truth: Truth) -> None:
    """What can be refused before a long replay."""
    if request.fit and request.certify:
        raise InputError(
            "--fit and --certify: a fit changes the counts, so what was proven before it does not hold after it; "
            "first replay with --fit, then again with --certify"
        )
    if request.overlay:
        overlay.check(request.overlay, recordings)
    if request.fit:
        fit.check(truth.counts)
    if request.certify:
        certify.check(site, [c.queue_id for c in truth.counts if c.certain] + [v.queue_id for v in truth.visits])
    acceptance.check(site, _given(truth))


def _given(truth: Truth) -> list[tuple[str | None, str]]:
    """Which kinds of truth there are, by queue."""
    return [
        *((c.queue_id, "counts" if c.certain else "arguable counts") for c in (*truth.counts, *truth.sealed)),
        *((v.queue_id, "visits") for v in truth.visits),
        *((v.queue_id, "waits") for v in truth.visits if v.outcome == "served" and not v.censored),
        *((v.queue_id, "views") for v in truth.views),
        *((None, "tracks") for _ in truth.tracks),
    ]


def detector_of(site: Site, request: Request) -> Callable[[], Detector]:
    """Opens the request's detector, or else the site's, when it is called; InputError if there is none."""

    def opened() -> Detector:
        try:
            return runtimes.open_detector(
                request.runtime or site.detector_runtime,
                model=request.model or site.detector_model,
                threads=site.detector_threads,
            )
        except DetectorError as error:
            raise InputError(f"no detector: {error}") from error

    return opened


def _speed(done: Replayed, wall_s: float) -> dict[str, Any]:
    media_s = done.end_s - done.start_s
    return {
        "wall_s": round(wall_s, 3),
        "times_real_time": round(media_s / wall_s, 2) if wall_s > 0 else None,
        "detector": done.detector_name,
    }
