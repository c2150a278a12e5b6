"""How quickly the pages come and change, with weeks of several queues in the store: in Chromium, on this machine.

    python tests/bench/dashboard_pages.py [--store FILE] [--days 30] [--queues 10]

For each page: the time from asking to the first figures in a browser that has the page's scripts (a second visit), and
to the same after a choice was changed; for the live page, how long a change in the store takes to be seen.
"""

import argparse
import os
import statistics
import tempfile
import threading
import time
import urllib.request
from pathlib import Path

import psutil
from playwright.sync_api import Browser, Page
from sqlite_utils import Database

from dashboard.launch import run_dashboard
from edge.settings import QueueSettings, Site
from linewise.parts import free_port
from tests.dashboard.fill import SITE, FakeQueue, reading
from tests.dashboard.month import fill_month
from tests.e2e.chromium import chromium

FIRST = {
    "": ".lw-card", "plan": ".lw-spot", "staffing": ".lw-figure", "history": ".lw-figure", "cameras": ".lw-table",
    "accuracy": ".lw-past", "alerts": ".lw-headline",
}  # fmt: skip


def first_figures(browser: Browser, url: str, page_name: str, *, times: int) -> tuple[list[float], float, float]:
    """Seconds from asking for a page to its first figures (without the first visit, which loads scripts); and CPU
    seconds that one visit cost the browser and the page's server.
    """
    took, context, me = [], browser.new_context(), psutil.Process()
    before = (0.0, 0.0)
    for number in range(times + 1):
        if number == 1:
            before = used_s(me)
        page = context.new_page()
        began_s = time.monotonic()
        page.goto(f"{url}/{page_name}", wait_until="commit", timeout=120_000)
        page.locator(FIRST[page_name]).first.wait_for(timeout=120_000)
        took.append(time.monotonic() - began_s)
        page.close()
    after = used_s(me)
    context.close()
    return took[1:], (after[0] - before[0]) / times, (after[1] - before[1]) / times


def used_s(me: psutil.Process) -> tuple[float, float]:
    """CPU seconds so far of the browser and of the page's server (those of processes that are gone are theirs too)."""
    browser = server = 0.0
    for child in me.children(recursive=True):
        try:
            used = child.cpu_times()
            spent = used.user + used.system + used.children_user + used.children_system
            server += spent if "dashboard.serve" in child.cmdline() else 0.0
            browser += spent if "chromium" in child.name() else 0.0
        except psutil.NoSuchProcess:
            continue
    return browser, server


def seen_after_s(page: Page, store: Path, *, times: int) -> list[float]:
    """Seconds from a commit to the store until the live page shows it."""
    took, db = [], Database(store)
    for number in range(times):
        length = 20 + number
        db.table("state").upsert(reading(FakeQueue("till-1"), length, time.time()), pk=("site", "queue"))
        began_s = time.monotonic()
        page.wait_for_function(
            'n => document.querySelector(`[data-queue="till-1"] .lw-length`)?.textContent === n', arg=str(length)
        )
        took.append(time.monotonic() - began_s)
    db.close()
    return took


def measure(url: str, store: Path, times: int) -> None:
    """Prints a line a figure."""
    with chromium() as browser:
        wait_until_healthy(url)
        for name in FIRST:
            took, browser_s, server_s = first_figures(browser, url, name, times=times)
            told("first figures of " + (name or "live"), took)
            print(
                f"    a visit costs {browser_s:.2f} CPU s in the browser and {server_s:.3f} in the server", flush=True
            )
        page = browser.new_page()
        page.goto(url, timeout=120_000)
        page.locator(".lw-card").first.wait_for(timeout=120_000)
        told("a change is seen on the live page", seen_after_s(page, store, times=2 * times))
        page.goto(f"{url}/history", timeout=120_000)
        page.locator(".lw-figure").first.wait_for(timeout=120_000)
        took = []
        for kind in ("Week", "Day") * times:
            began_s = time.monotonic()
            page.get_by_role("radio", name=kind).or_(page.get_by_role("button", name=kind, exact=True)).first.click()
            slots = 168 if kind == "Week" else 96
            page.wait_for_function(
                "n => document.querySelector('.lw-slots')?.childElementCount === n", arg=slots, timeout=60_000
            )
            took.append(time.monotonic() - began_s)
        told("history changes between day and week", took)


def wait_until_healthy(url: str) -> None:
    """Returns when the server answers, before it has served a page to anybody."""
    deadline_s = time.monotonic() + 90
    while True:
        try:
            urllib.request.urlopen(f"{url}/_stcore/health", timeout=5).close()  # noqa: S310 (our own http URL)
            return
        except OSError:
            if time.monotonic() > deadline_s:
                raise
            time.sleep(0.1)


def told(what: str, took_s: list[float]) -> None:
    """One line."""
    print(f"{what}: median {statistics.median(took_s):.2f} s, most {max(took_s):.2f} s (n {len(took_s)})", flush=True)


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--store", type=Path)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--queues", type=int, default=10)
    parser.add_argument("--times", type=int, default=5)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        store = given.store or Path(folder) / "store.sqlite3"
        if given.store is None:
            fill_month(store, now_s=time.time(), days=given.days, queues=given.queues)
        port, stop = free_port(), threading.Event()
        queues = tuple(QueueSettings(f"till-{n + 1}", f"Till {n + 1}") for n in range(given.queues))
        site = Site(SITE, "Canteen", "Europe/Berlin", "box-1", Path("site.toml"), "0", (), queues)
        settings = {"store": store, "port": port, "open_browser": False, "stop": stop}
        served = threading.Thread(target=run_dashboard, args=(site,), kwargs=settings)
        served.start()
        try:
            print(f"{store.stat().st_size / 1e6:.0f} MB, load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
            measure(f"http://127.0.0.1:{port}", store, given.times)
        finally:
            stop.set()
            served.join()


if __name__ == "__main__":
    main()
