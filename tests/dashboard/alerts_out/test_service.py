"""The whole process, killed again and again, against a receiver that fails at random: nothing is lost."""

import json
import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from dashboard.alerts_out.service import spool_path
from dashboard.alerts_out.spool import Spool
from tests.dashboard.alerts_out.conftest import SECRET, AlertStore

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

SITE_FILE = """
[site]
id = "canteen"
name = "Canteen"
[[camera]]
id = "tills"
source = "test://"
[[queue]]
id = "till-1"
[[queue.lane]]
camera = "tills"
area = [[0.2, 0.3], [0.7, 0.3], [0.7, 0.9]]
[[webhook]]
id = "ops"
url = "http://127.0.0.1:PORT/in"
secret = "${HOOK_SECRET}"
timeout_s = 5
"""


Process = subprocess.Popen[bytes]


@pytest.fixture
def start(quick_path: Path) -> Iterator[Callable[[], Process]]:
    """`start()`: `linewise alerts` of the site file in quick_path, its words in quick_path/log; killed at the end."""
    running: list[Process] = []

    def begin() -> Process:
        env = {**os.environ, "LINEWISE_STATE": str(quick_path), "HOOK_SECRET": SECRET}
        command = (sys.executable, "-m", "linewise", "alerts", str(quick_path / "site.toml"))
        with (quick_path / "log").open("ab") as log:
            running.append(subprocess.Popen(command, env=env, stdout=log, stderr=log, stdin=subprocess.DEVNULL))
        return running[-1]

    yield begin
    for one in running:
        one.kill()
        one.wait()


def test_nothing_is_lost_by_kills_and_failing_receivers(
    quick_path: Path, hook: Any, until: Callable[..., None], start: Callable[[], Process]
) -> None:
    """Six kills at random moments, a receiver that fails every second time: all 60 arrive, unchanged, in order."""
    rng = random.Random(11)
    site, state = quick_path / "site.toml", quick_path / "canteen"
    site.write_text(SITE_FILE.replace("PORT", str(hook.port)), "utf-8")
    state.mkdir()
    alert_store = AlertStore(state / "store.sqlite3")
    hook.answers += [(rng.choice((204, 500, 503, 429)), {"Retry-After": "1"}) for _ in range(40)]
    process = start()
    until(lambda: spool_path(state).exists() and _begun(state), "the first look at the store", 120.0)
    for round_ in range(6):
        alert_store.add(*["wait_s > 300", "over: wait_s > 300"] * 5)
        heard = len(hook.got)
        until(lambda heard=heard: len(hook.got) > heard, "something is posted")
        time.sleep(rng.uniform(0.0, 0.2))  # a random moment: the kill may hit anything
        process.kill()
        process.wait()
        process = start()
        assert len(hook.got) > round_
    wanted = [f"canteen.box-1.0123456789abcdef.{n}" for n in range(1, 61)]
    until(lambda: set(hook.ids) == set(wanted), "all notices arrive", 90.0)
    alert_store.close()
    process.terminate()
    assert process.wait(30) == 0
    left = Spool(spool_path(state), utc_s=0.0)
    assert left.waiting("webhook:ops") == []
    left.close()
    bodies: dict[str, set[bytes]] = {}
    for _, body in hook.got:
        bodies.setdefault(json.loads(body)["id"], set()).add(body)
    again = sum(Counter(hook.ids).values()) - len(wanted)
    print(f"60 notices, 6 kills: 0 lost, {again} posts more than one each (most of them were refused before)")
    assert all(len(same) == 1 for same in bodies.values())
    assert list(dict.fromkeys(hook.ids)) == wanted
    log = (quick_path / "log").read_text("utf-8")
    assert SECRET not in log
    assert "Traceback" not in log


def _begun(state: Path) -> bool:
    """The spool's user_version is set; read from the file's header, since the process holds the file for itself."""
    return spool_path(state).read_bytes()[60:64] == b"\0\0\0\1"


def test_nobody_to_tell_is_said(quick_path: Path, start: Callable[[], Process]) -> None:
    """A site file without receivers ends the command with exit code 2 and words."""
    site = quick_path / "site.toml"
    site.write_text(SITE_FILE.partition("[[webhook]]")[0], "utf-8")
    process = start()
    assert process.wait(60) == 2
    assert "nobody is to be told of alerts" in (quick_path / "log").read_text("utf-8")


def test_a_second_one_is_refused(quick_path: Path, hook: Any, start: Callable[[], Process]) -> None:
    """Two processes of one site would tell everything twice: the second ends with words."""
    site = quick_path / "site.toml"
    site.write_text(SITE_FILE.replace("PORT", str(hook.port)), "utf-8")
    (quick_path / "canteen").mkdir()
    held = Spool(spool_path(quick_path / "canteen"), utc_s=0.0)
    process = start()
    code = process.wait(60)
    held.close()
    assert code == 2
    assert "another `linewise alerts` runs" in (quick_path / "log").read_text("utf-8")
