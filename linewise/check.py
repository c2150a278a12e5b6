"""`linewise check`: everything that can be known before starting, each finding with what to do."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from edge.config import ConfigError, load_site
from linewise.check_box import box_lines
from linewise.check_display import display_lines
from linewise.check_lanes import lane_lines
from linewise.check_lines import line_lines
from linewise.check_people import people_lines
from linewise.check_reach import reach_lines
from linewise.check_report import CheckLine, CheckReport

__all__ = ["CheckLine", "CheckReport", "check_site", "register"]


def register(app: typer.Typer) -> None:
    """Adds `check` to the command."""
    app.command()(check)


def check(
    site: Annotated[Path, typer.Argument(metavar="SITE.toml", help="The site file.", show_default=False)],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document instead of words.")] = False,
) -> None:
    """Everything that can be known before starting.

    Exit codes: 0 the site can start, 1 it cannot, 2 there is no such file.
    """
    report = check_site(site, os.environ)
    typer.echo(json.dumps(report.to_dict(), indent=2, ensure_ascii=False) if as_json else str(report))
    raise typer.Exit(0 if report.ok else 1)


def check_site(path: Path, environ: Mapping[str, str]) -> CheckReport:
    """Checks the file, its lanes, this machine, the cameras and the broker.

    With faults in the file only those are reported: what they would change is not tried. ConfigError is raised where
    the file cannot be read at all.
    """
    try:
        site = load_site(path, environ, receivers="required", database="required", api="required")
    except ConfigError as error:
        if not any(fault.key for fault in error.faults):
            raise
        return CheckReport(str(path), tuple(_fault_lines(error)))
    found = f"{path} is a site file; cameras: {len(site.cameras)}, queues: {len(site.queues)}"
    drawn = (*lane_lines(site), *people_lines(site), *line_lines(site))
    rest = (*drawn, *display_lines(site), *box_lines(site), *reach_lines(site))
    return CheckReport(str(path), (CheckLine("ok", "file", found), *rest))


def _fault_lines(error: ConfigError) -> list[CheckLine]:
    lines = [CheckLine("fault", "file", str(fault)) for fault in error.faults]
    hidden = str(error).count("\n") + 1 - len(lines)
    return lines + [CheckLine("fault", "file", str(error).rsplit("\n", 1)[-1])] * hidden
