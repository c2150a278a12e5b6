"""A store with queues of every kind, minutes, visits and alerts, and the API on it."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlite_utils import Database

from dashboard.api.app import api_app
from dashboard.page import Names
from edge.settings import ApiSettings, DashboardSettings
from tests.dashboard.conftest import Clock
from tests.dashboard.fill import SITE, alert, every_kind

NOW_S = 1_780_000_020.0  # 27 s after a whole minute
NAMES = Names(
    site=SITE,
    name="Canteen",
    timezone="Europe/Berlin",
    queues=(("till-1", "Till 1"), ("till-4", "Till 4"), ("till-5", "Till 5"), ("new", "New")),
    cameras=(("tills", "Tills"), ("entrance", "Entrance")),
)


@pytest.fixture
def clock() -> Clock:
    """At NOW_S."""
    standing = Clock()
    standing.now_s = NOW_S
    return standing


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every kind of queue; 70 minutes of till-1, one of them unknown; two visits; an alert that is over, one open."""
    path = tmp_path_factory.mktemp("store") / "store.sqlite3"
    every_kind(path, now_s=NOW_S)
    db = Database(path)
    last_s = NOW_S // 60 * 60
    minute = {
        "site": SITE, "box": "box-1", "queue": "till-1", "readings": 60, "unknown": 0, "length_mean": 4.0,
        "length_max": 6, "wait_mean_s": 120.0, "wait_max_s": 180.0, "joined": 3, "served": 2, "left": 0, "lost": 0,
        "worst_quality": "ok",
    }  # fmt: skip
    unknown: dict[str, Any] = {"unknown": 60, "length_mean": None, "length_max": None, "wait_mean_s": None}
    rows = [{**minute, "minute_s": last_s - 60.0 * ago} for ago in range(1, 71)]
    rows[4] |= {**unknown, "wait_max_s": None, "served": 0, "joined": 0}
    db.table("minutes").insert_all(rows)
    visit = {
        "site": SITE,
        "box": "box-1",
        "epoch": "0123456789abcdef",
        "queue": "till-1",
        "kind": "served",
        "censored": 0,
    }
    for seq, (ago_s, wait_s) in enumerate(((30.0, 100.0), (200.0, 150.0), (400.0, 900.0)), 100):
        db.table("events").insert({**visit, "seq": seq, "at_s": NOW_S - ago_s, "pts_s": 0.0, "wait_s": wait_s})
    alert(db, "till-1", "over: wait_s > 300", NOW_S - 500, seq=50)
    alert(db, "till-4", "quality == stale", NOW_S - 400, seq=51)
    db.close()
    return path


class Asker:
    """Asks an application without a socket."""

    def __init__(self, app: FastAPI, address: str) -> None:
        self._app = app
        self._address = address

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> httpx.Response:
        """GET."""
        return self.request("GET", path, headers)

    def request(self, method: str, path: str, headers: Mapping[str, str] | None = None) -> httpx.Response:
        """Any method."""
        return asyncio.run(self._ask(method, path, headers))

    async def _ask(self, method: str, path: str, headers: Mapping[str, str] | None) -> httpx.Response:
        transport = httpx.ASGITransport(app=self._app, client=(self._address, 50000))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            return await client.request(method, path, headers=headers)


Ask = Callable[..., Asker]


@pytest.fixture
def client(store: Path, clock: Clock) -> Ask:
    """`client(address=, access=, where=, api settings as keywords)`: who asks, by default from this machine."""

    def make(
        *, access: DashboardSettings | None = None, where: Path = store, address: str = "127.0.0.1", **settings: Any
    ) -> Asker:
        api = replace(ApiSettings(), **settings)
        return Asker(api_app(NAMES, api, access or DashboardSettings(), store=where, utc_s=clock), address)

    return make
