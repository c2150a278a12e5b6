"""The public display in a real browser: big, of now, and honest when its server is gone."""

from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Dialog
from sqlite_utils import Database

from dashboard.display import board as board_module
from dashboard.display import serve
from dashboard.page import Names
from edge.settings import DisplaySettings
from linewise.parts import free_port
from tests.dashboard.fill import SITE, FakeQueue, fill, reading
from tests.e2e.looks import faults, looks
from tests.e2e.served import served
from tests.e2e.test_dashboard_browser import HOSTILE, PATIENCE_MS, until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]
NOW_S = 1_780_000_000.0
NAMES = Names(site=SITE, name=HOSTILE[1], queues=(("till-1", HOSTILE[0]), ("till-2", HOSTILE[3])))


def serving(store: Path, port: int, settings: DisplaySettings) -> AbstractContextManager[str]:
    """The display served until the end of the block; its URL."""
    app = serve.display_app(NAMES, settings, store=store, utc_s=lambda: NOW_S)
    return served(app, port, app.state.board.close)


def write(store: Path, length: int) -> None:
    """So many people wait at the first till, 35 s each."""
    db = Database(store)
    db.table("state").upsert(reading(FakeQueue("till-1"), length, NOW_S), pk=("site", "queue"))
    db.close()


def test_a_screen_goes_on_when_its_server_comes_back(
    browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A number changes by itself; without its server the screen takes it away and says so, and it comes back alone.
    Names with HTML in them are texts, axe-core finds nothing serious, and nothing is wider than the screen.
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
        assert [(look, *fault) for look in looks(page, always_dark=True) for fault in faults(page, "main")] == []
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
