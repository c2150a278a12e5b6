"""The pages behind the live one in a real browser: hostile names, accessibility, acknowledging, the plan, exports."""

import csv
import io
import time
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page
from sqlite_utils import Database

from dashboard.backfill import fill_hours
from linewise.parts import free_port
from tests.dashboard.fill import FakeCamera, FakeQueue, alert, fill
from tests.dashboard.month import TOLD
from tests.dashboard.test_past import minute, served
from tests.e2e.looks import faults, looks
from tests.e2e.test_dashboard_browser import HOSTILE, PATIENCE_MS, opened, serving, site, wait_for_server

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]
PAGES = {
    "": ".lw-card", "plan": ".lw-spot", "staffing": ".lw-advice", "history": ".lw-figure", "cameras": ".lw-table",
    "accuracy": ".lw-past", "alerts": ".lw-headline",
}  # fmt: skip
NAMES = ("q", "p")


def filled(store: Path) -> None:
    """Two queues with an hour of minutes and visits, two cameras, an open alert."""
    now_s = time.time()
    fill(store, tuple(FakeQueue(i) for i in NAMES), (FakeCamera("tills"), FakeCamera("door", "lost")), now_s=now_s)
    db = Database(store)
    start_s = now_s // 60 * 60 - 3600
    db.table("minutes").insert_all(minute(start_s + 60 * n, queue=q) for q in NAMES for n in range(59))
    told = {"told_s": 40.0, "told_low_s": 20.0, "told_high_s": 90.0}
    visits = [served(start_s + 60 * n, 30.0 + n, n) | told | {"stay_s": 30.0 + n} for n in range(59)]
    joined = [served(visit["at_s"] - visit["wait_s"], 0.0, 100 + n) for n, visit in enumerate(visits)]
    db.table("events").insert_all(visits)
    db.table("events").insert_all(one | {"kind": "joined", "wait_s": None} for one in joined)
    with db.atomic():
        fill_hours(db)
        db.execute(TOLD)
    alert(db, "q", HOSTILE[0], now_s - 30, seq=900)
    db.close()


def at(page: Page, url: str, name: str) -> None:
    """Opens one of the pages and waits for its figures."""
    page.goto(f"{url}/{name}", wait_until="commit", timeout=PATIENCE_MS)
    page.locator(PAGES[name]).first.wait_for(timeout=PATIENCE_MS)


def test_no_serious_fault_for_those_who_see_or_hear_it(browser: Browser, tmp_path: Path) -> None:
    """axe-core finds nothing serious or critical on any page, in light and in dark, at a desk and on a phone, fresh and
    with late figures; and no page is wider than its screen.
    """
    store = tmp_path / "store.sqlite3"
    filled(store)
    found = []
    with serving(
        site((("q", "Till 1"), ("p", "Till 2")), (("tills", "Tills"), ("door", "Door"))), store, free_port()
    ) as url:
        page = browser.new_page(color_scheme="light")
        wait_for_server(page, url)
        for name in PAGES:
            at(page, url, name)
            found += [(name, look, *fault) for look in looks(page) for fault in faults(page, ".stHtml")]
        page.close()
    assert found == []


def test_hostile_names_on_every_page(browser: Browser, tmp_path: Path) -> None:
    """On every page hostile names are shown letter by letter and run nothing; the CSV's cells are no formulas."""
    store = tmp_path / "store.sqlite3"
    filled(store)
    names = (("q", HOSTILE[2]), ("p", HOSTILE[0]))
    with serving(site(names, (("tills", HOSTILE[1]), ("door", HOSTILE[3])), HOSTILE[3]), store, free_port()) as url:
        seen = opened(browser, url)
        page = seen.page
        for name in PAGES:
            at(page, url, name)
            shown = page.inner_text("body")
            if name in ("", "plan", "staffing", "history", "accuracy"):
                assert HOSTILE[2] in shown, name
            assert page.locator(".stHtml :is(img, script, svg, iframe, a, .katex)").count() == 0, name
        at(page, url, "alerts")
        assert HOSTILE[0] in page.locator(".lw-alerts").first.inner_text()
        page.get_by_role("button", name="I have seen it").click()
        page.get_by_text("seen by somebody").wait_for(timeout=PATIENCE_MS)
        at(page, url, "history")
        page.get_by_role("combobox").first.click()
        assert page.get_by_role("option").all_inner_texts() == [HOSTILE[2], HOSTILE[0], "All queues"]
        page.keyboard.press("Escape")
        with page.expect_download(timeout=PATIENCE_MS) as saved:
            page.get_by_role("button", name="Save as CSV").click()
        rows = list(csv.DictReader(io.StringIO(saved.value.path().read_text(encoding="utf-8-sig"))))
        assert {row["name"] for row in rows} == {HOSTILE[2]}
        assert sum(int(row["joined"]) for row in rows) > 0
        assert seen.dialogs == []
        page.close()


def test_a_queue_is_put_in_its_place(browser: Browser, tmp_path: Path) -> None:
    """A queue's chip moved with the arrow keys stands there on the plan, also for the next one who looks."""
    store = tmp_path / "store.sqlite3"
    filled(store)
    with serving(site((("q", "Till 1"), ("p", "Till 2")), ()), store, free_port()) as url:
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        wait_for_server(page, url)
        at(page, url, "plan")
        page.get_by_text("Change the plan").click()
        chip = page.get_by_role("button", name="Till 1")
        chip.wait_for(timeout=PATIENCE_MS)
        chip.press("ArrowRight")
        page.locator(".lw-plan .lw-spot").first.wait_for(timeout=PATIENCE_MS)
        other = browser.new_page()
        at(other, url, "plan")
        other.locator(".lw-plan .lw-spot").first.wait_for(timeout=PATIENCE_MS)
        other.close()
        page.close()
    (place,) = Database(tmp_path / "desk.sqlite3").table("places").rows
    assert place["queue"] == "q"
    assert 0.25 < place["x"] < 0.28
