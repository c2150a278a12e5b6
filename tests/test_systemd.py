"""The units fit the command."""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
UNITS = sorted((ROOT / "systemd").glob("*.service"))


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
    judge(unit)


def test_a_camera_with_a_gpu_is_exposed_little(tmp_path: Path) -> None:
    """The cameras' unit with the drop-in for a GPU stays at most 2.5 too; the drop-in is written into it."""
    unit = (ROOT / "systemd/linewise-camera@.service").read_text()
    extra = (ROOT / "systemd/gpu.conf").read_text().partition("[Service]\n")[2]
    whole = tmp_path / "linewise-camera-gpu.service"
    whole.write_text(unit.replace("# Hardening\n", f"{extra}# Hardening\n"))
    assert "char-nvidia" in whole.read_text()
    judge(whole)


def judge(unit: Path) -> None:
    """Fails when the unit is exposed more than 2.5."""
    tool = shutil.which("systemd-analyze")
    assert tool, "systemd-analyze is missing: apt-get install systemd"
    run = subprocess.run(
        [tool, "security", "--offline=true", "--no-pager", "--threshold=25", str(unit)],
        capture_output=True,
        text=True,
        check=False,
    )
    print(run.stdout.splitlines()[-1:])
    assert run.returncode == 0, run.stdout.splitlines()[-1:] + run.stderr.splitlines()


@pytest.mark.parametrize("unit", UNITS, ids=lambda p: p.name)
def test_a_unit_waits_for_network_and_time_and_is_watched(unit: Path) -> None:
    """Each part starts after the network and a set clock, is watched, and is started again for ever."""
    text = unit.read_text()
    assert "After=network-online.target time-sync.target" in text
    assert "\nType=notify\n" in text  # tests/chaos/test_watched.py holds what each part tells systemd
    assert "\nWatchdogSec=" in text
    for line in ("PartOf=linewise.target", "Restart=always", "StartLimitIntervalSec=0", "WantedBy=linewise.target"):
        assert f"{line}\n" in text
