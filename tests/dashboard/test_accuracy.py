"""A queue's own errors, from the rows that boxes send to what pages read."""

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from dashboard.accuracy import ToldVisit, WaitErrors, told_visits, wait_errors
from dashboard.store import Store
from dashboard.work import Taken
from edge.messages import QueueEvent, Row, RowBatch, utc
from edge.settings import StoreSettings

HOUR_S = 1_800_000_000.0


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A new store whose clock stands still; visits are kept for a day."""
    keep = StoreSettings(minutes_days=1)
    with closing(Store(tmp_path / "store.sqlite3", "s", utc_s=lambda: HOUR_S + 9e6, keep=keep)) as opened:
        yield opened


def served(at_s: float, real_s: float | None, told: tuple[float | None, float | None, float | None]) -> QueueEvent:
    """Somebody served who had been told (wait, low, high)."""
    told_s, low_s, high_s = told
    return QueueEvent(
        site="s", queue="q", kind="served", pts_s=1.0, at=utc(at_s), wait_s=real_s,
        told_s=told_s, told_low_s=low_s, told_high_s=high_s,
    )  # fmt: skip


VISITS = [
    served(HOUR_S + 10, 100.0, (130.0, 90.0, 160.0)),
    served(HOUR_S + 20, 200.0, (150.0, 120.0, 180.0)),  # too short, and above its interval
    served(HOUR_S + 30, 50.0, (40.0, 30.0, None)),  # "at least": no upper end
    served(HOUR_S + 40, 70.0, (None, None, None)),  # nothing was told
    served(HOUR_S + 50, None, (99.0, 9.0, 999.0)),  # there at the start: no wait
    served(HOUR_S + 3600, 60.0, (20.0, 10.0, 30.0)),  # another hour
]


def commit(store: Store, first: int, bodies: list[QueueEvent]) -> None:
    """The events as rows from `first` on."""
    rows = tuple(Row(seq=first + n, kind="event", body=json.loads(body.to_json())) for n, body in enumerate(bodies))
    store.commit([Taken(RowBatch(site="s", box="b", epoch="ab" * 8, rows=rows))])


def test_errors_of_an_hour(store: Store) -> None:
    """MAE, bias, share told too short and coverage of those served who had been told a wait, and nobody else."""
    commit(store, 1, VISITS[:2])
    commit(store, 2, VISITS[1:])  # one comes twice
    errors = wait_errors(store._db.conn, "s", "q", HOUR_S, HOUR_S + 3600)
    assert errors == WaitErrors(3, (30 + 50 + 10) / 3, (30 - 50 - 10) / 3, 2 / 3, 2 / 3)
    whole = wait_errors(store._db.conn, "s", "q", HOUR_S, HOUR_S + 7200)
    assert whole == WaitErrors(4, 130 / 4, -70 / 4, 3 / 4, 2 / 4)
    assert wait_errors(store._db.conn, "s", "other", HOUR_S, HOUR_S + 7200) is None


def test_told_beside_real_of_single_visits(store: Store) -> None:
    """Each visit with what it was told, in order of time, for as long as visits are kept."""
    commit(store, 1, VISITS)
    visits = told_visits(store._db.conn, "s", "q", HOUR_S, HOUR_S + 3600)
    assert [(v.told_s, v.real_s) for v in visits] == [(130.0, 100.0), (150.0, 200.0), (40.0, 50.0)]
    assert visits[2] == ToldVisit(HOUR_S + 30, 40.0, 30.0, None, 50.0)


def test_errors_outlive_the_visits(store: Store) -> None:
    """After the visits have been taken out the errors of their day are still told."""
    commit(store, 1, [*VISITS, served(HOUR_S + 8e6, 1.0, (1.0, 0.0, 2.0))])
    assert store.prune() == len(VISITS)
    assert told_visits(store._db.conn, "s", "q", HOUR_S, HOUR_S + 7200) == []
    errors = wait_errors(store._db.conn, "s", "q", HOUR_S, HOUR_S + 7200)
    assert errors is not None
    assert errors.n == 4
