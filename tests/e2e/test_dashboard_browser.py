"""The live page in a real browser."""

import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page
from sqlite_utils import Database

from dashboard.launch import run_dashboard
from edge.settings import CameraSettings, QueueSettings, Site
from linewise.parts import free_port
from tests.dashboard.fill import SITE, FakeCamera, FakeQueue, alert, box, fill, health, reading

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]
HOSTILE = (
    "<img src=x onerror=alert(1)>",
    "<script>alert(1)</script><svg onload=alert(1)>",
    "[x](javascript:alert(1)) **b** $e^x$ :tada: :red[r]",
    "\"'><iframe srcdoc='<script>alert(1)</script>'>",
)
PATIENCE_MS = 60_000


@dataclass
class Seen:
    """A page and what went wrong on it."""

    page: Page
    console: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)
    hosts: set[str] = field(default_factory=set)


def site(queues: tuple[tuple[str, str], ...], cameras: tuple[tuple[str, str], ...] = (), name: str = "Canteen") -> Site:
    """A site with these ids and names."""
    return Site(
        id=SITE,
        name=name,
        timezone="Europe/Berlin",
        box="box-1",
        path=Path("site.toml"),
        config_sha256="0",
        cameras=tuple(CameraSettings(i, n, "test://", "test://") for i, n in cameras),
        queues=tuple(QueueSettings(i, n) for i, n in queues),
    )


TILLS = site((("till-1", "Till 1"), ("till-2", "Till 2")), (("tills", "Tills"),))


@contextmanager
def serving(shown: Site, store: Path, port: int) -> Iterator[str]:
    """The page served until the end of the block; its URL."""
    stop = threading.Event()
    thread = threading.Thread(
        target=run_dashboard,
        args=(shown,),
        kwargs={"store": store, "port": port, "open_browser": False, "stop": stop},
    )
    thread.start()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        stop.set()
        thread.join(30)
        assert not thread.is_alive()


@contextmanager
def writing(store: Path, rows: Callable[[], list[dict[str, Any]]]) -> Iterator[None]:
    """A collector: what `rows` gives is written as the state of now, several times a second."""
    stop = threading.Event()

    def write() -> None:
        db = Database(store)
        while not stop.wait(0.2):
            for row in rows():
                db.table("state").upsert(row, pk=("site", "queue"))
            db.table("cameras").upsert(health(FakeCamera("tills"), time.time()), pk=("site", "camera"))
        db.close()

    thread = threading.Thread(target=write)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def opened(browser: Browser, url: str, *, scheme: str = "light") -> Seen:
    """A new page at the URL; waits until the server answers and our part is there."""
    page = browser.new_page(viewport={"width": 1280, "height": 800}, color_scheme=scheme)  # type: ignore[arg-type]
    seen = Seen(page)
    wait_for_server(page, url)
    page.on("console", lambda m: seen.console.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda e: seen.console.append(str(e)))
    page.on("dialog", lambda d: (seen.dialogs.append(d.message), d.dismiss()))
    page.on("request", lambda r: seen.hosts.add(urlsplit(r.url).netloc) if r.url.startswith("http") else None)
    page.goto(url, wait_until="commit", timeout=PATIENCE_MS)
    page.locator(".lw-advice").wait_for(timeout=PATIENCE_MS)
    return seen


def wait_for_server(page: Page, url: str) -> None:
    """Returns when the page's server answers."""
    deadline_s = time.monotonic() + 90
    while time.monotonic() < deadline_s:
        try:
            if page.request.get(f"{url}/_stcore/health").ok:
                return
        except Exception:  # noqa: BLE001, S110 (Playwright's own error for a refused connection)
            pass
        time.sleep(0.1)
    pytest.fail(f"{url} did not answer")


def length(page: Page, queue: str) -> str:
    """The length that a queue's card shows."""
    return page.locator(f'[data-queue="{queue}"] .lw-length').inner_text()


def until(page: Page, script: str, argument: Any = None) -> None:
    """Waits until a JavaScript expression is true on the page."""
    page.wait_for_function(script, arg=argument, timeout=PATIENCE_MS)


SHOWS = '([queue, text]) => document.querySelector(`[data-queue="${queue}"] .lw-length`)?.textContent === text'


def test_lengths_change_without_a_reload(browser: Browser, tmp_path: Path) -> None:
    """The page waits for its store, comes alive when there is one, follows it, and goes grey when nothing comes."""
    store = tmp_path / "store.sqlite3"
    now = {"till-1": 7, "till-2": 2}
    with serving(TILLS, store, free_port()) as url:
        seen = opened(browser, url)
        page = seen.page
        assert "Waiting for the first readings" in page.inner_text("body")
        page.evaluate("window.stillTheSamePage = true")
        fill(store, (FakeQueue("till-1"), FakeQueue("till-2")), now_s=time.time())
        with writing(store, lambda: [reading(FakeQueue(q), n, time.time()) for q, n in now.items()]):
            until(page, SHOWS, ["till-1", "7"])
            until(
                page,
                "() => document.querySelector('.lw-headline').textContent === 'Send people to Till 2: about 2 min'",
            )
            now.update({"till-1": 1, "till-2": 12})
            changed_s = time.monotonic()
            until(page, SHOWS, ["till-2", "12"])
            print(f"a change of the store is on the page after {time.monotonic() - changed_s:.2f} s")
            until(page, "() => document.querySelector('.lw-headline').textContent.startsWith('Send people to Till 1')")
        page.locator('[data-queue="till-1"].lw-late').wait_for(timeout=PATIENCE_MS)
        assert "last heard" in page.locator('[data-queue="till-1"]').inner_text()
        until(page, SHOWS, ["till-1", "–"])
        until(page, "() => document.querySelector('.lw-headline').textContent === 'Not known how long any line is'")
        assert page.evaluate("window.stillTheSamePage")
        assert seen.console == []
        assert seen.hosts == {url.removeprefix("http://")}, "the page asks nobody but its own server"
        page.close()


def test_hostile_texts_are_literal(browser: Browser, tmp_path: Path) -> None:
    """Names and texts with HTML, scripts, Markdown and emoji codes are shown letter by letter; no script runs."""
    store = tmp_path / "store.sqlite3"
    ids = [f"q{n}" for n in range(len(HOSTILE))]
    fill(
        store, tuple(FakeQueue(i) for i in ids), (FakeCamera("tills", "failed", detail=HOSTILE[0]),), now_s=time.time()
    )
    db = Database(store)
    for n, name in enumerate(HOSTILE):
        box(db, name, now_s=time.time(), status="offline")
        alert(db, ids[n], name, time.time() - 5, seq=n + 1)
    db.close()
    shown = site(tuple(zip(ids, HOSTILE, strict=True)), (("tills", HOSTILE[1]),), HOSTILE[2])
    with serving(shown, store, free_port()) as url:
        seen = opened(browser, url)
        page = seen.page
        page.locator(".lw-chips").first.wait_for(timeout=PATIENCE_MS)
        cards = [page.locator(f'[data-queue="{i}"] h2').inner_text() for i in ids]
        assert cards == list(HOSTILE)
        assert page.locator("h1").inner_text() == HOSTILE[2]
        assert page.title() == HOSTILE[2]
        assert [e.inner_text() for e in page.locator(".lw-alerts li > span").all()] == list(reversed(HOSTILE))
        assert sorted(e.inner_text() for e in page.locator(".lw-chip bdi").all()) == sorted(
            (*HOSTILE, HOSTILE[1], "box-1")
        )
        assert page.locator(".stHtml :is(img, script, svg, iframe, a, .katex)").count() == 0
        assert seen.dialogs == []
        assert seen.console == []
        page.close()


def test_a_dead_server_is_told_and_comes_back(browser: Browser, tmp_path: Path) -> None:
    """When the page's server is gone the page says that its numbers are old; when it is back the page goes on."""
    store, port = tmp_path / "store.sqlite3", free_port()
    fill(store, (FakeQueue("till-1"), FakeQueue("till-2")), now_s=time.time())
    with serving(TILLS, store, port) as url:
        seen = opened(browser, url)
        page = seen.page
        page.locator('[data-queue="till-1"]').wait_for(timeout=PATIENCE_MS)
        hidden = "() => getComputedStyle(document.querySelector('.lw-deadman')).visibility"
        assert page.evaluate(hidden) == "hidden"
    until(page, f"() => ({hidden})() === 'visible'")
    with serving(TILLS, store, port):
        until(page, f"() => ({hidden})() === 'hidden'")
        page.close()


def test_the_page_fits_every_screen(browser: Browser, tmp_path: Path) -> None:
    """On a desk, phones and a wall the page never scrolls sideways, even with a name that has no space to break at."""
    store = tmp_path / "store.sqlite3"
    fill(store, tuple(FakeQueue(q) for q in "abcdefgh"), (FakeCamera("tills", "lost"),), now_s=time.time())
    names = [(q, "W" * 120 if q == "a" else f"Till {q}") for q in "abcdefgh"]
    wide = """() => [...document.querySelectorAll('.stApp *')]
        .filter(e => e.getBoundingClientRect().right > innerWidth + 1 && getComputedStyle(e).visibility !== 'hidden')
        .map(e => e.className)"""
    with serving(site(tuple(names), (("tills", "Tills"),)), store, free_port()) as url:
        page = opened(browser, url).page
        page.locator(".lw-chips").first.wait_for(timeout=PATIENCE_MS)
        for width, height in ((1280, 800), (390, 844), (320, 568), (1920, 1080)):
            page.set_viewport_size({"width": width, "height": height})
            assert page.evaluate(wide) == [], width
            assert page.get_by_text("Camera Tills: no connection").is_visible()
        page.close()


def test_light_and_dark_without_streamlits_own_furniture(browser: Browser, tmp_path: Path) -> None:
    """The page follows the system's scheme in all its colours, and shows no menu, no deploy button, no running man."""
    store = tmp_path / "store.sqlite3"
    fill(store, (FakeQueue("till-1"), FakeQueue("till-2")), now_s=time.time())
    with serving(TILLS, store, free_port()) as url:
        brightness = {}
        for scheme in ("light", "dark"):
            page = opened(browser, url, scheme=scheme).page
            page.locator(".lw-card").first.wait_for(timeout=PATIENCE_MS)
            for what, where in {"page": ".stApp", "card": ".lw-card", "advice": ".lw-advice"}.items():
                colour = page.evaluate(f"() => getComputedStyle(document.querySelector('{where}')).backgroundColor")
                brightness[what, scheme] = sum(int(c) for c in re.findall(r"\d+", colour)[:3])
            for part in ("stHeader", "stToolbar", "stAppDeployButton", "stMainMenu", "stStatusWidget", "stDecoration"):
                assert not page.get_by_test_id(part).is_visible(), part
            page.close()
    assert all(value > 600 for (_, scheme), value in brightness.items() if scheme == "light"), brightness
    assert all(value < 150 for (_, scheme), value in brightness.items() if scheme == "dark"), brightness
