"""`linewise diagnose`: what is wrong with a running site and what to do, on one page; and a file for support."""

import os
from pathlib import Path
from typing import Annotated

import typer

from edge.config import load_site
from edge.errors import InputError
from edge.paths import state_dir

ENVIRONMENT = Path("/etc/linewise/environment")


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command()(diagnose)


def diagnose(
    site: Annotated[Path, typer.Argument(metavar="SITE.toml", help="The site file.", show_default=False)],
    *,
    to_zip: Annotated[Path | None, typer.Option("--zip", metavar="FILE", help="Also a file for support.")] = None,
    stacks: Annotated[bool, typer.Option("--stacks", help="First let each part log what its threads do.")] = False,
) -> None:
    """What is wrong with a running site, and what to do.

    Exit codes: 0 nothing, 1 something. The file of --zip holds no password, no picture and no message that
    the collector refused.
    """
    from linewise.diagnose import diagnose as look
    from linewise.diagnose_parts import running, write_stacks
    from linewise.diagnose_secrets import Masker, environment_of, secrets_of
    from linewise.diagnose_zip import write_zip

    if ENVIRONMENT.exists() and not os.access(ENVIRONMENT, os.R_OK):
        raise InputError(f"{ENVIRONMENT} cannot be read: call diagnose as root, as the units' passwords stand there")
    masker = Masker(secrets_of(_text(site), os.environ, ENVIRONMENT))
    loaded = load_site(site, {**environment_of(ENVIRONMENT), **os.environ}, sources="any")
    folder = state_dir(loaded.id)
    if stacks:
        write_stacks(running(loaded.path))
    found = look(loaded, folder)
    typer.echo(masker.text(str(found)))
    if to_zip is not None:
        names = write_zip(to_zip, loaded, folder, found, masker)
        typer.echo(f"\n{to_zip}: {len(names)} files for support ({', '.join(names)}); passwords are masked")
    raise typer.Exit(0 if found.ok else 1)


def _text(site: Path) -> str:
    try:
        return site.read_text("utf-8-sig", errors="replace")
    except OSError:
        return ""  # load_site says why
