"""Install writes what systemd accepts, the same again and again."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from edge.errors import InputError
from linewise.cli import app
from linewise.install import GPU, UNITS, VERSIONS_KEPT, WANTS, Plan, apply, before, plan, remember, versions
from linewise.install_command import require_seen

ROOT = Path(__file__).parent.parent.parent
TEMPLATES = ROOT / "systemd"


def planned(tmp_path: Path, *cameras: str) -> Plan:
    """A plan for these cameras, with a site file that exists."""
    return plan(
        TEMPLATES, project=ROOT, site=tmp_path / "site.toml", user="counting", cameras=cameras, without=("display",)
    )


def test_a_second_time_changes_nothing(tmp_path: Path) -> None:
    """The first call makes everything, the second finds everything as it should be."""
    assert {change.verb for change in apply(planned(tmp_path, "till", "door"), tmp_path)} == {"new"}
    assert {change.verb for change in apply(planned(tmp_path, "till", "door"), tmp_path)} == {"same"}


def test_a_camera_that_is_gone_no_longer_starts(tmp_path: Path) -> None:
    """After a camera left the site its link goes, and nothing else."""
    apply(planned(tmp_path, "till", "door"), tmp_path)
    changes = apply(planned(tmp_path, "till"), tmp_path)
    assert [change.path.name for change in changes if change.verb == "gone"] == ["linewise-camera@door.service"]
    assert not (tmp_path / WANTS / "linewise-camera@door.service").is_symlink()


def test_a_display_starts_where_the_site_has_one(tmp_path: Path) -> None:
    """The display's unit is linked for a site with [display] and loses its link when the site has none any more."""
    place = {"project": ROOT, "site": tmp_path / "site.toml", "user": "counting", "cameras": ("till",)}
    apply(plan(TEMPLATES, **place), tmp_path)  # type: ignore[arg-type]
    assert (tmp_path / WANTS / "linewise-display.service").is_symlink()
    changes = apply(plan(TEMPLATES, **place, without=("display",)), tmp_path)  # type: ignore[arg-type]
    assert [change.path.name for change in changes if change.verb == "gone"] == ["linewise-display.service"]


def test_units_name_user_project_and_site(tmp_path: Path) -> None:
    """No unit keeps a place or a user of the templates; every link leads to a unit."""
    apply(planned(tmp_path, "till"), tmp_path)
    for unit in (tmp_path / UNITS).glob("linewise*.service"):
        text = unit.read_text()
        assert "User=counting\nGroup=counting\n" in text
        assert f"ExecStart={ROOT}/.venv/bin/linewise " in text
        assert str(tmp_path / "site.toml") in text
    links = [path for path in (tmp_path / UNITS).rglob("*") if path.is_symlink()]
    assert links
    assert all(path.exists() for path in links)


def test_systemd_takes_the_units(tmp_path: Path) -> None:
    """systemd-analyze verify finds no fault in the installed units."""
    tool = shutil.which("systemd-analyze")
    assert tool, "systemd-analyze is missing: apt-get install systemd"
    project = tmp_path / "project"
    (project / ".venv/bin").mkdir(parents=True)
    program = project / ".venv/bin/linewise"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    made = plan(TEMPLATES, project=project, site=tmp_path / "site.toml", user="root", cameras=("till",), gpu=True)
    apply(made, tmp_path)
    units = sorted(str(path) for path in (tmp_path / UNITS).glob("linewise*.*e*") if path.is_file())
    run = subprocess.run([tool, "verify", "--man=no", *units], capture_output=True, text=True, check=False)
    ours = [line for line in run.stderr.splitlines() if "linewise" in line]
    assert not ours, ours


def test_a_dry_run_tells_and_writes_nothing(tmp_path: Path) -> None:
    """--dry-run exits with 1 while something would change, and leaves the folder as it is."""
    site = ROOT / "examples/canteen.toml"
    root = tmp_path / "root"
    result = CliRunner().invoke(
        app, ["install", str(site), "--root", str(root), "--dry-run"], env={**os.environ, "CAM_PASSWORD": "x"}
    )
    assert (result.exit_code, root.exists()) == (1, False), result.output
    assert "new" in result.output


def test_no_templates_are_told(tmp_path: Path) -> None:
    """Where the project's units are missing, the message says from where to install."""
    with pytest.raises(InputError, match="has no units"):
        plan(tmp_path, project=ROOT, site=tmp_path / "site.toml", user="x", cameras=())


@pytest.mark.parametrize(
    ("project", "python", "remedy"),
    [("/home/me/linewise", "/usr", "/opt/linewise"), ("/opt/linewise", "/home/me/.pyenv/versions/3.12", "PYTHON=/usr")],
)
def test_what_the_units_do_not_see_is_told(project: str, python: str, remedy: str) -> None:
    """A project or a Python below /home or /root, which would only fail once systemd starts it, is refused in words."""
    with pytest.raises(InputError, match=remedy):
        require_seen(Path(project), Path(python))
    require_seen(Path("/opt/linewise"), Path("/usr"))


def test_a_gpu_is_let_in_only_where_there_is_one(tmp_path: Path) -> None:
    """With a GPU the cameras' unit gets a drop-in with its devices, which goes again when the GPU is gone."""
    place = {"project": ROOT, "site": tmp_path / "site.toml", "user": "counting", "cameras": ("till",)}
    apply(plan(TEMPLATES, **place, gpu=True), tmp_path)  # type: ignore[arg-type]
    assert "DeviceAllow=char-nvidia rw" in (tmp_path / GPU).read_text()
    changes = apply(plan(TEMPLATES, **place), tmp_path)  # type: ignore[arg-type]
    assert [change.path for change in changes if change.verb == "gone"] == [tmp_path / GPU]
    assert not (tmp_path / GPU).exists()


def installed(root: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """`linewise install` of this project below a folder, as a command."""
    command = [sys.executable, "-m", "linewise", "install", str(ROOT / "examples/canteen.toml"), "--root", str(root)]
    environ = {**os.environ, "CAM_PASSWORD": "x"}
    return subprocess.run([*command, *options], env=environ, capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_an_upgrade_and_the_way_back(tmp_path: Path) -> None:
    """Install from a new folder is the upgrade; --rollback hands over to the version before, and again forward."""
    root, old = tmp_path / "root", tmp_path / "linewise-1.4"
    (old / ".venv/bin").mkdir(parents=True)
    program = old / ".venv/bin/linewise"
    program.write_text(f'#!/bin/sh\necho "old: $@"\necho {old} >> {root}/etc/linewise/called\n')
    program.chmod(0o755)
    remember(root, old)
    upgraded = installed(root)
    assert upgraded.returncode == 0, upgraded.stderr
    assert versions(root) == [old, ROOT]
    assert f"ExecStart={ROOT}/.venv/bin/linewise" in (root / UNITS / "linewise-counter.service").read_text()
    tried = installed(root, "--rollback", "--dry-run")
    assert "--dry-run" in tried.stdout
    assert versions(root) == [old, ROOT]
    back = installed(root, "--rollback", "--user", "counting")
    assert f"back from {ROOT} to {old}" in back.stdout
    assert f"old: install {ROOT}/examples/canteen.toml --user counting --root {root}" in back.stdout
    assert versions(root) == [ROOT, old]
    assert before(root) == ROOT


def test_no_way_back_is_told(tmp_path: Path) -> None:
    """Without an earlier version, or with its folder deleted, --rollback says so and changes nothing."""
    remember(tmp_path, tmp_path / "deleted")
    remember(tmp_path, ROOT)
    result = installed(tmp_path, "--rollback")
    assert result.returncode == 2
    assert "no earlier version is here" in result.stderr
    assert versions(tmp_path) == [tmp_path / "deleted", ROOT]


def test_few_versions_are_remembered(tmp_path: Path) -> None:
    """A version that is installed again counts once, as the present one; old ones are forgotten."""
    for number in range(30):
        remember(tmp_path, tmp_path / f"v{number % 15}")
    assert len(versions(tmp_path)) == VERSIONS_KEPT
    assert versions(tmp_path)[-1] == tmp_path / "v14"
