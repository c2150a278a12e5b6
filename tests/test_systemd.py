"""The units fit the command."""

import shutil
import subprocess
from pathlib import Path

import pytest

UNITS = sorted((Path(__file__).parent.parent / "systemd").glob("*.service"))


@pytest.mark.parametrize("unit", UNITS, ids=lambda p: p.name)
def test_a_unit_starts_a_command_that_exists(unit: Path) -> None:
    """ExecStart names a sub-command of linewise that part_commands registers."""
    import typer

    from linewise import part_commands

    app = typer.Typer()
    part_commands.register(app)
    known = {c.callback.__name__ for c in app.registered_commands if c.callback}
    (start,) = [line for line in unit.read_text().splitlines() if line.startswith("ExecStart=")]
    assert start.split()[1] in known


@pytest.mark.parametrize("unit", UNITS, ids=lambda p: p.name)
def test_a_unit_is_exposed_little(unit: Path) -> None:
    """Systemd's own judgement of the unit's exposure is at most 2.5."""
    tool = shutil.which("systemd-analyze")
    assert tool, "systemd-analyze is missing: apt-get install systemd"
    run = subprocess.run(
        [tool, "security", "--offline=true", "--no-pager", "--threshold=25", str(unit)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout.splitlines()[-1:] + run.stderr.splitlines()
