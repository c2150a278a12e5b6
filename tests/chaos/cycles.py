"""A camera that comes and goes a hundred times: `python -m tests.chaos.cycles --cycles 100 --backend pyav`.

Each cycle opens a real RTSP camera and takes a picture; then, in turn, the camera is killed and started again, stands
still on an open connection until our watchdog gives it up, or is closed. Open files, threads and resident memory are
looked at after every cycle; exit code 1 when more than two files or threads are left over (F01, F02).
"""

import argparse
import json
import os
import sys
import time
from statistics import median

import numpy as np
import psutil

from edge.capture.live import LOST_S
from edge.capture.open import open_source
from edge.capture.source import Source
from edge.errors import SourceError
from tests.chaos.soak import slope_of
from tests.edge.capture.conftest import Camera, camera_at

WARM = 10  # cycles: libraries load what they need once
PATIENCE_S = 60.0


def main() -> int:
    """Runs the cycles and prints a line of figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cycles", type=int, default=100)
    parser.add_argument("--backend", choices=("pyav", "gstreamer"), default="pyav")
    options = parser.parse_args()
    camera = Camera("--fps", "10")
    after: list[tuple[int, int, float]] = []
    noticed_s: dict[str, list[float]] = {"killed": [], "frozen": []}
    try:
        for number in range(options.cycles):
            source = open_source(camera_at(f"rtsp://{camera.host}/cam"), live=True, backend=options.backend)
            cycle(camera, source, number % 3, noticed_s)
            me = psutil.Process()
            after.append((len(os.listdir("/proc/self/fd")), me.num_threads(), me.memory_info().rss / 1e6))
            print(f"{number + 1}: files, threads, MB {after[-1]}", flush=True)
    finally:
        camera.thaw()
        camera.kill()
    warm = after[WARM:]
    slope, _ = slope_of(np.arange(len(warm), dtype=float), np.array([mb for _, _, mb in warm]))
    grown = [max(last - first, 0) for first, last in zip(warm[0][:2], warm[-1][:2], strict=True)]
    print(json.dumps({
        "backend": options.backend, "cycles": len(after), "files_grown": grown[0], "threads_grown": grown[1],
        "mb": [round(warm[0][2], 1), round(warm[-1][2], 1)], "kb_per_cycle": round(1000 * slope, 1),
        "noticed_s": {how: [round(median(s), 2), round(max(s), 2)] for how, s in noticed_s.items() if s},
        "watchdog_s": LOST_S, "load": psutil.getloadavg()[0],
    }))  # fmt: skip
    return int(max(grown) > 2)


def cycle(camera: Camera, source: Source, kind: int, noticed_s: dict[str, list[float]]) -> None:
    """One opened source to its end: 0 the camera is killed and started, 1 it stands still, 2 the source is closed."""
    try:
        assert source.read(PATIENCE_S) is not None
        began_s = time.monotonic()
        if kind == 0:
            camera.kill()
            ended(source)
            noticed_s["killed"].append(time.monotonic() - began_s)
            camera.start()
        elif kind == 1:
            camera.freeze()
            ended(source)
            noticed_s["frozen"].append(time.monotonic() - began_s)
            camera.thaw()
    finally:
        source.close()


def ended(source: Source) -> None:
    """Takes pictures until the source says that the camera is gone."""
    try:
        for _ in source.frames():
            pass
    except SourceError:
        return


if __name__ == "__main__":
    sys.exit(main())
