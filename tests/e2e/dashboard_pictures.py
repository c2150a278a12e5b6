"""Takes the documentation's pictures of the live page, from a store that is filled by a seed.

python tests/e2e/dashboard_pictures.py docs/pictures
"""

import argparse
import tempfile
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright
from sqlite_utils import Database

from dashboard.launch import run_dashboard
from edge.settings import CameraSettings, QueueSettings, Site
from linewise.parts import free_port
from tests.dashboard.fill import EVERY_CAMERA, EVERY_QUEUE, SITE, FakeCamera, FakeQueue, alert, every_kind, fill, go_on
from tests.dashboard.month import fill_month

CHROMIUM = [
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
SIZES = {"desk": (1280, 800), "phone": (390, 844)}
CANTEEN = (FakeQueue("till-1", "ok", 9, 10), FakeQueue("till-2", "ok", 3), FakeQueue("coffee", "ok", 5, -6))
CAMERAS = (FakeCamera("tills"), FakeCamera("entrance", "lost", detail="connection refused"))
NAMES = {"till-1": "Till 1", "till-2": "Till 2", "till-3": "Till 3", "till-4": "Till 4", "till-5": "Till 5"}
NAMES |= {"salad": "Salad bar", "coffee": "Coffee", "lift": "Lift to the terrace", "tills": "Tills"}


def site(queues: tuple[FakeQueue, ...], cameras: tuple[FakeCamera, ...]) -> Site:
    """The site of a picture."""
    return Site(
        id=SITE,
        name="Canteen, building 2",
        timezone="Europe/Berlin",
        box="box-1",
        path=Path("site.toml"),
        config_sha256="0",
        cameras=tuple(CameraSettings(c.camera, NAMES.get(c.camera, c.camera.title()), "", "") for c in cameras),
        queues=tuple(QueueSettings(q.queue, NAMES[q.queue]) for q in queues),
    )


def take(
    folder: Path, name: str, *, queues: tuple[FakeQueue, ...], cameras: tuple[FakeCamera, ...], every: bool
) -> None:
    """The pictures of one store: desk and phone, light and dark."""
    with tempfile.TemporaryDirectory() as temporary:
        store, port, stop = Path(temporary) / "store.sqlite3", free_port(), threading.Event()
        if every:
            every_kind(store, now_s=time.time())
        else:
            fill(store, queues, cameras, now_s=time.time())
        threading.Thread(target=go_on, args=(store, queues, cameras), kwargs={"stop": stop}, daemon=True).start()
        served = threading.Thread(
            target=run_dashboard,
            args=(site(queues, cameras),),
            kwargs={"store": store, "port": port, "open_browser": False, "stop": stop},
        )
        served.start()
        try:
            photograph(folder, name, f"http://127.0.0.1:{port}")
        finally:
            stop.set()
            served.join()


def photograph(folder: Path, name: str, url: str) -> None:
    """Opens the page in each size and scheme; prints how long the first numbers took."""
    with sync_playwright() as p:
        browser = p.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM)
        reach(browser.new_page(), url)
        for scheme in ("light", "dark"):
            for size, (width, height) in SIZES.items():
                page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)  # type: ignore[arg-type]
                began_s = time.monotonic()
                page.goto(url, wait_until="commit", timeout=120_000)
                page.locator(".lw-card").first.wait_for(timeout=120_000)
                print(f"{name} {size} {scheme}: first numbers after {time.monotonic() - began_s:.2f} s")
                page.wait_for_timeout(1500)
                page.screenshot(path=folder / f"{name}-{size}-{scheme}.png")
                page.close()
        browser.close()


def take_pages(folder: Path) -> None:
    """The pages behind the live one, from nine days of three queues: yesterday, at desk size, light; two more dark."""
    with tempfile.TemporaryDirectory() as temporary:
        store, port, stop, now_s = Path(temporary) / "store.sqlite3", free_port(), threading.Event(), time.time()
        fill_month(store, now_s=now_s, days=9, queues=3)
        db = Database(store)
        alert(db, "till-1", "wait_s > 300", now_s - 1500, seq=10**7)
        alert(db, "till-3", "length >= 8", now_s - 7000, seq=10**7 + 1)
        alert(db, "till-3", "over: length >= 8", now_s - 5000, seq=10**7 + 2)
        db.close()
        queues = tuple(FakeQueue(f"till-{n + 1}", "ok", level) for n, level in enumerate((9, 2, 5)))
        threading.Thread(target=go_on, args=(store, queues, CAMERAS), kwargs={"stop": stop}, daemon=True).start()
        settings = {"store": store, "port": port, "open_browser": False, "stop": stop}
        served = threading.Thread(target=run_dashboard, args=(site(queues, CAMERAS),), kwargs=settings)
        served.start()
        yesterday = datetime.fromtimestamp(now_s - 86_400, UTC).strftime("%Y-%m-%d")
        pages = {"history": (f"history?day={yesterday}", ".lw-figure"), "accuracy": ("accuracy", ".lw-past")}
        pages |= {"cameras": ("cameras", ".lw-table"), "plan": ("plan", ".lw-spot"), "alerts": ("alerts", ".lw-alerts")}
        try:
            with sync_playwright() as p:
                browser = p.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM)
                reach(browser.new_page(), f"http://127.0.0.1:{port}")
                for name, (address, first) in pages.items():
                    for size, scheme in (("desk", "light"), ("phone", "dark")):
                        photograph_page(
                            browser, f"http://127.0.0.1:{port}/{address}", first, size=size, scheme=scheme
                        ).screenshot(path=folder / f"{name}-{size}-{scheme}.png")
                browser.close()
        finally:
            stop.set()
            served.join()


def photograph_page(browser: Browser, url: str, first: str, *, size: str, scheme: str) -> Page:
    """The page with its first figures, at rest."""
    width, height = SIZES[size]
    page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)  # type: ignore[arg-type]
    page.goto(url, wait_until="commit", timeout=120_000)
    page.locator(first).first.wait_for(timeout=120_000)
    page.wait_for_timeout(2500)
    return page


def reach(page: Page, url: str) -> None:
    """Waits until the server answers."""
    deadline_s = time.monotonic() + 90
    while time.monotonic() < deadline_s:
        try:
            page.goto(url, wait_until="commit")
        except Exception:  # noqa: BLE001 (Playwright's own error for a refused connection)
            time.sleep(0.2)
        else:
            page.locator(".lw-card").first.wait_for(timeout=120_000)
            page.close()
            return


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    take_pages(folder)
    take(folder, "live", queues=CANTEEN, cameras=CAMERAS, every=False)
    take(folder, "every-state", queues=EVERY_QUEUE, cameras=EVERY_CAMERA, every=True)


if __name__ == "__main__":
    main()
