"""What reports and Grafana read from a chain's database, beside what the site's own page reads from its store."""

import random
import time
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from dashboard.past import read_past
from dashboard.periods import Period
from dashboard.postgres_store import PostgresStore
from dashboard.reading import open_store
from dashboard.store import Store
from dashboard.work import Taken
from edge.messages import utc
from edge.settings import DatabaseSettings
from tests.dashboard.box_rows import batch, event, minute, row, status
from tests.dashboard.conftest import NOW_S, Clock, rows_of

pytestmark = pytest.mark.e2e

START_S = NOW_S // 3600 * 3600


def told(rng: random.Random) -> list[Any]:
    """Minutes of two hours, some of them dark, and visits with what they were told."""
    bodies: list[Any] = []
    for n in range(120):
        dark = rng.random() < 0.2
        bodies.append(
            minute(
                minute=utc(START_S + 60 * n), unknown=60 if dark else rng.randrange(30), joined=rng.randrange(5),
                length_mean=None if dark else rng.uniform(0, 9), wait_mean_s=None if dark else rng.uniform(0, 900),
                length_max=None if dark else rng.randrange(9, 20), wait_max_s=None if dark else 900.0,
            )
        )  # fmt: skip
        bodies.append(
            event(n, at=utc(START_S + 60 * n), kind="served", wait_s=rng.uniform(0, 2000), told_s=rng.uniform(0, 900))
        )
    return bodies


def test_hours_are_those_of_the_page(database: DatabaseSettings, quick_path: Path, clock: Clock) -> None:
    """An hour of the view is the slot that the History page shows of the same rows."""
    bodies = told(random.Random(5))
    taken = [batch(*(row(n, body) for n, body in enumerate(bodies, 1)))]
    with closing(PostgresStore(database, "s", utc_s=clock)) as far, closing(
        Store(quick_path / "store.sqlite3", "s", utc_s=clock)
    ) as near:  # fmt: skip
        far.commit(taken)
        near.commit(taken)
    with closing(open_store(quick_path / "store.sqlite3")) as db:
        past = read_past(db, "s", "q1", Period("day", date(2026, 5, 28), START_S, START_S + 7200, 3600.0))
    views = sorted(rows_of(database, "queue_hours", order="hour"), key=lambda r: r["hour"])
    assert [v["hour"].timestamp() for v in views] == [START_S, START_S + 3600]
    for view, slot in zip(views, past.slots, strict=True):
        assert view["length_mean"] == pytest.approx(slot.length)
        assert view["wait_mean_s"] == pytest.approx(slot.wait_s)
        assert (view["length_max"], view["joined"]) == (slot.length_max, slot.joined)
    assert sum(r["people"] for r in rows_of(database, "real_waits", order="hour")) == past.waits.n == 120
    minutes = rows_of(database, "queue_minutes", order="minute")
    assert sum(m["joined"] for m in minutes) == past.total("joined")
    assert all((m["length_mean"] is None) == (m["wait_mean_s"] is None) for m in minutes)


def test_what_is_now_is_not_what_was(database: DatabaseSettings, make_reading: Any) -> None:
    """A line that has not been heard of for half a minute has no length; a box tells the rows that it lost."""
    with closing(PostgresStore(database, "s", utc_s=time.time)) as store:
        store.commit([Taken(make_reading("s", 1, length=4)), Taken(status("online")), batch(row(1))])
        (now,) = rows_of(database, "queues_now", order="queue")
        assert (now["current"], now["length"], now["wait_s"]) == (True, 4, 60.0)
    with closing(PostgresStore(database, "s", utc_s=lambda: time.time() - 31)) as store:
        store.commit([Taken(make_reading("s", 2, length=5))])
    (late,) = rows_of(database, "queues_now", order="queue")
    assert (late["current"], late["length"], late["wait_s"]) == (False, None, None)
    (box,) = rows_of(database, "boxes_now", order="box")
    assert (box["box"], box["status"], box["rows_lost"]) == ("b1", "online", 0)
    assert rows_of(database, "visits", order="at") == rows_of(database, "alerts", order="at") == []
    assert rows_of(database, "line_totals", order="hour") == rows_of(database, "cameras_now", order="camera") == []
