"""Takes the pictures of the documentation: all pages, the public display and the API, from stores filled by a seed.

python -m tests.e2e.dashboard_pictures docs/pictures

Every page at a desk and on a phone, light and dark, as high as it is (at most MOST_PX), in 128 colours. Their day is
today: pictures that are taken at noon (Berlin) show the most.
"""

import argparse
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page
from sqlite_utils import Database

from dashboard.api.app import api_app
from dashboard.display.serve import display_app
from dashboard.launch import run_dashboard
from dashboard.page import Names
from edge.certificate import Certificate, Score, certificates_path, fingerprints, text
from edge.settings import ApiSettings, CameraSettings, DashboardSettings, DisplaySettings, Site
from edge.vocabulary import LaneSettings, QueueSettings
from linewise.parts import free_port
from tests.dashboard.fill import EVERY_CAMERA, EVERY_QUEUE, SITE, FakeCamera, FakeQueue, alert, every_kind, fill, go_on
from tests.dashboard.month import fill_month
from tests.e2e.chromium import chromium
from tests.e2e.served import served

SIZES = {"desk": (1280, 800), "phone": (390, 844)}
MOST_PX = {"desk": 1700, "phone": 2600}
CANTEEN = (FakeQueue("till-1", "ok", 9, 10), FakeQueue("till-2", "ok", 3), FakeQueue("coffee", "ok", 5, -6))
TILLS = (FakeQueue("till-1", "ok", 9), FakeQueue("till-2", "ok", 2), FakeQueue("till-3", "ok", 5))
CAMERAS = (FakeCamera("tills"), FakeCamera("entrance", "lost", detail="connection refused"))
NAMES = {"till-1": "Till 1", "till-2": "Till 2", "till-3": "Till 3", "till-4": "Till 4", "till-5": "Till 5"}
NAMES |= {"salad": "Salad bar", "coffee": "Coffee", "lift": "Lift to the terrace", "tills": "Tills"}
LIVE = {"live": ("", ".lw-card")}
EVERY = {"every-state": ("", ".lw-card")}
PAGES = {
    "plan": ("plan", ".lw-spot"), "staffing": ("staffing", ".lw-figure"), "history": ("history", ".lw-figure"),
    "cameras": ("cameras", ".lw-table"), "accuracy": ("accuracy", ".lw-square"), "alerts": ("alerts", ".lw-alerts"),
}  # fmt: skip
SUMMARY = """{"queues": {"till-1": {"truth": {"length": {"n": 240, "mae": 0.31, "bias": -0.08, "within_1": 0.97}}}},
"recording": {"files": [{"file": "tuesday-noon.mp4"}]}, "config_sha256": "0"}"""
Shots = dict[str, tuple[str, str]]  # a picture's name: the page's address, and what is there once it has its figures


def site(queues: tuple[FakeQueue, ...], cameras: tuple[FakeCamera, ...], folder: Path = Path()) -> Site:
    """The site of a picture; its first queues are seen by its first camera."""
    area = ((0.1, 0.1), (0.9, 0.1), (0.9, 0.9))
    lanes = [LaneSettings(cameras[1 if n == 2 else 0].camera, area, service_line=area[:2]) for n in range(len(queues))]
    return Site(
        id=SITE,
        name="Canteen, building 2",
        timezone="Europe/Berlin",
        box="box-1",
        path=folder / "site.toml",
        config_sha256="0",
        cameras=tuple(CameraSettings(c.camera, NAMES.get(c.camera, c.camera.title()), "", "") for c in cameras),
        queues=tuple(QueueSettings(q.queue, NAMES[q.queue], lanes=(lanes[n],)) for n, q in enumerate(queues)),
        dashboard=DashboardSettings(reports=str(folder / "reports")),
    )


def prove(shown: Site) -> None:
    """Certificates of the first two queues, the second one's of other lanes; and a replay's report."""
    made = datetime.now(UTC) - timedelta(days=3)
    scores = (
        Score(name="length_mae", value=0.31, low=0.24, high=0.38, n=240), Score(name="within_1", value=0.97, n=240),
        Score(name="wait_mae_s", value=22.0, n=61),
    )  # fmt: skip
    proven = [
        Certificate(
            queue=queue.id, cameras=("tills",), lanes=lanes, made_utc=made, config_sha256="0", model_sha256=None,
            passed=True, scores=scores,
        )
        for queue, lanes in zip(shown.queues, (fingerprints(shown.queues[0]), ("others",)), strict=False)
    ]  # fmt: skip
    certificates_path(shown.path).write_text(text(SITE, proven), encoding="utf-8")
    folder = shown.path.parent / "reports" / "tuesday"
    folder.mkdir(parents=True)
    (folder / "summary.json").write_text(SUMMARY, encoding="utf-8")
    (folder / "report.html").write_text("<p>A report.</p>", encoding="utf-8")


def fill_weeks(store: Path) -> None:
    """Four weeks of three queues, and alerts."""
    now_s = time.time()
    fill_month(store, now_s=now_s, days=29, queues=3)
    db = Database(store)
    alert(db, "till-1", "wait_s > 300", now_s - 1500, seq=10**7)
    alert(db, "till-3", "length >= 8", now_s - 7000, seq=10**7 + 1)
    alert(db, "till-3", "over: length >= 8", now_s - 5000, seq=10**7 + 2)
    db.close()


@contextmanager
def serving(
    fill_store: Callable[[Path], None], queues: tuple[FakeQueue, ...], cameras: tuple[FakeCamera, ...]
) -> Iterator[tuple[str, Path, Site]]:
    """The dashboard of a store that goes on living; its address, the store, the site."""
    with tempfile.TemporaryDirectory() as temporary:
        folder, port, stop = Path(temporary), free_port(), threading.Event()
        store, shown = folder / "store.sqlite3", site(queues, cameras, folder)
        fill_store(store)
        if queues == TILLS:
            prove(shown)
        settings = {"store": store, "port": port, "open_browser": False, "stop": stop}
        threads = [
            threading.Thread(target=go_on, args=(store, queues, cameras), kwargs={"stop": stop}),
            threading.Thread(target=run_dashboard, args=(shown,), kwargs=settings),
        ]
        for thread in threads:
            thread.start()
        try:
            yield f"http://127.0.0.1:{port}", store, shown
        finally:
            stop.set()
            for thread in threads:
                thread.join()


def take(browser: Browser, folder: Path, url: str, shots: Shots) -> None:
    """Each page in each size and scheme."""
    reach(browser.new_page(), url)
    for name, (address, first) in shots.items():
        for size in SIZES:
            for scheme in ("light", "dark"):
                page = opened(browser, f"{url}/{address}", first, size=size, scheme=scheme)
                keep(page, folder / f"{name}-{size}-{scheme}.png")
                page.close()


def opened(browser: Browser, url: str, first: str, *, size: str, scheme: str) -> Page:
    """The page with its figures, at rest, as high as it is."""
    width, height = SIZES[size]
    page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)  # type: ignore[arg-type]
    page.goto(url, wait_until="commit", timeout=120_000)
    page.locator(first).first.wait_for(timeout=120_000)
    page.wait_for_timeout(3000)
    whole = page.evaluate("document.querySelector('[data-testid=stMain]').scrollHeight")
    page.set_viewport_size({"width": width, "height": max(height, min(int(whole), MOST_PX[size]))})
    page.wait_for_timeout(1500)
    return page


def keep(page: Page, path: Path) -> None:
    """A small picture: the pages have few colours."""
    page.screenshot(path=path)
    with Image.open(path) as picture:
        small = picture.convert("RGB").quantize(128, dither=Image.Dither.NONE)
    small.save(path, optimize=True)
    print(f"{path.name}: {small.width} x {small.height}, {path.stat().st_size / 1000:.0f} kB", flush=True)


def take_display(browser: Browser, folder: Path, store: Path, shown: Site) -> None:
    """The public display with three queues, and one in another language."""
    app = display_app(Names.of(shown), DisplaySettings(languages=("en",)), store=store, utc_s=time.time)
    with served(app, free_port(), app.state.board.close) as url:
        page = browser.new_page(viewport={"width": 1280, "height": 720})
        for name, address in {"display": "", "display-one": "q/till-1?lang=fr"}.items():
            reach(page, f"{url}/{address}", first=".value", close=False)
            page.wait_for_timeout(2500)
            keep(page, folder / f"{name}.png")
        page.close()


def take_api(browser: Browser, folder: Path, store: Path, shown: Site) -> None:
    """The API's page with one question tried out."""
    app = api_app(Names.of(shown), ApiSettings(), DashboardSettings(), store=store, utc_s=time.time)
    with served(app, free_port()) as url:
        page = browser.new_page(viewport={"width": 1280, "height": 1400})
        reach(page, f"{url}/docs", first=".opblock", close=False)
        page.locator("#operations-now-queues_v1_queues_get .opblock-summary-control").click()
        page.get_by_role("button", name="Execute").click()
        page.locator(".live-responses-table").first.wait_for(timeout=120_000)
        page.wait_for_timeout(1000)
        keep(page, folder / "api-docs.png")
        page.close()


def reach(page: Page, url: str, *, first: str = ".lw-card", close: bool = True) -> None:
    """Waits until the server answers and the page has its first figures."""
    deadline_s = time.monotonic() + 90
    while True:
        try:
            page.goto(url, wait_until="commit")
        except Exception:  # Playwright's own error for a refused connection
            if time.monotonic() > deadline_s:
                raise
            time.sleep(0.2)
        else:
            page.locator(first).first.wait_for(timeout=120_000)
            if close:
                page.close()
            return


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    with chromium() as browser:
        with serving(fill_weeks, TILLS, CAMERAS) as (url, store, shown):
            take(browser, folder, url, PAGES)
            take_display(browser, folder, store, shown)
            take_api(browser, folder, store, shown)
        with serving(lambda store: fill(store, CANTEEN, CAMERAS, now_s=time.time()), CANTEEN, CAMERAS) as (url, _, _):
            take(browser, folder, url, LIVE)
        with serving(lambda store: every_kind(store, now_s=time.time()), EVERY_QUEUE, EVERY_CAMERA) as (url, _, _):
            take(browser, folder, url, EVERY)


if __name__ == "__main__":
    main()
