"""The public display in a real browser: big, of now, and honest when its server is gone."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Dialog
from sqlite_utils import Database

from dashboard.display import board as board_module
from dashboard.display import serve
from dashboard.http_server import run_server
from dashboard.page import Names
from edge.settings import DisplaySettings
from linewise.parts import free_port
from tests.dashboard.fill import SITE, FakeQueue, fill, reading
from tests.e2e.test_dashboard_browser import HOSTILE, PATIENCE_MS, until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]
SCHEMES: tuple[Literal["light"], Literal["dark"]] = ("light", "dark")
NOW_S = 1_780_000_000.0
NAMES = Names(site=SITE, name=HOSTILE[1], queues=(("till-1", HOSTILE[0]), ("till-2", HOSTILE[3])))


@contextmanager
def serving(store: Path, port: int, settings: DisplaySettings) -> Iterator[str]:
    """The display served until the end of the block; its URL."""
    stop, app = threading.Event(), serve.display_app(NAMES, settings, store=store, utc_s=lambda: NOW_S)
    given: dict[str, Any] = {"address": "127.0.0.1", "port": port, "stop": stop, "before_end": app.state.board.close}
    thread = threading.Thread(target=run_server, args=(app,), kwargs=given)
    thread.start()
    try:
        deadline_s = time.monotonic() + 60
        with socket.socket() as probe:
            while probe.connect_ex(("127.0.0.1", port)) != 0:
                assert time.monotonic() < deadline_s, "the display did not start"
                time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
    finally:
        stop.set()
        thread.join(60)
        assert not thread.is_alive()


def write(store: Path, length: int) -> None:
    """So many people wait at the first till, 35 s each."""
    db = Database(store)
    db.table("state").upsert(reading(FakeQueue("till-1"), length, NOW_S), pk=("site", "queue"))
    db.close()


def test_a_screen_goes_on_when_its_server_comes_back(
    browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A number changes by itself; without its server the screen takes it away and says so, and it comes back alone.
    Names with HTML in them are texts, and axe-core finds nothing serious.
    """
    monkeypatch.setattr(serve, "SILENT_S", 2)
    monkeypatch.setattr(board_module, "BEAT_S", 0.5)
    store, port = tmp_path / "store.sqlite3", free_port()
    fill(store, (FakeQueue("till-1"), FakeQueue("till-2", "closed")), now_s=NOW_S)
    languages = DisplaySettings(languages=("de",))
    page = browser.new_page(viewport={"width": 1280, "height": 720})
    dialogs: list[str] = []

    def dismiss(dialog: Dialog) -> None:
        dialogs.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", dismiss)
    value, no_data = ".queue .value", "() => !document.getElementById('no-data').hidden"
    with serving(store, port, languages) as url:
        write(store, 4)
        page.goto(url, timeout=PATIENCE_MS)
        until(page, f"() => document.querySelector('{value}')?.textContent === '3 Min.'")
        assert [e.inner_text() for e in page.locator("h2").all()] == [HOSTILE[0], HOSTILE[3]]
        assert page.locator("main :is(img, svg, iframe, script)").count() == 0
        assert "Geschlossen" in page.inner_text("main")
        assert page.evaluate(no_data) is False
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme)
            found = Axe().run(page).response["violations"]
            assert [f["id"] for f in found if f["impact"] in ("serious", "critical")] == []
        write(store, 9)
        until(page, f"() => document.querySelector('{value}')?.textContent === '6 Min.'")
        page.evaluate("window.stillTheSamePage = true")
    until(page, no_data)
    assert page.locator(value).count() == 0
    assert "Keine aktuellen Daten" in page.inner_text("body")
    with serving(store, port, languages):
        until(page, f"() => document.querySelector('{value}')?.textContent === '6 Min.'")
        until(page, "() => document.getElementById('no-data').hidden")
        assert page.evaluate("window.stillTheSamePage")
    assert dialogs == []
    page.close()


def test_a_screen_with_other_words_loads_itself_anew(browser: Browser, tmp_path: Path) -> None:
    """After an update (another build) a screen that hears it loads the new page: nobody has to go to the screen."""
    store, port = tmp_path / "store.sqlite3", free_port()
    fill(store, (FakeQueue("till-1"), FakeQueue("till-2")), now_s=NOW_S)
    page = browser.new_page()
    with serving(store, port, DisplaySettings(languages=("en",))) as url:
        page.goto(url, timeout=PATIENCE_MS)
        until(page, "() => document.getElementById('heading').textContent === 'Waiting time'")
    with serving(store, port, DisplaySettings(languages=("fr",))):
        until(page, "() => document.documentElement.lang === 'fr'")
    page.close()
