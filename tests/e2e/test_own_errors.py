"""The promise: what a queue's waits were worth on a day comes through MQTT into the store as the counter knows it."""

import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dashboard.accuracy import wait_errors
from dashboard.collector import run_collector
from edge.counter import Counter, Tick
from edge.messages import QueueEvent
from edge.outbox import Outbox
from edge.publisher import BoxIdentity, Publisher
from edge.settings import Site
from tests.edge.queueing.scene import every, play, queue, site, stand, walk

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]

DAY_S = datetime(2026, 5, 4, tzinfo=UTC).timestamp()
NOON_S = 12 * 3600


def lunch(site_id: str) -> tuple[Counter, list[QueueEvent]]:
    """Forty people, one till, services of 5 to 25 s, at noon."""
    rng, done_s, people = np.random.default_rng(6), 0.0, {999: stand(60, 600)}
    for k in range(40):
        come_s = 16.0 * k + float(rng.uniform(0.0, 10.0))
        done_s = max(done_s, come_s + 6.0) + float(rng.uniform(5.0, 25.0))
        x = 360.0 + 65.0 * (k % 8)
        people[k] = walk((come_s, x, 760.0), (come_s + 4.0, x, 560.0), (done_s, x, 250.0), (done_s + 1.0, x, 120.0))
    counter = Counter(replace(site(queue()), id=site_id))
    ticks: list[Tick] = play(counter, people, every(0.25, done_s + 5.0))
    on = DAY_S + NOON_S - 1e9  # `play` ticks as if media time 0 were a billion seconds after 1970
    events = [e.model_copy(update={"at": datetime.fromtimestamp(e.at.timestamp() + on, UTC)})
              for t in ticks for e in t.events]  # fmt: skip
    return counter, events


def stored(store: Path) -> int:
    """Events in the store; 0 before it is there."""
    try:
        with closing(sqlite3.connect(f"file:{store}?mode=ro", uri=True)) as db:
            return int(db.execute("SELECT count(*) FROM events").fetchone()[0])
    except sqlite3.OperationalError:
        return 0


def test_a_days_own_errors_come_through(
    broker: Any, site_id: str, quick_path: Path, until: Callable[..., None], make_site: Callable[..., Site]
) -> None:
    """Number, mean error, bias, share told too short and coverage of the day: the counter's own, to a tenth."""
    counter, events = lunch(site_id)
    own = counter.wait_errors("q1")
    assert own is not None
    assert own.n >= 30
    outbox, stop, store = Outbox(quick_path / "outbox.sqlite3"), threading.Event(), quick_path / "store.sqlite3"
    publisher = Publisher(BoxIdentity(site_id, "b1", "test", ""), broker.mqtt, outbox)
    outbox.append("event", events)
    with ThreadPoolExecutor(2) as pool:
        pool.submit(publisher.run, stop)
        pool.submit(run_collector, make_site(site_id), mqtt=broker.mqtt, store=store, stop=stop)
        try:
            publisher.rows_waiting()
            until(lambda: stored(store) == len(events), "all events are stored")
        finally:
            stop.set()
    publisher.close()
    outbox.close()
    with closing(sqlite3.connect(store)) as db:
        db.row_factory = sqlite3.Row
        day = wait_errors(db, site_id, "q1", DAY_S, DAY_S + 86400)
        before = wait_errors(db, site_id, "q1", DAY_S - 86400, DAY_S)
    assert before is None
    assert day is not None
    assert day.n == own.n
    assert (day.mae_s, day.bias_s) == pytest.approx((own.mae_s, own.bias_s), abs=0.1)
    assert (day.too_short, day.coverage) == pytest.approx((own.too_short, own.coverage), abs=0.03)  # told_s is rounded
