"""Starts the operators' page: Streamlit in a child process that ends with this one, whatever ends it."""

import ipaddress
import logging
import os
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
import webbrowser
from dataclasses import dataclass
from pathlib import Path

from dashboard.access import require_provider, settings_from_json, settings_to_json
from dashboard.page import Names
from edge.errors import InputError, LinewiseError
from edge.settings import DashboardSettings, Site
from edge.watchdog import Heartbeat, notify

log = logging.getLogger(__name__)

STORE_VARIABLE = "LINEWISE_DASHBOARD_STORE"
NAMES_VARIABLE = "LINEWISE_DASHBOARD_NAMES"
ACCESS_VARIABLE = "LINEWISE_DASHBOARD_ACCESS"
HOSTS_VARIABLE = "LINEWISE_DASHBOARD_HOSTS"  # names that a reverse proxy passes on, with commas between
READY_S = 90.0  # a loaded small machine needs a while for its first start
END_S = 5.0  # given to the child between SIGTERM and SIGKILL

OPTIONS = {
    "server.headless": "true",
    "server.fileWatcherType": "none",
    "server.maxUploadSize": "1",
    "browser.gatherUsageStats": "false",
    "client.toolbarMode": "minimal",
    "client.showErrorDetails": "none",
    "client.showErrorLinks": "false",
    "global.developmentMode": "false",
    "runner.magicEnabled": "false",
    "runner.postScriptGC": "false",  # a full collection after every update was most of what a viewer cost
    "logger.hideWelcomeMessage": "true",
    "logger.level": "warning",
    "theme.light.primaryColor": "#0f4fae",
    "theme.light.backgroundColor": "#f5f6f8",
    "theme.light.textColor": "#16191d",
    "theme.dark.primaryColor": "#6ea8fe",
    "theme.dark.backgroundColor": "#0f1216",
    "theme.dark.textColor": "#eceff3",
}


def run_dashboard(
    site: Site, *, store: Path, port: int, address: str = "127.0.0.1", open_browser: bool, stop: threading.Event
) -> None:
    """Serves the page until `stop` is set; the store need not exist yet.

    Raises:
        InputError: address or port can't be listened on.
        LinewiseError: the page's process ended, or did not answer in time.
    """
    _require_listenable(address, port)
    _require_safe(site.dashboard, address)
    child = subprocess.Popen(
        [sys.executable, "-m", "dashboard.serve", *_arguments(address, port, site.dashboard.oidc_file)],
        env={**os.environ, **_told(site, store)},
        stdin=subprocess.PIPE,  # never written to: it closes when this process is gone, and the child ends
        start_new_session=True,  # Ctrl-C reaches this process alone, which then ends the child
    )
    url = f"http://{_for_url(address)}:{port}"
    health = f"{url}/_stcore/health"
    try:
        if _wait_until_ready(child, health, stop):
            log.info("the dashboard of %s is at %s", site.id, url)
            notify("READY=1", f"STATUS=the page is at {url}")
            if open_browser:
                webbrowser.open(url)
        heartbeat = Heartbeat()
        while not stop.wait(0.2):
            _require_alive(child)
            if heartbeat.due() and _answers(health):  # a page that hangs gets no beat, and systemd starts it again
                heartbeat.beat()
        notify("STOPPING=1")
    finally:
        _end(child)


@dataclass(frozen=True)
class Told:
    """What the page's process is told: the store, what the site file names, and who may look."""

    store: Path
    names: Names
    access: DashboardSettings


def told_by_environment() -> Told:
    """What `run_dashboard` told this process."""
    return Told(
        Path(os.environ[STORE_VARIABLE]),
        Names.from_json(os.environ.get(NAMES_VARIABLE, "{}")),
        settings_from_json(os.environ.get(ACCESS_VARIABLE, "{}")),
    )


def _told(site: Site, store: Path) -> dict[str, str]:
    return {
        STORE_VARIABLE: str(store.absolute()),
        NAMES_VARIABLE: Names.of(site).to_json(),
        ACCESS_VARIABLE: settings_to_json(site.dashboard),
        "FORWARDED_ALLOW_IPS": "",  # uvicorn: a visitor's address is the TCP peer's, never what a header claims
    }


def _require_safe(access: DashboardSettings, address: str) -> None:
    """A proxy's header is believed only where nobody but a proxy on this machine can send one."""
    if access.login == "proxy" and not loopback(address):
        raise InputError(
            f'dashboard.login is "proxy", and the dashboard would listen on {address}, where anybody could send '
            f"{access.user_header}: listen on 127.0.0.1 and let the proxy on this machine ask there"
        )
    if access.login == "oidc":
        require_provider(access.oidc_file)


def _arguments(address: str, port: int, oidc_file: str | None = None) -> list[str]:
    options = {"server.address": address, "server.port": str(port), **OPTIONS}
    if oidc_file is not None:
        options["secrets.files"] = oidc_file
    hosts: list[str] = []
    if loopback(address):
        # Another page in the operator's browser must not reach this one under a name of its own (DNS rebinding).
        more = os.environ.get(HOSTS_VARIABLE, "").split(",")
        hosts = ["localhost", "127.0.0.1", "::1", *(h.strip() for h in more if h.strip())]
    return [f"--{k}={v}" for k, v in options.items()] + [f"--server.allowedHosts={h}" for h in hosts]


def loopback(address: str) -> bool:
    """Whether an address to listen on is this machine alone."""
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return address == "localhost"


def _for_url(address: str) -> str:
    if address in ("0.0.0.0", "::"):  # noqa: S104
        return "127.0.0.1" if address == "0.0.0.0" else "[::1]"  # noqa: S104
    return f"[{address}]" if ":" in address else address


def _require_listenable(address: str, port: int) -> None:
    try:
        family, kind, protocol, _, where = socket.getaddrinfo(address, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            s.bind(where)
    except OSError as error:
        raise InputError(
            f"the dashboard can't listen on port {port} of {address} ({error.strerror or error}); "
            f"end what uses it, or choose another with --port and --address"
        ) from error


def _wait_until_ready(child: "subprocess.Popen[bytes]", url: str, stop: threading.Event) -> bool:
    deadline_s = time.monotonic() + READY_S
    while not stop.wait(0.1):
        _require_alive(child)
        if _answers(url):
            return True
        if time.monotonic() > deadline_s:
            raise LinewiseError(f"the dashboard's page did not answer within {READY_S:.0f} s")
    return False


def _answers(url: str) -> bool:
    """Whether the page says within two seconds that it is well."""
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310 (our own http URL)
            return bool(answer.status == 200)
    except (urllib.error.URLError, TimeoutError, ConnectionError):
        return False


def _require_alive(child: "subprocess.Popen[bytes]") -> None:
    code = child.poll()
    if code is not None:
        raise LinewiseError(f"the dashboard's page has ended (exit code {code}); what it said stands above")


def _end(child: "subprocess.Popen[bytes]") -> None:
    child.terminate()
    try:
        child.wait(END_S)
    except subprocess.TimeoutExpired:
        log.warning("the dashboard's page did not end in %.0f s and is killed", END_S)
        child.kill()
        child.wait()
    if child.stdin is not None:
        child.stdin.close()
