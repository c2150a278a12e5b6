"""Makes the recording that `linewise demo` plays, with its site file and its truth.

usage: python -m calibration.simulator.bundle [FOLDER]
"""

import sys
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tqdm import tqdm

from calibration.simulator.make import find, simulate

SEED = 12  # a lunch of 22 visits with lines of up to 6 and 5, empty at both ends so that it can be looped
HEADER = "# The demo's recording, made by `python -m calibration.simulator.bundle`: drawn people, exact truth.\n"
DETECTOR = '\n[detector]\nmodel = "s"  # one camera and dense lines: the finest takes a tenth of a core here\n'


def bundle(folder: Path) -> None:
    """Writes canteen.mp4, .site.toml, .visits.csv and .counts.csv."""
    with TemporaryDirectory() as made:
        simulate(find("canteen"), SEED, Path(made), video=True, progress=_progress)
        site = (Path(made) / "site.toml").read_text().replace('"video.mp4"', '"canteen.mp4"')
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "canteen.site.toml").write_text(HEADER + site + DETECTOR)
        for name, target in (("visits.csv", "canteen.visits.csv"), ("counts.csv", "canteen.counts.csv"),
                             ("video.mp4", "canteen.mp4")):  # fmt: skip
            (folder / target).write_bytes((Path(made) / name).read_bytes())


def _progress(steps: Iterable[Any], total: int) -> Iterable[Any]:
    bar: Iterable[Any] = tqdm(steps, total=total, unit="frame", disable=not sys.stderr.isatty())
    return bar


if __name__ == "__main__":
    bundle(Path(sys.argv[1]) if len(sys.argv) > 1 else Path("linewise/demo_data"))
