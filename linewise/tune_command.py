"""`linewise tune`: which constants of tracker and lanes are best against truths, and whether that holds elsewhere."""

import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from tqdm import tqdm

from edge.errors import InputError

if TYPE_CHECKING:  # scipy is loaded when the command runs
    from calibration.batch_processes import Ended
    from calibration.tuning import Tuned
    from calibration.tuning_scores import Job, Scored


def register(app: typer.Typer) -> None:
    """Adds `tune`."""
    app.command()(tune)


def tune(
    plan: Annotated[
        Path, typer.Argument(metavar="PLAN.toml", help="Recordings with their truth: see `replay --plan`.")
    ],
    *,
    goal: Annotated[
        Literal["length", "visits"], typer.Option(help="What is to be right: counts, or who came and went.")
    ] = "length",
    tries: Annotated[int, typer.Option(min=0, help="Random combinations, beside every single change.")] = 40,
    seed: Annotated[int, typer.Option(min=0, help="Of the random combinations.")] = 1,
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="Where tuning.json and tuning.md go.")] = None,
    jobs: Annotated[int | None, typer.Option(min=1, help="Recordings at once; else one a CPU.")] = None,
    dask: Annotated[str | None, typer.Option(metavar="tcp://HOST:PORT", help="On this Dask cluster.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document instead of words.")] = False,
) -> None:
    """Tries other constants of tracker and lanes against truths.

    It tells what they gain where they were not chosen. Nothing is written into a site file. Exit codes: 0 fine, 2 the
    input is wrong (too little truth is, too).
    """
    from calibration import tuning_words

    tuned, failed = _tuned(plan, goal, tries, seed, where=(jobs, dask), bar=sys.stderr.isatty() and not as_json)
    result = tuning_words.as_json(tuned, goal, failed)
    if out is not None:
        _write(out, result, tuning_words.markdown(tuned, goal))
    for name, why in failed.items():
        typer.echo(f"{name}: left out. {why}", err=True)
    typer.echo(json.dumps(result, indent=2) if as_json else tuning_words.terminal(tuned, goal))


def _tuned(
    plan: Path, goal: Any, tries: int, seed: int, *, where: tuple[int | None, str | None], bar: bool
) -> "tuple[Tuned, dict[str, str]]":
    """The result, and why a recording was left out, by name."""
    import numpy as np

    from calibration import batch_plan, tuning, tuning_space
    from calibration.tuning_scores import Job
    from edge.config import load_site

    planned = batch_plan.read_plan(plan)
    sites = [load_site(path, sources="any", broker="any") for path in dict.fromkeys(p.site for p in planned)]
    changes = tuning_space.changes(sites, tries, np.random.default_rng(seed))
    work = [Job(replace(p, site=p.site.absolute()), changes, goal) for p in planned]
    scored, failed = _scored(work, where, bar=bar)
    if sum(one.off.shape[1] for one in scored) < tuning.LEAST_PARTS:
        reasons = "".join(f"\n  {name}: {why}" for name, why in failed.items())
        raise InputError(f"{plan}: too little truth to tune by; {tuning.LEAST_PARTS} counts are the least{reasons}")
    return tuning.tuned(scored, changes), failed


def _scored(
    work: "list[Job]", where: tuple[int | None, str | None], *, bar: bool
) -> "tuple[list[Scored], dict[str, str]]":
    """Every recording that could be tried, in the order of the plan, and why the others could not."""
    done: dict[int, Any] = {}
    failed: dict[str, str] = {}
    steps = sum(len(one.changes) for one in work)
    with tqdm(total=steps, unit="try", desc="tune", disable=not bar, leave=False) as progress:
        for ended in _executed(work, where, lambda index, number: progress.update(1)):
            if ended.error:
                failed[work[ended.index].planned.name] = ended.error
            else:
                done[ended.index] = ended.result
    return [done[index] for index in sorted(done)], failed


def _executed(work: "list[Job]", where: tuple[int | None, str | None], on_told: Any) -> "Iterator[Ended]":
    from calibration import batch_dask, batch_processes
    from calibration.tuning_scores import scored

    jobs, dask = where
    if dask is not None:
        return batch_dask.run(scored, work, address=dask, on_told=on_told)
    at_once = min(jobs or batch_processes.processors(), len(work))
    return batch_processes.run(scored, work, at_once=at_once, on_told=on_told)


def _write(out: Path, result: dict[str, Any], page: str) -> None:
    from calibration.outputs import make_folder, pretty, replace_text

    make_folder(out)
    replace_text(out / "tuning.json", pretty(result), option="--out")
    replace_text(out / "tuning.md", page, option="--out")
