"""`linewise demo`: the product on a recording that this project made, in a state folder of its own."""

import os
import shutil
import tempfile
from pathlib import Path

import typer

from edge.config import load_site
from edge.errors import InputError
from edge.settings import ApiSettings, DisplaySettings
from linewise.part_commands import run_up
from linewise.parts import free_port, require_free

DASHBOARD_PORT = 8501
DATA = Path(__file__).parent / "demo_data"


def run_demo(*, port: int, address: str, browser: bool) -> None:
    """Plays the bundled canteen over and over as if it were a live camera, until Ctrl-C."""
    with tempfile.TemporaryDirectory(prefix="linewise-demo-") as folder:
        site_file = demo_site(Path(folder), *_ports(port))
        os.environ["LINEWISE_STATE"] = folder  # a demo leaves nothing behind
        typer.echo("The demo plays a recording of a canteen with two tills as if it were a live camera.", err=True)
        run_up(load_site(site_file), port=port, address=address, browser=browser)


def demo_site(folder: Path, display_port: int, api_port: int) -> Path:
    """Copies the bundled site and recording into `folder`, the camera set to loop, with a display and an API; gives the
    site file.
    """
    shutil.copy(DATA / "canteen.mp4", folder)
    text = (DATA / "canteen.site.toml").read_text(encoding="utf-8")
    site_file = folder / "canteen.site.toml"
    pages = f"\n[display]\nport = {display_port}\n\n[api]\nport = {api_port}\n"
    site_file.write_text(
        text.replace('source = "canteen.mp4"', 'source = "canteen.mp4"\nloop = true') + pages, encoding="utf-8"
    )
    return site_file


def _ports(dashboard_port: int) -> tuple[int, int]:
    """Ports of the display and the API: the usual ones beside the usual dashboard where they are free, else others."""
    usual = (DisplaySettings().port, ApiSettings().port)
    if dashboard_port == DASHBOARD_PORT and all(_is_free(port) for port in usual):
        return usual
    first = second = free_port()
    while second == first:
        second = free_port()
    return first, second


def _is_free(port: int) -> bool:
    try:
        require_free(port, "127.0.0.1", option="")
    except InputError:
        return False
    return True
