"""A soak: `python -m tests.chaos.soak --minutes 120 --log soak.jsonl`, then `--fit soak.jsonl` for its figures.

A whole box with two cameras of a low rate (one RTSP, one recording that loops), a display that is asked every turn,
and nobody else. Every half minute the memory, open files and threads of each process are appended to the log, so that a
soak that is cut off still has its figures. The fit is a straight line through everything after the first 40 minutes
(two thirds of a soak that is shorter than an hour), of the memory that is a process's own: pages of files, which are
resident too, come and go as the kernel likes.
Exit code 1 when a process grows by more than `--most` MB an hour beyond doubt (two standard errors).
"""

import argparse
import json
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

import numpy as np
import psutil

from linewise.parts import free_port
from tests.chaos.house import FILM_CAMERA, House
from tests.edge.capture.conftest import Camera

EVERY_S = 30.0
RESIDENT, OWN = 0, 4  # where they stand in a process's figures
WARM_S = 2400.0  # the embedded broker's logs fill for half an hour
SITE = (
    """
[site]
id = "soak"
name = "Soak"
timezone = "UTC"

[display]
port = {display}

[[camera]]
id = "net"
source = "rtsp://{host}/cam"
detect_fps = 1

[[queue]]
id = "net-1"
name = "Net"

[[queue.lane]]
camera = "net"
area = [[0.1, 0.3], [0.9, 0.3], [0.9, 0.9], [0.1, 0.9]]
service_line = [[0.1, 0.3], [0.9, 0.3]]
"""
    + FILM_CAMERA
)


def main() -> int:
    """Soaks and fits, or only fits."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=120.0)
    parser.add_argument("--log", type=Path, default=Path("soak.jsonl"))
    parser.add_argument("--fit", type=Path)
    parser.add_argument("--most", type=float, default=2.0, help="MB an hour that a process may grow")
    options = parser.parse_args()
    if options.fit is None:
        soak(options.log, 60.0 * options.minutes)
    return fit(options.fit or options.log, options.most)


def soak(log: Path, seconds: float) -> None:
    """Runs the box and appends a line of figures every EVERY_S."""
    camera = Camera("--fps", "5")
    display = free_port()
    with tempfile.TemporaryDirectory(prefix="linewise-soak-") as name:
        folder = Path(name)
        house = House(folder, SITE.format(display=display, host=camera.host, fps=2), site_id="soak")
        try:
            while (age_s := time.monotonic() - house.started_s) < seconds:
                time.sleep(EVERY_S)
                line = {"age_s": round(age_s + EVERY_S), **sample(house), "asked": ask(display)}
                with log.open("a") as file:
                    file.write(json.dumps(line) + "\n")
        finally:
            house.stop()
            camera.kill()


def sample(house: House) -> dict[str, object]:
    """Resident MB, open files, threads, id and MB of its own of each process; bytes of files that grow; rows stored."""
    parts = {}
    for name, process in house.parts().items():
        try:
            with process.oneshot():
                memory = process.memory_info()
                own = (memory.rss - memory.shared) / 1e6
                parts[name] = [memory.rss / 1e6, process.num_fds(), process.num_threads(), process.pid, own]
        except psutil.NoSuchProcess:
            continue
    files = {p.name: p.stat().st_size for p in house.store.parent.glob("*.sqlite3*")}
    stored = house.rows("select count(*) as n from readings")
    return {"parts": parts, "files": files, "readings": stored[0]["n"] if stored else 0, "load": psutil.getloadavg()[0]}


def ask(port: int) -> int:
    """Asks the public display for its page; the answer's length, 0 when there is none."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=10) as answer:
            return len(answer.read())
    except (urllib.error.URLError, OSError):
        return 0


def fit(log: Path, most_mb_per_h: float) -> int:
    """Prints a line a process and one of all; 1 when one grows beyond doubt."""
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    warm = [line for line in lines if line["age_s"] >= min(WARM_S, lines[-1]["age_s"] / 3 * 2)]
    names = sorted({name for line in warm for name in line["parts"]})
    grown = False
    for name in [*names, "all"]:
        at_h = np.array([line["age_s"] / 3600 for line in warm if name == "all" or name in line["parts"]])
        told = [line for line in warm if name == "all" or name in line["parts"]]
        own, resident = (np.array([_mb(line, name, index) for line in told]) for index in (OWN, RESIDENT))
        slope, error = slope_of(at_h, own)
        beyond = slope - 2 * error > most_mb_per_h and name != "all"
        grown |= beyond
        print(
            f"{name:20} resident {resident[0]:7.1f} -> {resident[-1]:7.1f} MB, own {own[0]:7.1f} -> {own[-1]:7.1f} MB, "
            f"{slope:+6.2f} MB/h (s.e. {error:.2f}), files {_span(warm, name, 1)}, threads {_span(warm, name, 2)}"
            f"{'  GROWS' if beyond else ''}"
        )
    starts = {name: len({line["parts"][name][3] for line in lines if name in line["parts"]}) for name in names}
    print(
        f"{lines[-1]['age_s'] / 60:.0f} min, readings kept {lines[-1]['readings']}, started again: "
        f"{sum(n - 1 for n in starts.values())}, load {np.mean([line['load'] for line in lines]):.1f} in the mean"
    )
    return int(grown)


def slope_of(x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """Slope of the straight line through (x, y), and its standard error as if the points were independent."""
    if len(x) < 3 or np.ptp(x) == 0.0:
        return 0.0, float("inf")
    (slope, level) = np.polyfit(x, y, 1)
    rest = y - (slope * x + level)
    return float(slope), float(np.sqrt(np.sum(rest**2) / (len(x) - 2) / np.sum((x - x.mean()) ** 2)))


def _mb(line: dict[str, dict[str, list[float]]], name: str, index: int) -> float:
    return sum(v[index] for v in line["parts"].values()) if name == "all" else line["parts"][name][index]


def _span(lines: list[dict[str, dict[str, list[float]]]], name: str, index: int) -> str:
    values = [line["parts"][name][index] for line in lines if name in line["parts"]]
    return f"{min(values):.0f}-{max(values):.0f}" if values else "-"


if __name__ == "__main__":
    sys.exit(main())
