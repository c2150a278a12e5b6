"""`linewise install`: the units of a site into systemd, again and again with the same result; upgrade and back."""

import os
import pwd
import subprocess
import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from edge.config import load_site
from edge.errors import InputError
from edge.settings import Site
from linewise.diagnose_secrets import environment_of
from linewise.install import apply, before, forget, plan, remember, versions

PROJECT = Path(__file__).resolve().parent.parent
ENVIRONMENT = Path("/etc/linewise/environment")
GPU_DEVICES = ("/dev/nvidiactl", "/dev/dri/renderD128")
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
    gpu: Annotated[
        bool | None, typer.Option("--gpu/--no-gpu", help="Parts may use a GPU.", show_default="found")
    ] = None,
    rollback: Annotated[bool, typer.Option("--rollback", help="Go back to the version that ran before.")] = False,
) -> None:
    """Starts a site under systemd, and upgrades it.

    Writes its units and makes its user; a second time nothing changes. Called from the folder of a new version, it is
    the upgrade to it.
    """
    if rollback:
        _roll_back(site, user, root, dry=dry_run)
    loaded = load_site(site, {**environment_of(ENVIRONMENT), **os.environ})
    project = _project()
    planned = plan(
        PROJECT / "systemd",
        project=project,
        site=_site_place(site) if root == Path("/") else site.resolve(),
        user=user,
        cameras=tuple(camera.id for camera in loaded.cameras),
        without=_not_asked_for(loaded),
        gpu=any(map(os.path.exists, GPU_DEVICES)) if gpu is None else gpu,
    )
    live = root == Path("/") and not dry_run
    if live and os.geteuid() != 0:
        raise InputError("install writes to /etc and needs root: sudo; or stage the files with --root FOLDER")
    if live:
        require_seen(project, Path(sys.base_prefix))
    try:
        if live:
            _make_user(user)
            _readable(site, user)
        changes = [*apply(planned, root, dry=dry_run), remember(root, project, dry=dry_run)]
    except OSError as error:
        raise InputError(f"{error.filename}: cannot be written ({error.strerror})") from error
    for change in changes:
        typer.echo(f"{change.verb:8} {change.path}")
    changed = any(change.verb != "same" for change in changes)
    if live:
        _start(changed, [change.path.name for change in changes if change.verb == "gone"])
    raise typer.Exit(1 if dry_run and changed else 0)


def _roll_back(site: Path, user: str, root: Path, *, dry: bool) -> NoReturn:
    """Hands over to the version before: its own install writes its own units."""
    old, present = before(root), versions(root)[-1]
    typer.echo(f"back from {present} to {old}")
    if not dry:
        forget(root, present)
    options = ["--user", user, "--root", str(root), *(["--dry-run"] if dry else [])]
    sys.stdout.flush()
    program = str(old / ".venv/bin/linewise")
    os.execv(program, [program, "install", str(site), *options])  # noqa: S606


def _not_asked_for(site: Site) -> tuple[str, ...]:
    """Parts that this site file does not ask for."""
    asked = {
        "display": site.display is not None,
        "alerts": bool(site.webhooks or site.email),
        "api": site.api is not None,
    }
    return tuple(part for part, wanted in asked.items() if not wanted)


def _project() -> Path:
    """Where the project lies, as the units will name it: the folder above the running .venv."""
    project = Path(sys.prefix).parent
    if Path(sys.prefix).name != ".venv" or not (project / "systemd").is_dir():
        raise InputError(
            f"the units start PROJECT/.venv/bin/linewise, and this one runs from {sys.prefix}; "
            "put the project into a folder such as /opt/linewise, make its .venv there and run install from it"
        )
    return project


def require_seen(project: Path, python: Path) -> None:
    """The units must see the project and the Python that its .venv was made with.

    Raises:
        InputError: one of them lies where they do not look.
    """
    remedies = {
        project: "put the project into a folder such as /opt/linewise and make its .venv there",
        python: "make the .venv anew with the system's Python: make clean product PYTHON=/usr/bin/python3",
    }
    for place, remedy in remedies.items():
        hidden = next((top for top in HIDDEN if place.resolve().is_relative_to(top)), None)
        if hidden is not None:
            raise InputError(f"{place}: the units do not see {hidden} (ProtectHome, PrivateTmp); {remedy}")


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
