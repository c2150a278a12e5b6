"""Starting and ending the page's process."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
import uvicorn

from dashboard import launch
from dashboard.launch import run_dashboard
from edge.errors import InputError, LinewiseError
from edge.settings import Site

RUNNER = """
import sys, threading
from pathlib import Path
from dashboard.launch import run_dashboard
from edge.settings import Site
site = Site("s", "S", "UTC", "box", Path("s.toml"), "0", (), ())
run_dashboard(site, store=Path(sys.argv[1]), port=int(sys.argv[2]), open_browser=False, stop=threading.Event())
"""


def a_site() -> Site:
    """A site without cameras and queues."""
    return Site("s", "S", "UTC", "box", Path("s.toml"), "0", (), ())


def wait_for(condition: Callable[[], Any], what: str, within_s: float = 90) -> Any:
    """The condition's value once it is true; fails with words after a generous time."""
    deadline_s = time.monotonic() + within_s
    while not (value := condition()):
        assert time.monotonic() < deadline_s, f"waited {within_s} s in vain for {what}"
        time.sleep(0.05)
    return value


def free_port() -> int:
    """A free TCP port on loopback."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


def answers(port: int) -> bool:
    """Does something listen on the port?"""
    with socket.socket() as s:
        return s.connect_ex(("127.0.0.1", port)) == 0


def test_a_port_in_use_is_told_before_anything_starts(tmp_path: Path) -> None:
    """A port in use gives an error for people with the port and what to do, and no process."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        s.listen()
        port = s.getsockname()[1]
        with pytest.raises(InputError, match=rf"port {port} of 127\.0\.0\.1 .*in use.*--port"):
            run_dashboard(a_site(), store=tmp_path / "s", port=port, open_browser=False, stop=threading.Event())


def test_an_address_of_another_machine_is_told(tmp_path: Path) -> None:
    """An address that this machine does not have is told with the option to change."""
    with pytest.raises(InputError, match=r"192\.0\.2\.1 .*--address"):
        run_dashboard(
            a_site(), store=tmp_path / "s", port=8501, address="192.0.2.1", open_browser=False, stop=threading.Event()
        )


@pytest.mark.parametrize(
    ("address", "url", "guarded"),
    [
        ("127.0.0.1", "127.0.0.1", True),
        ("::1", "[::1]", True),
        ("localhost", "localhost", True),
        ("0.0.0.0", "127.0.0.1", False),
        ("10.0.0.5", "10.0.0.5", False),
    ],
)
def test_addresses(address: str, url: str, guarded: bool) -> None:
    """The URL can be opened from this machine; on loopback only loopback's own names are answered."""
    assert launch._for_url(address) == url
    arguments = launch._arguments(address, 8501)
    assert any("allowedHosts" in a for a in arguments) == guarded
    assert "--browser.gatherUsageStats=false" in arguments


def test_more_names_can_be_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Behind a reverse proxy the page answers to the names that the environment gives, besides loopback's."""
    monkeypatch.setenv(launch.HOSTS_VARIABLE, "queues.example.com, other.example.com")
    hosts = [a.split("=")[1] for a in launch._arguments("127.0.0.1", 8501) if "allowedHosts" in a]
    assert hosts == ["localhost", "127.0.0.1", "::1", "queues.example.com", "other.example.com"]


@pytest.mark.e2e
def test_stop_ends_the_page(tmp_path: Path) -> None:
    """The page answers before the store exists; once `stop` is set the function returns and the port is free."""
    port, stop = free_port(), threading.Event()
    thread = threading.Thread(
        target=run_dashboard,
        args=(a_site(),),
        kwargs={"store": tmp_path / "s", "port": port, "open_browser": False, "stop": stop},
    )
    thread.start()
    try:
        wait_for(lambda: answers(port), "the page")
    finally:
        stop.set()
        thread.join(30)
    assert not thread.is_alive()
    assert not answers(port)


@pytest.mark.e2e
def test_the_page_ends_with_its_parent(tmp_path: Path) -> None:
    """When the starting process is killed outright the page's process ends by itself."""
    port = free_port()
    parent = subprocess.Popen([sys.executable, "-c", RUNNER, str(tmp_path / "s"), str(port)], stderr=subprocess.PIPE)
    try:
        wait_for(lambda: answers(port), "the page")
        children = psutil.Process(parent.pid).children(recursive=True)
    finally:
        parent.kill()
        _, said = parent.communicate()
    _, left = psutil.wait_procs(children, timeout=20)
    assert not left
    assert b"Fatal" not in said


@pytest.mark.e2e
def test_a_page_that_dies_is_an_error(tmp_path: Path) -> None:
    """When the page's process dies its starter says so, so that the supervisor starts it again."""
    port, stop = free_port(), threading.Event()
    told: list[LinewiseError] = []

    def start() -> None:
        try:
            run_dashboard(a_site(), store=tmp_path / "s", port=port, open_browser=False, stop=stop)
        except LinewiseError as error:
            told.append(error)

    thread = threading.Thread(target=start)
    thread.start()
    try:
        wait_for(lambda: answers(port), "the page")
        (child,) = [p for p in psutil.Process(os.getpid()).children() if "dashboard.serve" in p.cmdline()]
        child.send_signal(signal.SIGKILL)
        wait_for(lambda: told, "the error", within_s=20)
    finally:
        stop.set()
        thread.join(30)
    assert "has ended" in str(told[0])


@pytest.mark.parametrize("peer", ["10.0.0.9", "127.0.0.1"])
def test_no_header_changes_where_a_visitor_comes_from(monkeypatch: pytest.MonkeyPatch, peer: str) -> None:
    """The page's server takes a visitor's address from the connection, whatever X-Forwarded-For claims."""
    for key, value in launch._told(a_site(), Path("store.sqlite3")).items():
        monkeypatch.setenv(key, value)
    seen = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope["client"][0])

    server = uvicorn.Config(app, interface="asgi3")
    server.load()
    scope = {"type": "websocket", "client": (peer, 5000), "headers": [(b"x-forwarded-for", b"192.0.2.7, 127.0.0.1")]}
    asyncio.run(server.loaded_app(scope, None, None))  # type: ignore[operator, arg-type]
    assert seen == [peer]
