"""How long the very first visitor waits: a server that has just started, a browser that has never been here.

    python -m tests.bench.dashboard_first_visit [--store FILE] [--days 30] [--queues 10] [--times 10] [--page history]

Each time a new server and a new Chromium (nothing in its cache): seconds from asking to the first figures, then from a
commit to the store until the live page shows it.
"""

import argparse
import os
import statistics
import tempfile
import threading
import time
from pathlib import Path

from dashboard.launch import run_dashboard
from edge.settings import QueueSettings, Site
from linewise.parts import free_port
from tests.bench.dashboard_pages import FIRST, seen_after_s, told, wait_until_healthy
from tests.dashboard.fill import SITE
from tests.dashboard.month import fill_month
from tests.e2e.chromium import chromium


def visit(site: Site, store: Path, name: str) -> tuple[float, list[float]]:
    """Seconds to the first figures of a page, and of changes on the live page, with everything new."""
    port, stop = free_port(), threading.Event()
    settings = {"store": store, "port": port, "open_browser": False, "stop": stop}
    served = threading.Thread(target=run_dashboard, args=(site,), kwargs=settings)
    served.start()
    try:
        url = f"http://127.0.0.1:{port}"
        wait_until_healthy(url)
        with chromium() as browser:
            page = browser.new_page()
            began_s = time.monotonic()
            page.goto(f"{url}/{name}", wait_until="commit", timeout=120_000)
            page.locator(FIRST[name]).first.wait_for(timeout=120_000)
            first_s = time.monotonic() - began_s
            return first_s, [] if name else seen_after_s(page, store, times=3)
    finally:
        stop.set()
        served.join()


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--store", type=Path)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--queues", type=int, default=10)
    parser.add_argument("--times", type=int, default=10)
    parser.add_argument("--page", default="", choices=[name for name in FIRST if name], help="not the live one")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        store = given.store or Path(folder) / "store.sqlite3"
        if given.store is None:
            fill_month(store, now_s=time.time(), days=given.days, queues=given.queues)
        queues = tuple(QueueSettings(f"till-{n + 1}", f"Till {n + 1}") for n in range(given.queues))
        site = Site(SITE, "Canteen", "Europe/Berlin", "box-1", Path("site.toml"), "0", (), queues)
        firsts, changes, loads = [], [], []
        for _ in range(given.times):
            loads.append(os.getloadavg()[0])
            first_s, seen_s = visit(site, store, given.page)
            firsts.append(first_s)
            changes += seen_s
        print(f"{store.stat().st_size / 1e6:.0f} MB, {os.cpu_count()} cores, load {statistics.mean(loads):.1f}")
        told(f"first figures of {given.page or 'live'} for the very first visitor", firsts)
        if changes:
            told("a change is seen on the live page", changes)


if __name__ == "__main__":
    main()
