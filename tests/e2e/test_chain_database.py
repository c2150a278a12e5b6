"""A chain's database under kill -9: server, collector and broker die, and it holds every row of the box once."""

import os
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pg8000.native as pg
import pytest

from tests.dashboard.postgres_server import Server
from tests.e2e.message_path import MessagePath

KILLS = int(os.environ.get("CHAIN_KILLS", "4"))  # more by hand: docs/reliability.md tells of 50
pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180 + 60 * KILLS)]


@pytest.fixture
def server() -> Iterator[Server]:
    """A server that syncs as servers do."""
    running = Server()
    yield running
    running.stop()


def numbers(server: Server, site: str) -> list[int]:
    """The numbers of all rows in the database, those that were added up twice twice; [] while it is away."""
    try:
        events = server.sql(f"SELECT pts_s FROM linewise.events WHERE site = '{site}'")  # noqa: S608
        minutes = server.sql(f"SELECT minute_s / 60, readings FROM linewise.minutes WHERE site = '{site}'")  # noqa: S608
    except (pg.DatabaseError, pg.InterfaceError, OSError):  # no tables yet, or it has been killed
        return []
    return [int(n) for (n,) in events] + [int(n) for n, times in minutes for _ in range(int(times))]  # type: ignore[call-overload]


@pytest.fixture
def path(
    mosquitto: Callable[..., Any], server: Server, site_id: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[MessagePath]:
    """A running path whose collector has the server's database."""
    monkeypatch.setenv("CHAIN_SOCKET", str(server.folder))
    made = MessagePath(mosquitto(), site_id, tmp_path)
    made.start("collector")
    made.start("box")
    yield made
    made.close()


def grown(server: Server, site: str, until: Callable[..., None]) -> None:
    """Returns when the database has more rows than now."""
    before = len(numbers(server, site))
    until(lambda: len(numbers(server, site)) > before, "more rows reach the database", 90.0)


def test_every_row_reaches_the_database_once(path: MessagePath, server: Server, until: Callable[..., None]) -> None:
    """Through kills of server, collector and broker at random moments nothing is lost and nothing is double."""
    rng = random.Random(7)
    for _ in range(KILLS):
        grown(server, path.site, until)
        time.sleep(rng.uniform(0, 0.5))
        server.kill()
        for other in rng.choice(((), (), ("collector",), ("broker",))):
            path.kill(other)
            path.start(other)
        server.start()
    (path.folder / "quiet").touch()
    created = {int(line) for line in (path.folder / "ledger").read_text().split()}
    until(lambda: created <= set(numbers(server, path.site)), "all rows are in the database", 90.0)
    path.end("box")
    path.end("collector")
    found = Counter(numbers(server, path.site))
    lost, double = created - set(found), [n for n, times in found.items() if times > 1]
    (missing,) = server.sql("SELECT sum(missing)::int FROM linewise.sources")[0]
    print(f"{KILLS} kills of the server, {path.kills} of others: {len(created)} rows,", end=" ")
    print(f"lost {len(lost)}, double {len(double)}, told as missing {missing}")
    assert (lost, double, missing) == (set(), [], 0)
    hours, minutes = (server.sql(f"SELECT sum(readings)::int FROM linewise.{t}") for t in ("hours", "minutes"))  # noqa: S608
    assert hours == minutes
