"""`linewise install`: the units of a site into systemd, again and again with the same result."""

import os
import pwd
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from edge.config import load_site
from edge.errors import InputError
from linewise.install import apply, plan

PROJECT = Path(__file__).resolve().parent.parent
HIDDEN = tuple(map(Path, ("/home", "/root", "/tmp", "/var/tmp")))  # noqa: S108


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command()(install)


def install(
    site: Annotated[Path, typer.Argument(metavar="SITE.toml", help="The site file.", show_default=False)],
    *,
    user: Annotated[str, typer.Option(help="Whom the parts run as; made as a system user when missing.")] = "linewise",
    root: Annotated[Path, typer.Option(help="Write below this folder and start nothing: for images.")] = Path("/"),
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell what would change; exit 1 if any.")] = False,
) -> None:
    """Write the units of a site, make its user and start it under systemd; a second time nothing changes."""
    loaded = load_site(site, os.environ)
    cameras = tuple(camera.id for camera in loaded.cameras)
    place = _site_place(site) if root == Path("/") else site.resolve()
    planned = plan(
        PROJECT / "systemd",
        project=_project(),
        site=place,
        user=user,
        cameras=cameras,
        display=loaded.display is not None,
    )
    live = root == Path("/") and not dry_run
    if live and os.geteuid() != 0:
        raise InputError("install writes to /etc and needs root: sudo; or stage the files with --root FOLDER")
    try:
        if live:
            _make_user(user)
            _readable(site, user)
        changes = apply(planned, root, dry=dry_run)
    except OSError as error:
        raise InputError(f"{error.filename}: cannot be written ({error.strerror})") from error
    for change in changes:
        typer.echo(f"{change.verb:8} {change.path}")
    changed = any(change.verb != "same" for change in changes)
    if live:
        _start(changed, [change.path.name for change in changes if change.verb == "gone"])
    raise typer.Exit(1 if dry_run and changed else 0)


def _project() -> Path:
    """Where the project lies, as the units will name it: the folder above the running .venv."""
    project = Path(sys.prefix).parent
    if Path(sys.prefix).name != ".venv" or not (project / "systemd").is_dir():
        raise InputError(
            f"the units start PROJECT/.venv/bin/linewise, and this one runs from {sys.prefix}; "
            "put the project into a folder such as /opt/linewise, make its .venv there and run install from it"
        )
    return project


def _make_user(user: str) -> None:
    try:
        pwd.getpwnam(user)
    except KeyError:
        home = f"/var/lib/{user}"
        subprocess.run(["useradd", "--system", f"--home={home}", "--user-group", user], check=True)


def _site_place(site: Path) -> Path:
    """The site file as the units name it."""
    place = site.resolve()
    hidden = next((top for top in HIDDEN if place.is_relative_to(top)), None)
    if hidden is not None:
        raise InputError(
            f"{place}: the units do not see {hidden} (ProtectHome, PrivateTmp); "
            "put the site file and what lies beside it into /etc/linewise"
        )
    return place


def _readable(site: Path, user: str) -> None:
    """The site file belongs to root and is read by the user's group; it may hold a broker's address, not for all."""
    os.chown(site, 0, pwd.getpwnam(user).pw_gid)
    site.chmod(0o640)


def _start(changed: bool, gone: list[str]) -> None:
    """Tells systemd: parts start, or start again after a change; cameras that are gone end."""
    if not Path("/run/systemd/system").is_dir():
        typer.echo("systemd does not run here: the units are written, nothing was started")
        return
    subprocess.run(["systemctl", "daemon-reload"], check=True)
    for unit in gone:
        subprocess.run(["systemctl", "stop", unit], check=True)
    verb = "restart" if changed else "start"
    subprocess.run(["systemctl", verb, "linewise.target"], check=True)
    typer.echo("started: systemctl status 'linewise*'")
