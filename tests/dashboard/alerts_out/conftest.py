"""What the tests of alerts that go out share: a store with alerts, a spool, notices, and a receiver of webhooks."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from sqlite_utils import Database

from dashboard.alerts_out.follow import Follower, Receiver
from dashboard.alerts_out.notice import AlertEvent, AlertNotice, notice_of
from dashboard.alerts_out.spool import Spool
from edge.settings_receivers import WebhookSettings
from tests.dashboard.fill import SITE, alert, new_store

EPOCH = "0123456789abcdef"
SECRET = "a secret of some length"
NOW_S = 1_780_000_000.0
ALL = ("open", "repeated", "ended")


class AlertStore:
    """A store into which alerts come, with the mark of what is committed, as the collector keeps it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._db: Database = new_store(path)
        self.seq = 0

    def add(self, *texts: str, queue: str = "till-1", epoch: str = EPOCH) -> None:
        """Rows with these texts."""
        for text in texts:
            self.seq += 1
            alert(self._db, queue, text, NOW_S + self.seq, seq=self.seq)
            if epoch != EPOCH:
                self._db.execute("UPDATE events SET epoch = ? WHERE seq = ?", [epoch, self.seq])
        source = {"box": "box-1", "epoch": epoch, "seq": self.seq, "missing": 0}
        self._db.table("sources").upsert(source, pk=("box", "epoch"))
        self._db.conn.commit()

    def close(self) -> None:
        """Closes it."""
        self._db.close()


@pytest.fixture
def alert_store(quick_path: Path) -> Iterator[AlertStore]:
    """An empty store."""
    store = AlertStore(quick_path / "store.sqlite3")
    yield store
    store.close()


@pytest.fixture
def spool(quick_path: Path) -> Iterator[Spool]:
    """A new spool."""
    opened = Spool(quick_path / "alerts.sqlite3", utc_s=NOW_S)
    yield opened
    opened.close()


@pytest.fixture
def follow(alert_store: AlertStore, spool: Spool) -> Callable[..., Follower]:
    """`follow(receiver, ...)`: who follows the store for these receivers."""

    def make(*receivers: Receiver) -> Follower:
        who = receivers or (Receiver("webhook:ops", (), ALL),)
        return Follower(alert_store.path, spool, who, site=SITE, site_name="Canteen", names={"till-1": "Till 1"})

    return make


def event(seq: int, kind: str = "open", queue: str = "till-1", condition: str = "wait_s > 300") -> AlertEvent:
    """An event of the one box."""
    return AlertEvent("box-1", EPOCH, seq, queue, kind, condition, NOW_S + seq)  # type: ignore[arg-type]


def a_notice(seq: int, kind: str = "open", *, opened: int | None = None, **more: str) -> AlertNotice:
    """A notice; `opened`: the number of the row that opened its alert."""
    began = None if opened is None else event(opened, **more)
    return notice_of(event(seq, kind, **more), began, site=SITE, site_name="Canteen", names={"till-1": "Till 1"})


class Hook:
    """A receiver of webhooks on loopback.

    Attributes:
        got: (headers, body) of each request, also of those that it does not take.
        answers: what it answers next, (status, headers); with none left it is 204.
    """

    def __init__(self) -> None:
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.answers: list[tuple[int, dict[str, str]]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.got.append(({k.lower(): v for k, v in self.headers.items()} | {":path": self.path}, body))
                status, headers = outer.answers.pop(0) if outer.answers else (204, {})
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = int(self._server.server_address[1])
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()

    def settings(self, **changes: Any) -> WebhookSettings:
        """Of a site file that names it."""
        return WebhookSettings(
            **{"id": "ops", "url": f"http://127.0.0.1:{self.port}/in?k=v", "secret": SECRET} | changes
        )

    @property
    def ids(self) -> list[str]:
        """Of the notices that came."""
        return [json.loads(body)["id"] for _, body in self.got]

    def close(self) -> None:
        """Ends it."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def hook() -> Iterator[Hook]:
    """A receiver."""
    running = Hook()
    yield running
    running.close()
