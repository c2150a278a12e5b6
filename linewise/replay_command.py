"""`linewise replay`: recorded video or recorded detections through the product, against a truth where there is one."""

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from tqdm import tqdm

from edge.errors import InputError

if TYPE_CHECKING:  # scipy and OpenCV are loaded when the command runs, not for `linewise --help`
    from calibration.recording import Recording
    from calibration.replay import Replayed
    from calibration.truth import Truth
    from edge.settings import Site

_HELP = """Replays recordings as if they were live, without waiting, and tells what the counts were.

RECORDING is a video, or a .jsonl of detections; left out: the site's own files. With --truth the counts are compared
with what people counted by eye. Several recordings, or a --plan, are replayed side by side, each into a folder of its
own in --out; one that fails does not stop the others. Exit codes: 0 fine, 2 the input is wrong."""


@dataclass(frozen=True)
class Request:
    """What the command line asks for."""

    site_path: Path
    recording: Path | None
    cameras: tuple[str, ...]
    truth: tuple[Path, ...]
    out: Path | None
    overlay: Path | None
    runtime: str | None
    model: str | None
    fit: bool = False
    certify: bool = False


def register(app: typer.Typer) -> None:
    """Adds `replay` to the command."""

    @app.command(help=_HELP)
    def replay(  # noqa: PLR0913 (one parameter an option)
        *,
        recording: Annotated[
            list[Path] | None, typer.Argument(metavar="[RECORDING]...", help="A video or a .jsonl of detections.")
        ] = None,
        site: Annotated[Path | None, typer.Option(metavar="SITE.toml", help="The site file.")] = None,
        camera: Annotated[
            list[str] | None, typer.Option(metavar="ID[=RECORDING]", help="Whose recording; once for each camera.")
        ] = None,
        truth: Annotated[
            list[Path] | None, typer.Option(metavar="FILE", help="CSV of counts or visits; may be given again.")
        ] = None,
        out: Annotated[Path | None, typer.Option(metavar="DIR", help="Where readings, visits and a report go.")] = None,
        overlay: Annotated[
            Path | None, typer.Option(metavar="FILE.mp4", help="The video with boxes, lanes, members and lengths.")
        ] = None,
        runtime: Annotated[str | None, typer.Option(help="Instead of the site's [detector] runtime.")] = None,
        model: Annotated[str | None, typer.Option(help="Instead of the site's [detector] model.")] = None,
        fit: Annotated[
            bool, typer.Option("--fit", help="Measure each queue's miss rate into SITE.calibration.toml.")
        ] = False,
        certify: Annotated[
            bool, typer.Option("--certify", help="Write each queue's scores to SITE.certificates.json.")
        ] = False,
        plan: Annotated[
            Path | None, typer.Option(metavar="PLAN.toml", help="Recordings with site and truth each, instead.")
        ] = None,
        jobs: Annotated[int | None, typer.Option(min=1, help="Of several: so many at once; else one a CPU.")] = None,
        dask: Annotated[
            str | None, typer.Option(metavar="tcp://HOST:PORT", help="Of several: on this Dask cluster.")
        ] = None,
        as_json: Annotated[bool, typer.Option("--json", help="One JSON document instead of words.")] = False,
    ) -> None:
        files = (tuple(camera or ()), tuple(truth or ()), out, overlay)
        recordings = recording or []
        if site is None and plan is None:
            raise typer.BadParameter("missing; name the site file, or a --plan", param_hint="--site")
        request = Request(site or Path(), next(iter(recordings), None), *files, runtime, model, fit, certify)
        bar = sys.stderr.isatty() and not as_json
        if plan is not None or dask is not None or len(recordings) > 1:
            from linewise import batch_command

            many = batch_command.Many(plan, tuple(recordings), site, jobs, dask)
            result, words, code = batch_command.run(request, many, bar=bar)
            typer.echo(json.dumps(result, indent=2, ensure_ascii=False) if as_json else words)
            raise typer.Exit(code)
        result, words = replay_one(request, bar=bar)
        typer.echo(json.dumps(result, indent=2, ensure_ascii=False) if as_json else words)


def replay_one(
    request: Request, *, bar: bool, told: Callable[[float], None] | None = None
) -> tuple[dict[str, Any], str]:
    """The summary with its "run" block (speed), and the same in words; `told`: the media time of each picture."""
    from calibration import certify, fit, overlay, recording, replay, report, truth, words
    from calibration.outputs import out_folder, pretty
    from calibration.summary import score
    from calibration.summary import summary as summarised
    from edge.config import load_site

    site = load_site(request.site_path, sources="any", broker="any")
    recordings = recording.choose(site, request.recording, request.cameras)
    truths = truth.load(request.truth, [q.id for q in site.queues])
    _check(request, site, recordings, truths)
    notes = overlay.Notes() if request.overlay else None
    kept: list[recording.Item] = []
    began_s = time.monotonic()
    with out_folder(request.out) as out, _progress(bar, recording.length_s(recordings)) as on_pts:
        done = replay.run(
            site,
            recordings,
            _detector(site, request),
            out=out,
            on_pts=told or on_pts,
            on_tracks=notes.add if notes else None,
            on_item=kept.append if request.fit else lambda item: None,
        )
        scores = score(done, truths)
        fits = fit.fitted(site, kept, truths.counts, done.readings) if request.fit else []
        summary = summarised(done, scores, truths, fits)
        speed = _speed(done, time.monotonic() - began_s)
        out.write("summary.json", pretty(summary))
        out.write("run.json", pretty(speed))
        out.write("report.html", report.page(done, scores, summary))
    if notes and request.overlay:
        overlay.write(request.overlay, done, notes)
    proven = certify.certificates(site, summary, time.time()) if request.certify else []
    written = [path for path in (fit.write(site, fits), certify.write(site, proven)) if path]
    files = "".join(f"\n\nWritten: {path}" for path in written)
    return {**summary, "run": speed}, words.terminal(done, scores, summary) + files


def _check(request: Request, site: "Site", recordings: "tuple[Recording, ...]", truths: "Truth") -> None:
    """What can be refused before a long replay."""
    from calibration import certify, fit, overlay

    if request.fit and request.certify:
        raise InputError(
            "--fit and --certify: a fit changes the counts, so what was proven before it does not hold after it; "
            "first replay with --fit, then again with --certify"
        )
    if request.overlay:
        overlay.check(request.overlay, recordings)
    if request.fit:
        fit.check(truths.counts)
    if request.certify:
        certify.check(site, [c.queue_id for c in truths.counts if c.certain] + [v.queue_id for v in truths.visits])


def _detector(site: "Site", request: Request) -> Callable[[], Any]:
    def opened() -> Any:
        from detector.runtime.errors import DetectorError
        from detector.runtime.open import open_detector

        try:
            return open_detector(
                request.runtime or site.detector_runtime,
                model=request.model or site.detector_model,
                threads=site.detector_threads,
            )
        except DetectorError as error:
            raise InputError(f"no detector: {error}") from error

    return opened


@contextmanager
def _progress(wanted: bool, length_s: float | None) -> Iterator[Callable[[float], None]]:
    """A bar of media seconds on a terminal."""
    with tqdm(total=length_s and round(length_s), unit="s", desc="replay", disable=not wanted, leave=False) as bar:

        def on_pts(pts_s: float) -> None:
            bar.update(max(int(pts_s) - bar.n, 0))

        yield on_pts


def _speed(done: "Replayed", wall_s: float) -> dict[str, Any]:
    media_s = done.end_s - done.start_s
    return {
        "wall_s": round(wall_s, 3),
        "times_real_time": round(media_s / wall_s, 2) if wall_s > 0 else None,
        "detector": done.detector_name,
    }
