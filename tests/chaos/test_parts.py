"""A whole box in processes of its own: stacks on demand, and what diagnose says of it."""

import os
import signal
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from linewise.parts import free_port
from tests.chaos.house import SITE, House

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(400)]
ROOT = Path(__file__).parent.parent.parent
STACKED = ("broker", "collector", "counter", "camera@tills", "dashboard", "display")


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """A box with every kind of part."""
    made = House(tmp_path, SITE.format(display=free_port()), site_id="house")
    yield made
    made.stop()


def test_every_part_tells_its_stacks_and_diagnose_finds_them(house: House, until: Callable[..., None]) -> None:
    """SIGUSR1 makes each part write the stacks of its threads and go on; diagnose sees all parts and no fault."""
    until(lambda: house.rows("select * from cameras where state = 'ok'"), "the camera is well", timeout_s=180)
    parts = house.parts()
    assert set(STACKED) <= set(parts), sorted(parts)
    for name in STACKED:
        before = house.log().count("most recent call first")
        parts[name].send_signal(signal.SIGUSR1)
        until(lambda b=before: house.log().count("most recent call first") > b, f"{name} tells its stacks")
    seen = house.rows("select received_s from cameras")[0]["received_s"]
    until(lambda: house.rows("select received_s from cameras")[0]["received_s"] > seen, "the camera goes on")
    assert all(parts[name].is_running() for name in STACKED)
    until((house.store.parent / "counter.json").exists, "the counter's word")
    said = diagnose(house, "--zip", str(house.folder / "support.zip"), "--stacks")
    print(said.stdout)
    for name in ("counter", "camera@tills", "collector", "dashboard", "display"):
        assert f"{name}: runs as {parts[name].pid}" in said.stdout
    assert "lets this box in" in said.stdout
    assert "rows wait" in said.stdout
    with zipfile.ZipFile(house.folder / "support.zip") as archive:
        assert len(archive.namelist()) >= 10
    house.stop()
    said = diagnose(house)
    assert said.returncode == 1
    assert "nothing of this site runs here" in said.stdout


def diagnose(house: House, *options: str) -> subprocess.CompletedProcess[str]:
    """What `linewise diagnose` says of the box."""
    command = [sys.executable, "-m", "linewise", "diagnose", str(house.site_file), *options]
    environ = {**os.environ, "LINEWISE_STATE": str(house.folder / "state")}
    return subprocess.run(command, env=environ, capture_output=True, text=True, check=False, timeout=120)
