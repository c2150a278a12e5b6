"""Logging in by OpenID Connect, in a real browser at a real (small) provider: roles, refusal, logging out."""

import json
import re
import secrets
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from playwright.sync_api import Browser, Page, expect

from dashboard.launch import run_dashboard
from edge.settings import DashboardSettings
from linewise.parts import free_port
from tests.dashboard.fill import FakeCamera, FakeQueue, fill
from tests.e2e.test_dashboard_browser import PATIENCE_MS, TILLS, wait_for_server

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]
PEOPLE = (
    {"sub": "anna", "email": "anna@example.org", "email_verified": True, "groups": ["canteen"]},
    {"sub": "bo", "email": "bo@example.org", "email_verified": True, "groups": ["Canteen", "queue-admins"]},
    {"sub": "eve", "email": "eve@example.org", "email_verified": True, "preferred_username": "anna@example.org"},
    {"sub": "mallory", "email": "anna@example.org", "email_verified": False, "groups": ["queue-admins"]},
)
ACCESS = DashboardSettings(
    login="oidc", groups_claim="groups", viewers=("anna@example.org",), installers=("queue-admins",)
)  # fmt: skip


def answers(url: str) -> bool:
    """Does a server answer there?"""
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310
            return bool(answer.status == 200)
    except (urllib.error.URLError, TimeoutError, ConnectionError):
        return False


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A provider that knows PEOPLE; its URL."""
    port = free_port()
    people = [word for one in PEOPLE for word in ("--user-claims", json.dumps(one))]
    command = (sys.executable, "-W", "ignore", "-m", "oidc_provider_mock", "--port", str(port), "-n", *people)
    log = tmp_path_factory.mktemp("provider") / "log"
    with log.open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out)
    url, deadline_s = f"http://127.0.0.1:{port}", time.monotonic() + 60
    while not answers(f"{url}/.well-known/openid-configuration"):
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < deadline_s, log.read_text()
        time.sleep(0.05)
    yield url
    process.terminate()
    process.wait(30)


@pytest.fixture(scope="module")
def dashboard(provider: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The page behind that provider; its URL."""
    folder = tmp_path_factory.mktemp("dashboard")
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    auth = {
        "redirect_uri": f"{url}/oauth2callback", "cookie_secret": secrets.token_hex(32), "client_id": "linewise",
        "client_secret": "s", "server_metadata_url": f"{provider}/.well-known/openid-configuration",
    }  # fmt: skip
    file = folder / "login.toml"
    text = "[auth]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in auth.items())
    file.write_text(text + 'client_kwargs = { scope = "openid email profile groups" }\n', encoding="utf-8")
    fill(folder / "store.sqlite3", (FakeQueue("till-1", "ok", 7),), (FakeCamera("tills"),), now_s=time.time())
    site = replace(TILLS, dashboard=replace(ACCESS, oidc_file=str(file)))
    stop = threading.Event()
    options = {"store": folder / "store.sqlite3", "port": port, "open_browser": False, "stop": stop}
    thread = threading.Thread(target=run_dashboard, args=(site,), kwargs=options)
    thread.start()
    yield url
    stop.set()
    thread.join(30)


@pytest.fixture
def page(browser: Browser, dashboard: str) -> Iterator[Page]:
    """The page in a browser that knows nobody yet."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    opened = context.new_page()
    opened.set_default_timeout(PATIENCE_MS)
    wait_for_server(opened, dashboard)
    opened.goto(dashboard, wait_until="commit")
    yield opened
    context.close()


def log_in(page: Page, sub: str) -> None:
    """Presses Log in, and is that person at the provider."""
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("button", name=sub, exact=True).first.click()
    page.wait_for_url(re.compile(r"^http://127\.0\.0\.1:\d+/(live)?$"))


Patient = Callable[..., None]


def test_nobody_sees_anything(page: Page, dashboard: str) -> None:
    """Before logging in there is a button and no figure, whatever page is asked for."""
    for path in ("", "/live", "/plan", "/history", "/alerts"):
        page.goto(f"{dashboard}{path}", wait_until="commit")
        page.get_by_role("button", name="Log in").wait_for()
        page.get_by_text("Please log in.").wait_for()
        assert page.locator("[data-queue]").count() == 0
        assert "Till 1" not in page.content()


def test_a_viewer_looks(page: Page, dashboard: str) -> None:
    """One whom `viewers` names by address sees the lines, and may not change the plan."""
    log_in(page, "anna")
    page.locator('[data-queue="till-1"]').wait_for()
    page.goto(f"{dashboard}/plan", wait_until="commit")
    page.locator("[data-queue]").first.wait_for()
    expect(page.get_by_text("Change the plan")).to_have_count(0)


def test_an_installer_changes(page: Page, dashboard: str) -> None:
    """One of a group that `installers` names may change the plan; logging out ends that, at the provider too."""
    log_in(page, "bo")
    page.locator('[data-queue="till-1"]').wait_for()
    page.goto(f"{dashboard}/plan", wait_until="commit")
    page.get_by_text("Change the plan").wait_for()
    page.get_by_role("button", name="Log out").click()
    page.wait_for_url(re.compile(r"/oauth2/end_session"))
    page.goto(dashboard, wait_until="commit")
    page.get_by_role("button", name="Log in").wait_for()
    assert page.locator("[data-queue]").count() == 0


@pytest.mark.parametrize(
    ("sub", "why"), [("eve", "this page is not open to you"), ("mallory", "has not verified your e-mail address")]
)
def test_others_are_refused(page: Page, sub: str, why: str) -> None:
    """Who is not named, or borrows a name in a claim that is not asked for or verified, is told so and sees nothing."""
    log_in(page, sub)
    page.get_by_text(why).wait_for()
    assert page.locator("[data-queue]").count() == 0
    page.get_by_role("button", name="Log out").wait_for()
    page.reload(wait_until="commit")
    page.get_by_text(why).wait_for()
