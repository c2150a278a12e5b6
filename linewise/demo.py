"""`linewise demo`: the product on a recording that this project made, in a state folder of its own."""

import os
import shutil
import tempfile
from pathlib import Path

import typer

from edge.config import load_site
from linewise.part_commands import run_up

DATA = Path(__file__).parent / "demo_data"


def run_demo(*, port: int, address: str, browser: bool) -> None:
    """Plays the bundled canteen over and over as if it were a live camera, until Ctrl-C."""
    with tempfile.TemporaryDirectory(prefix="linewise-demo-") as folder:
        site_file = demo_site(Path(folder))
        os.environ["LINEWISE_STATE"] = folder  # a demo leaves nothing behind
        typer.echo("The demo plays a recording of a canteen with two tills as if it were a live camera.", err=True)
        run_up(load_site(site_file), port=port, address=address, browser=browser)


def demo_site(folder: Path) -> Path:
    """Copies the bundled site and recording into `folder`, the camera set to loop; gives the site file."""
    shutil.copy(DATA / "canteen.mp4", folder)
    text = (DATA / "canteen.site.toml").read_text(encoding="utf-8")
    site_file = folder / "canteen.site.toml"
    site_file.write_text(
        text.replace('source = "canteen.mp4"', 'source = "canteen.mp4"\nloop = true'), encoding="utf-8"
    )
    return site_file
