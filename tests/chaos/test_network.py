"""The message path over bad links: slow, cut again and again, sliced, silent (faults F19, F20, F21)."""

import json
import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.chaos.toxic import Toxic, Toxics
from tests.e2e.message_path import MessagePath, caught_up

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(400)]
Until = Callable[..., None]
SLOW_LINK_PERIOD_S = os.environ.get("LINEWISE_TEST_SLOW_LINK_PERIOD_S", "0.5")  # nine times what one queue makes
Make = Callable[[Toxics], tuple[MessagePath, Toxic]]


@pytest.fixture
def over(
    mosquitto: Callable[..., Any], site_id: str, quick_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Make]:
    """`over(toxics)`: a path whose box and collector reach the broker over a bad link; 10 rows a second."""
    monkeypatch.setenv("LINEWISE_TEST_PERIOD_S", "0.1")
    made: list[tuple[MessagePath, Toxic]] = []

    def make(toxics: Toxics) -> tuple[MessagePath, Toxic]:
        proxy = Toxic(mosquitto().port, toxics)
        made.append((MessagePath(proxy, site_id, quick_path), proxy))
        made[-1][0].start("collector")
        made[-1][0].start("box")
        return made[-1]

    yield make
    for path, proxy in made:
        path.close()
        proxy.close()


def settle(path: MessagePath, until: Until, within_s: float = 150.0) -> dict[str, Any]:
    """No more rows are made; the figures when all are stored."""
    (path.folder / "quiet").touch()
    began_s = time.monotonic()
    until(lambda: caught_up(path) and path.figures().lost == 0, "every row is stored", timeout_s=within_s)
    found = path.figures()
    assert (found.lost, found.double, found.missing) == (0, 0, 0)
    return {**found.__dict__, "caught_up_s": round(time.monotonic() - began_s, 1)}


def live_age_s(path: MessagePath) -> float:
    """Since the newest live reading was made."""
    with closing(sqlite3.connect(f"file:{path.folder}/store.sqlite3?mode=ro", uri=True)) as db:
        row = db.execute("SELECT max(at_s) FROM readings").fetchone()
    return float("inf") if row[0] is None else time.time() - float(row[0])


def test_a_slow_link_keeps_up_and_stays_live(over: Make, until: Until, monkeypatch: pytest.MonkeyPatch) -> None:
    """64 kbit/s, half a second each way, one packet of ten lost: all rows arrive, and live readings are of now."""
    monkeypatch.setenv("LINEWISE_TEST_PERIOD_S", SLOW_LINK_PERIOD_S)
    path, _ = over(Toxics(bytes_per_s=8000, latency_s=0.5, stall_share=0.1))
    until(lambda: caught_up_to(path) > 5, "rows are stored", timeout_s=120)
    backlog, ages_s = [], []
    for _ in range(40):
        time.sleep(0.5)
        backlog.append(path.ledger_lines() - caught_up_to(path))
        ages_s.append(live_age_s(path))
    figures = settle(path, until)
    print(json.dumps({"backlog_most": max(backlog), "live_age_s_p95": round(sorted(ages_s)[-2], 1), **figures}))
    assert backlog[-1] <= max(backlog[:20]) + 100  # it does not grow without end
    assert min(ages_s) < 30.0


def caught_up_to(path: MessagePath) -> int:
    """Rows in the store so far."""
    try:
        return path.figures().stored
    except sqlite3.OperationalError:
        return 0


@pytest.mark.parametrize(
    "toxics", [Toxics(reset_every_s=5.0), Toxics(reset_every_s=5.0, slice_bytes=1)], ids=["cut", "sliced"]
)
def test_a_link_that_is_cut_every_five_seconds_goes_on(over: Make, until: Until, toxics: Toxics) -> None:
    """Between two resets rows get on, from where they were: the store grows all the time and nothing comes twice."""
    path, proxy = over(toxics)
    until(lambda: caught_up_to(path) > 0, "rows are stored", timeout_s=120)
    steps = []
    for _ in range(3):
        before, resets = caught_up_to(path), proxy.resets
        until(lambda r=resets, b=before: proxy.resets >= r + 2 and caught_up_to(path) > b, "it gets on", timeout_s=120)
        steps.append(caught_up_to(path) - before)
    figures = settle(path, until)
    print(json.dumps({"resets": proxy.resets, "rows_between": steps, **figures}))
    assert min(steps) > 0


def test_a_silent_broker_is_given_up_and_found_again(over: Make, until: Until) -> None:
    """A link that passes nothing on is noticed by the keepalive, and connected anew; no row is lost."""
    path, proxy = over(Toxics())
    until(lambda: caught_up_to(path) > 20, "rows are stored", timeout_s=120)
    before = proxy.connections
    began_s = time.monotonic()
    proxy.toxics.silent = True
    until(lambda: proxy.connections >= before + 2, "box and collector connect anew", timeout_s=120)
    noticed_s = time.monotonic() - began_s
    proxy.toxics.silent = False
    again_s = time.monotonic()
    at = caught_up_to(path)
    until(lambda: caught_up_to(path) > at, "rows are stored again", timeout_s=120)
    figures = {"noticed_s": round(noticed_s, 1), "again_s": round(time.monotonic() - again_s, 1)}
    print(json.dumps({**figures, **settle(path, until)}))
