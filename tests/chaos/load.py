"""Eight cameras on two cores (fault F29): `python -m tests.chaos.load --cameras 8 --minutes 5`.

Each camera is an H.264 film of 1080p at 30 pictures a second, made here by GStreamer and played at its own pace in a
loop; with `--rtsp` by an RTSP server for each camera, which sends the film as it is: a camera's own encoder would take
the cores that are to be loaded. Decoding all of them takes more than two cores have. Asked: fair shares, latencies that
do not grow, memory that does not grow, and the overload told. The last line has the figures.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import Any

import psutil

from tests.chaos.house import House
from tests.chaos.soak import slope_of
from tests.edge.capture.conftest import Camera

EVERY_S = 5.0
WARM_S = 120.0
CAMERA = """
[[camera]]
id = "c{n}"
source = "{source}"
detect_fps = 5
{loop}

[[queue]]
id = "q{n}"
name = "Queue {n}"

[[queue.lane]]
camera = "c{n}"
area = [[0.1, 0.3], [0.9, 0.3], [0.9, 0.9], [0.1, 0.9]]
service_line = [[0.1, 0.3], [0.9, 0.3]]
"""


def main() -> int:
    """Loads the machine and prints the figures; 1 when the shares are not fair or latency or memory grow."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cameras", type=int, default=8)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--rtsp", action="store_true")
    parser.add_argument("--cores", default="0,1")
    options = parser.parse_args()
    psutil.Process().cpu_affinity([int(core) for core in options.cores.split(",")])
    with tempfile.TemporaryDirectory(prefix="linewise-load-") as name, ExitStack() as ending:
        folder = Path(name)
        film = make_film(folder / ("film.h264" if options.rtsp else "film.mp4"))
        servers = [Camera("--film", str(film)) for _ in range(options.cameras * options.rtsp)]
        for one in servers:
            ending.callback(one.kill)
        sources = [f"rtsp://{one.host}/cam" for one in servers] or [str(film)] * options.cameras
        loop = "" if servers else "loop = true"
        site = '[site]\nid = "load"\nname = "Load"\ntimezone = "UTC"\n' + "".join(
            CAMERA.format(n=n, source=source, loop=loop) for n, source in enumerate(sources)
        )
        house = House(folder, site, site_id="load")
        ending.callback(house.stop)
        samples = watch(house, 60.0 * options.minutes)
        told = house.rows("select quality, count(*) as n from readings group by quality")
    readings = {row["quality"]: row["n"] for row in told}
    figures = figures_of(samples, options.cameras)
    print(json.dumps({"cameras": options.cameras, "rtsp": options.rtsp, **figures, "readings": readings}))
    return int(not figures["fair"] or not figures["latency_bounded"] or figures["grows"])


def make_film(path: Path) -> Path:
    """20 s of 1080p30 H.264; the background stands still, or the cameras would be told to have moved."""
    packed = ["mp4mux"] if path.suffix == ".mp4" else ["video/x-h264,stream-format=byte-stream"]
    subprocess.run(
        ["gst-launch-1.0", "-q", "videotestsrc", "num-buffers=600", "pattern=smpte", "!",
         "video/x-raw,width=1920,height=1080,framerate=30/1", "!", "x264enc", "bitrate=4000", "speed-preset=ultrafast",
         "tune=zerolatency", "key-int-max=30", "!", "h264parse", "!", *packed, "!", "filesink", f"location={path}"],
        check=True,
    )  # fmt: skip
    return path


def watch(house: House, seconds: float) -> list[dict[str, Any]]:
    """Cameras' healths, memory and load every EVERY_S, from when all cameras have looked at pictures."""
    samples: list[dict[str, Any]] = []
    while time.monotonic() - house.started_s < seconds:
        time.sleep(EVERY_S)
        parts = house.parts()
        samples.append(
            {
                "at_s": time.monotonic() - house.started_s,
                "cameras": {row["camera"]: row for row in house.rows("select * from cameras")},
                "queues": [row["quality"] for row in house.rows("select quality from state")],
                "rss_mb": sum(p.memory_info().rss for p in parts.values() if p.is_running()) / 1e6,
                "load": psutil.getloadavg()[0],
            }
        )
        told = samples[-1]["cameras"].values()
        rates = " ".join(f"{row['frames_in_per_s']:.0f}>{row['frames_out_per_s']:.1f}" for row in told)
        print(f"{samples[-1]['at_s']:.0f} s: {rates}; {samples[-1]['rss_mb']:.0f} MB", flush=True)
    return samples


def figures_of(samples: list[dict[str, Any]], cameras: int) -> dict[str, Any]:
    """What is asked, of the samples after a minute in which every camera looked at pictures."""
    good = [s for s in samples if len(s["cameras"]) == cameras and all(r["latency_s"] for r in s["cameras"].values())]
    warm = [s for s in good if s["at_s"] >= good[0]["at_s"] + min(WARM_S, good[-1]["at_s"] / 3)] if good else []
    if not warm:
        return {"fair": False, "latency_bounded": False, "grows": False, "all_started": False}
    came, out = (
        [median(s["cameras"][f"c{n}"][rate] for s in warm) for n in range(cameras)]
        for rate in ("frames_in_per_s", "frames_out_per_s")
    )
    late = sorted(row["latency_s"] for s in warm for row in s["cameras"].values())
    half = len(warm) // 2
    early, later = (
        median(r["latency_s"] for s in part for r in s["cameras"].values())
        for part in (warm[:half] or warm, warm[half:])
    )
    slope, error = slope_of_mb(warm)
    details = {row["detail"] for s in warm for row in s["cameras"].values()}
    return {
        "came_per_s": [round(min(came), 1), round(max(came), 1)],
        "looked_at_per_s_min": round(min(out), 2),
        "looked_at_per_s_max": round(max(out), 2),
        "fair": min(out) >= 0.6 * max(out),
        "latency_s_p50": round(late[len(late) // 2], 2),
        "latency_s_p95": round(late[int(0.95 * len(late))], 2),
        "latency_bounded": later < max(2.0 * early, 1.0),
        "states": sorted({row["state"] for s in warm for row in s["cameras"].values()}),
        "qualities": sorted({quality for s in warm for quality in s["queues"]}),
        "overload_told": any("slow" in detail for detail in details),
        "mb": round(warm[-1]["rss_mb"]),
        "mb_per_min": round(slope, 2),
        "grows": slope - 2 * error > 5.0,
        "load": round(median(s["load"] for s in warm), 1),
    }


def slope_of_mb(samples: list[dict[str, Any]]) -> tuple[float, float]:
    """MB a minute and its standard error."""
    import numpy as np

    at_min, mb = ([s[key] for s in samples] for key in ("at_s", "rss_mb"))
    return slope_of(np.array(at_min) / 60.0, np.array(mb))


if __name__ == "__main__":
    sys.exit(main())
