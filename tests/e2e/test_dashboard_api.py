"""The API's page in a real browser: its document, an answer of a real store, and nobody else is asked."""

from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser

from dashboard.api.app import api_app
from dashboard.page import Names
from edge.settings import ApiSettings, DashboardSettings
from linewise.parts import free_port
from tests.dashboard.fill import SITE, FakeQueue, fill
from tests.e2e.looks import faults, looks
from tests.e2e.served import served
from tests.e2e.test_dashboard_browser import PATIENCE_MS

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]
NOW_S = 1_780_000_000.0


def test_a_question_is_tried_out(browser: Browser, tmp_path: Path) -> None:
    """The page tries a question out and shows the store's answer, asks its own server alone, and axe-core finds nothing
    serious in it, light or dark, at a desk or on a phone.
    """
    store = tmp_path / "store.sqlite3"
    fill(store, (FakeQueue("till-1", "ok", 9),), now_s=NOW_S)
    names = Names(site=SITE, name="Canteen", queues=(("till-1", "Till 1"),))
    app = api_app(names, ApiSettings(), DashboardSettings(), store=store, utc_s=lambda: NOW_S)
    with served(app, free_port()) as url:
        page, hosts = browser.new_page(), set()
        page.on("request", lambda r: hosts.add(urlsplit(r.url).netloc) if r.url.startswith("http") else None)
        page.goto(f"{url}/docs", timeout=PATIENCE_MS)
        page.locator("#operations-now-queues_v1_queues_get .opblock-summary-control").click(timeout=PATIENCE_MS)
        page.get_by_role("button", name="Execute").click(timeout=PATIENCE_MS)
        answer = page.locator(".live-responses-table pre.microlight").first
        answer.wait_for(timeout=PATIENCE_MS)
        assert '"queue": "till-1"' in answer.inner_text()
        assert [(look, *fault) for look in looks(page) for fault in faults(page, "main")] == []
        assert hosts == {url.removeprefix("http://")}
        page.close()
