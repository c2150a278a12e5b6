"""What `linewise install` puts on a box: the systemd units of one site, for one user and one place of the project.

Planning is pure; apply() makes the files so, and says what it changed: a second time it changes nothing. Each version
of the project lies in a folder of its own; the list of those that have run here says what a rollback goes back to.
"""

import os
from dataclasses import dataclass
from pathlib import Path

from edge.errors import InputError

TEMPLATE_PROJECT = "/opt/linewise"
TEMPLATE_SITE = "/etc/linewise/site.toml"
TEMPLATE_STATE = "linewise"  # StateDirectory, user and group of the units as they are kept
UNITS = Path("etc/systemd/system")
WANTS = UNITS / "linewise.target.wants"
GPU = UNITS / "linewise-camera@.service.d/gpu.conf"
VERSIONS = Path("etc/linewise/versions")  # project folders that have run here, a line each, the present one last
VERSIONS_KEPT = 10


@dataclass(frozen=True)
class Plan:
    """Files by their place under the root, and the links of parts that start with the target.

    Attributes:
        files: place -> text.
        links: place -> what it points to.
        cameras: ids of the site's cameras.
    """

    files: dict[Path, str]
    links: dict[Path, str]
    cameras: tuple[str, ...]


@dataclass(frozen=True)
class Change:
    """One thing that was, or would be, done: verb is new, changed, gone or same."""

    verb: str
    path: Path


def plan(
    templates: Path,
    *,
    project: Path,
    site: Path,
    user: str,
    cameras: tuple[str, ...],
    without: tuple[str, ...] = (),
    gpu: bool = False,
) -> Plan:
    """The units of a site.

    Args:
        templates: the folder systemd/ of the project.
        project: where the project lies, with its .venv.
        site: the site file that the parts read.
        user: whom they run as.
        cameras: ids of the site's cameras: one unit instance each.
        without: parts that the site does not ask for: "display", "alerts", "api".
        gpu: cameras' parts may use the GPU.

    Raises:
        InputError: there are no templates.
    """
    found = sorted(templates.glob("linewise*.service")) + sorted(templates.glob("linewise*.target"))
    if not found:
        raise InputError(f"{templates} has no units; run install from the project's folder and its .venv")
    files = {UNITS / path.name: _fitted(path.read_text("utf-8"), project, site, user) for path in found}
    parts = [path.name for path in found if path.suffix == ".service" and "@" not in path.name]
    parts = [name for name in parts if name not in {f"linewise-{part}.service" for part in without}]
    if gpu:
        files[GPU] = (templates / GPU.name).read_text("utf-8")
    links = {WANTS / name: f"../{name}" for name in parts}
    links |= {WANTS / f"linewise-camera@{camera}.service": "../linewise-camera@.service" for camera in cameras}
    links[UNITS / "multi-user.target.wants/linewise.target"] = "../linewise.target"
    return Plan(files, links, cameras)


def _fitted(text: str, project: Path, site: Path, user: str) -> str:
    text = text.replace(TEMPLATE_SITE, str(site)).replace(TEMPLATE_PROJECT, str(project))
    return text.replace("User=linewise\n", f"User={user}\n").replace("Group=linewise\n", f"Group={user}\n")


def apply(planned: Plan, root: Path, *, dry: bool = False) -> list[Change]:
    """Makes the files under `root` as planned; parts that the site no longer has lose their link.

    Raises:
        OSError: a file cannot be written.
    """
    changes = [_write(root / place, text, dry) for place, text in planned.files.items()]
    changes += [_link(root / place, target, dry) for place, target in planned.links.items()]
    for link in sorted((root / WANTS).glob("linewise-*.service")):
        if link.relative_to(root) not in planned.links:
            if not dry:
                link.unlink()
            changes.append(Change("gone", link))
    if GPU not in planned.files and (root / GPU).exists():
        if not dry:
            (root / GPU).unlink()
        changes.append(Change("gone", root / GPU))
    return changes


def versions(root: Path) -> list[Path]:
    """Project folders that have run here, the present one last."""
    try:
        lines = (root / VERSIONS).read_text("utf-8").splitlines()
    except FileNotFoundError:
        return []
    return [Path(line) for line in lines if line]


def remember(root: Path, project: Path, *, dry: bool = False) -> Change:
    """Notes that this project runs here now: the one before it is what a rollback goes back to."""
    others = [folder for folder in versions(root) if folder != project]
    return _write(root / VERSIONS, "".join(f"{folder}\n" for folder in [*others, project][-VERSIONS_KEPT:]), dry)


def before(root: Path) -> Path:
    """The newest version before the present one that is still there.

    Raises:
        InputError: there is none.
    """
    known = versions(root)
    for folder in reversed(known[:-1]):
        if (folder / ".venv/bin/linewise").exists():
            return folder
    there = ", ".join(map(str, known)) or "none"
    raise InputError(f"no earlier version is here to go back to ({VERSIONS} knows: {there}; each must keep its folder)")


def forget(root: Path, project: Path) -> None:
    """A version that was gone back from is no longer the present one; it stays known as the oldest."""
    others = [folder for folder in versions(root) if folder != project]
    _write(root / VERSIONS, "".join(f"{folder}\n" for folder in [project, *others]), dry=False)


def _write(path: Path, text: str, dry: bool) -> Change:
    old = path.read_text("utf-8") if path.is_file() else None
    if old == text:
        return Change("same", path)
    if not dry:
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f".{path.name}.part")
        part.write_text(text, "utf-8")
        part.chmod(0o644)
        os.replace(part, path)
    return Change("new" if old is None else "changed", path)


def _link(path: Path, target: str, dry: bool) -> Change:
    old = os.readlink(path) if path.is_symlink() else None
    if old is not None and Path(os.path.normpath(path.parent / old)) == Path(os.path.normpath(path.parent / target)):
        return Change("same", path)
    if not dry:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        path.symlink_to(target)
    return Change("new" if old is None else "changed", path)
