"""Processes of the message path, to be killed by tests: `path_parts.py box|collector SITE PORT FOLDER`.

The box commits numbered rows to its outbox and writes each number into a ledger after the commit: what the ledger
holds must reach the store exactly once, whatever dies.
"""

import _thread
import os
import signal
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from dashboard import stores
from dashboard.collector import run_collector
from dashboard.store import Store
from dashboard.work import Source, Taken
from edge.messages import QueueEvent, QueueMinute, QueueReading, utc
from edge.outbox import Outbox
from edge.publisher import BoxIdentity, Publisher
from edge.settings import DatabaseSettings, MqttSettings, Site, StoreSettings

PERIOD_S = float(os.environ.get("LINEWISE_TEST_PERIOD_S", "0.005"))  # between two rows
SLOW_S = float(os.environ.get("LINEWISE_TEST_SLOW_S", "0"))  # a collector's commit takes so much longer


def box(site: str, mqtt: MqttSettings, folder: Path, stop: threading.Event) -> None:
    """A row every few milliseconds, an event or a minute; a live reading with each tenth; none while `quiet` exists."""
    outbox = Outbox(folder / "outbox.sqlite3")
    publisher = Publisher(BoxIdentity(site, "b1", "test", ""), mqtt, outbox)
    thread = threading.Thread(target=publisher.run, args=(stop,))
    thread.start()
    with (folder / "ledger").open("ab", buffering=0) as ledger:
        number = os.getpid() * 100_000
        while not stop.wait(PERIOD_S) and thread.is_alive():
            if (folder / "quiet").exists():
                continue
            number += 1
            if number % 10 == 0:
                publisher.reading(reading(site, number))
                outbox.append("minute", [minute(site, number)])
            else:
                outbox.append("event", [event(site, number)])
            ledger.write(f"{number}\n".encode())
            publisher.rows_waiting()
    thread.join()
    publisher.close()
    outbox.close()


def event(site: str, number: int) -> QueueEvent:
    """An event that carries its number."""
    return QueueEvent(site=site, queue="q1", kind="joined", pts_s=float(number), at=utc(time.time()))


def minute(site: str, number: int) -> QueueMinute:
    """A minute of its own for each number, so that one stored twice would show."""
    return QueueMinute(
        site=site, queue="q1", minute=utc(60.0 * number), readings=1, unknown=0, length_mean=1.0, length_max=1,
        wait_mean_s=None, wait_max_s=None, joined=0, served=0, left=0, lost=0, worst_quality="ok",
    )  # fmt: skip


def reading(site: str, number: int) -> QueueReading:
    """A live reading."""
    return QueueReading(
        site=site, queue="q1", seq=number, pts_s=float(number), at=utc(time.time()), length=1, length_low=1,
        length_high=1, quality="ok", state="serving", wait_s=None, wait_low_s=None, wait_high_s=None,
        wait_method=None, arrivals_per_min=None, served_per_min=None, joined=1, served=0, left=0, lost=0,
    )  # fmt: skip


class SlowStore(Store):
    """A store whose commits take their time."""

    def commit(self, taken: Sequence[Taken]) -> set[Source]:
        """As it is, later."""
        time.sleep(SLOW_S)
        return super().commit(taken)


def main() -> None:
    """Runs one part until SIGTERM."""
    part, site, port, folder = sys.argv[1:]
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: _thread.start_new_thread(stop.set, ()))  # as linewise/process.py
    mqtt = MqttSettings("127.0.0.1", int(port))
    if part == "box":
        box(site, mqtt, Path(folder), stop)
    else:
        where = os.environ.get("CHAIN_SOCKET")  # the folder of a PostgreSQL server's socket
        chain = None if where is None else DatabaseSettings(where, 5432, "postgres", "boss", tls="disable")
        whole = Site(
            site, site, "UTC", "b1", Path(folder) / "site.toml", "", cameras=(), queues=(),
            store=StoreSettings(database=chain),
        )  # fmt: skip
        if SLOW_S:
            stores.Store = SlowStore  # type: ignore[misc]
        run_collector(whole, mqtt=mqtt, store=Path(folder) / "store.sqlite3", stop=stop)


if __name__ == "__main__":
    main()
