"""The API as a command: a real server on a real store, and what it says of a site file that it can't serve."""

import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.dashboard.fill import every_kind

pytestmark = pytest.mark.e2e

SITE_FILE = """
[site]
id = "canteen"
[[camera]]
id = "tills"
source = "test://"
[[queue]]
id = "till-1"
[[queue.lane]]
camera = "tills"
area = [[0.2, 0.3], [0.7, 0.3], [0.7, 0.9]]
"""
Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """`start(more lines of the site file, port)`: `linewise api`, killed at the end."""
    running: list[subprocess.Popen[str]] = []

    def begin(more: str = "", port: int = 1) -> "subprocess.Popen[str]":
        site = tmp_path / f"site-{len(running)}.toml"
        site.write_text(SITE_FILE + more, "utf-8")
        command = (sys.executable, "-m", "linewise", "api", str(site), "--port", str(port))
        env = {**os.environ, "LINEWISE_STATE": str(tmp_path)}
        running.append(subprocess.Popen(command, env=env, stderr=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL))
        return running[-1]

    yield begin
    for one in running:
        one.kill()
        one.communicate()


def test_it_answers_and_ends(start: Start, tmp_path: Path, until: Callable[..., None]) -> None:
    """A real server tells the store's queues within its second, and ends by SIGTERM with exit code 0."""
    (tmp_path / "canteen").mkdir()
    every_kind(tmp_path / "canteen" / "store.sqlite3", now_s=time.time() + 20)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = start(port=port)

    def ask(path: str) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read()
        except ConnectionRefusedError:
            return 0, b""
        finally:
            connection.close()

    until(lambda: process.poll() is not None or ask("/healthz")[0] == 200, "the API answers", 120.0)
    status, body = ask("/v1/queues")
    assert (status, json.loads(body)["queues"][0]["queue"]) == (200, "till-1")
    assert ask("/docs/files/swagger-ui-bundle.js")[0] == 200
    process.terminate()
    assert process.wait(60) == 0


def test_what_it_cannot_serve_is_said(start: Start) -> None:
    """A login that nobody can make, and a port that is taken: exit code 2 and words."""
    oidc = start('[dashboard]\nlogin = "oidc"\noidc_file = "login.toml"\n')
    with socket.create_server(("127.0.0.1", 0)) as taken:
        busy = start(port=taken.getsockname()[1])
        said = [(one.communicate(timeout=120)[1], one.returncode) for one in (oidc, busy)]
    assert [code for _, code in said] == [2, 2]
    assert "nobody logs in to the API" in said[0][0]
    assert "can't be used" in said[1][0]
