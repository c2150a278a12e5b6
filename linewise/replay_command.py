"""`linewise replay`: recorded video or recorded detections through the product, against a truth where there is one."""

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from tqdm import tqdm

from calibration.request import Request

_HELP = """Replays recordings as if they were live, and scores them.

RECORDING is a video, or a .jsonl of detections; left out: the site's own files. With --truth the counts are compared
with what people counted by eye, and judged by the site's [acceptance] rule. Several recordings, or a --plan, are
replayed side by side, each into a folder of its own in --out; one that fails does not stop the others. Exit codes: 0
fine, 1 the acceptance rule does not hold, 2 the input is wrong."""


def register(app: typer.Typer) -> None:
    """Adds `replay` to the command."""
    app.command(help=_HELP)(replay)


def replay(  # noqa: PLR0913 (one parameter an option)
    *,
    recording: Annotated[
        list[Path] | None, typer.Argument(metavar="RECORDING", help="A video or a .jsonl of detections.")
    ] = None,
    site: Annotated[Path | None, typer.Option(metavar="SITE.toml", help="The site file.")] = None,
    camera: Annotated[
        list[str] | None, typer.Option(metavar="ID[=RECORDING]", help="Whose recording; once for each camera.")
    ] = None,
    truth: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE", help="CSV of counts or visits, MOT text of tracks, a .sealed part; again for more."
        ),
    ] = None,
    truth_fps: Annotated[
        float | None,
        typer.Option(metavar="N", min=0.01, help="Frames a second that MOT text counts; else the video's."),
    ] = None,
    open_with: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The owner's private key: scores a .sealed truth.")
    ] = None,
    compare: Annotated[
        Path | None, typer.Option(metavar="OLD_DIR", help="An earlier --out of the recording: tell what changed.")
    ] = None,
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="Where readings, visits and a report go.")] = None,
    overlay: Annotated[
        Path | None, typer.Option(metavar="FILE.mp4", help="The video with boxes, lanes, members and lengths.")
    ] = None,
    no_pictures: Annotated[
        bool, typer.Option("--no-pictures", help="No pictures of the worst moments in the report.")
    ] = False,
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
    """Replays what the options say; `_HELP` is its help."""
    recordings = recording or []
    if site is None and plan is None:
        raise typer.BadParameter("missing; name the site file, or a --plan", param_hint="--site")
    files = (tuple(camera or ()), tuple(truth or ()), out, overlay)
    proofs = (compare, truth_fps, open_with, not no_pictures)
    request = Request(site or Path(), next(iter(recordings), None), *files, runtime, model, fit, certify, *proofs)
    bar = sys.stderr.isatty() and not as_json
    if plan is not None or dask is not None or len(recordings) > 1:
        from linewise import batch_command

        many = batch_command.Many(plan, tuple(recordings), site, jobs, dask)
        result, words, code = batch_command.run(request, many, bar=bar)
    else:
        result, words = replay_one(request, bar=bar)
        code = exit_code(result)
    typer.echo(json.dumps(result, indent=2, ensure_ascii=False) if as_json else words)
    raise typer.Exit(code)


def exit_code(summary: dict[str, Any]) -> int:
    """Of one replay: 1 where its acceptance rule does not hold."""
    return int(summary.get("acceptance", {}).get("verdict") == "failed")


def replay_one(
    request: Request, *, bar: bool, told: Callable[[float], None] | None = None
) -> tuple[dict[str, Any], str]:
    """The summary with its "run" block (speed), and the same in words; `told`: the media time of each picture."""
    from calibration.proof import prove

    @contextmanager
    def progress(length_s: float | None) -> Iterator[Callable[[float], None]]:
        with _bar(bar, length_s) as on_pts:
            yield told or on_pts

    proof = prove(request, progress, now_utc_s=time.time())
    return proof.summary, proof.words


@contextmanager
def _bar(wanted: bool, length_s: float | None) -> Iterator[Callable[[float], None]]:
    """A bar of media seconds on a terminal."""
    with tqdm(total=length_s and round(length_s), unit="s", desc="replay", disable=not wanted, leave=False) as bar:

        def on_pts(pts_s: float) -> None:
            bar.update(max(int(pts_s) - bar.n, 0))

        yield on_pts
