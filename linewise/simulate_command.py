"""`linewise simulate`: a place that does not exist, with its exact truth."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("simulate")(simulate)


def simulate(
    scenario: Annotated[str, typer.Argument(help="canteen, one-till, ...; a wrong name lists them.")],
    *,
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same run.")] = 1,
    out: Annotated[Path, typer.Option(help="Folder for what is made; it may exist.")] = Path("simulated"),
    duration_s: Annotated[
        float | None, typer.Option(min=1.0, max=86_400.0, help="Instead of the scenario's own.")
    ] = None,
    video: Annotated[bool, typer.Option("--video", help="Draw and encode video.mp4 as well.")] = False,
    visits_only: Annotated[
        bool, typer.Option("--visits-only", help="Only visits.csv and counts.csv, without motion: fast.")
    ] = False,
) -> None:
    """Simulates people who queue, with their exact truth.

    Writes visits.csv, counts.csv, tracks.txt, detections.jsonl, site.toml and, with --video, video.mp4.
    """
    from calibration.simulator import make

    if video and visits_only:
        typer.echo("simulate: --visits-only has no people who move, so there is no --video; leave one out", err=True)
        raise typer.Exit(2)
    try:
        chosen = make.find(scenario, duration_s)
        out.mkdir(parents=True, exist_ok=True)
        if visits_only:
            made = make.simulate_truth(chosen, seed, out)
        else:
            made = make.simulate(chosen, seed, out, video=video, progress=_progress)
    except make.SimulatorError as error:
        typer.echo(f"simulate: {error}", err=True)
        raise typer.Exit(2) from None
    except OSError as error:
        typer.echo(f"simulate: cannot write to {error.filename or out}: {error.strerror}", err=True)
        raise typer.Exit(2) from None
    typer.echo(made)


def _progress(steps: Any, total: int) -> Any:
    """A bar on a terminal, nothing in a script."""
    from tqdm import tqdm

    return tqdm(steps, total=total, unit="frame", disable=not sys.stderr.isatty())
