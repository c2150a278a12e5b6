"""Takes the documentation's pictures of the live page, from a store that is filled by a seed.

python tests/e2e/dashboard_pictures.py docs/pictures
"""

import argparse
import tempfile
import threading
import time
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from dashboard.launch import run_dashboard
from edge.settings import CameraSettings, QueueSettings, Site
from linewise.parts import free_port
from tests.dashboard.fill import EVERY_CAMERA, EVERY_QUEUE, SITE, FakeCamera, FakeQueue, every_kind, fill, go_on

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
    take(folder, "live", queues=CANTEEN, cameras=CAMERAS, every=False)
    take(folder, "every-state", queues=EVERY_QUEUE, cameras=EVERY_CAMERA, every=True)


if __name__ == "__main__":
    main()
