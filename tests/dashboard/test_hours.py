"""Hours beside minutes: the same sums, whatever is repeated, late, pruned or broken off."""

import json
import random
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlite_utils import Database

from dashboard import writing
from dashboard.hours import bin_of, bin_width_s
from dashboard.migrations import migrations
from dashboard.retention import AT_ONCE, DAY_S
from dashboard.store import Store
from dashboard.work import NotStoredError, Taken
from edge.messages import LineMinute, QueueEvent, QueueMinute, Row, RowBatch, utc
from edge.settings import StoreSettings
from tests.dashboard.conftest import NOW_S, Clock

EPOCH = "0123456789abcdef"
FIGURES = ("readings", "unknown", "joined", "served", "left", "lost")
QUALITIES = ("ok", "stale", "warming", "config")


@pytest.fixture
def store(quick_path: Path, clock: Clock) -> Iterator[Store]:
    """A new store of site s that keeps minutes for three days."""
    keep = StoreSettings(seconds_days=1, minutes_days=3, hours_days=0)
    with closing(Store(quick_path / "store.sqlite3", "s", utc_s=clock, keep=keep)) as opened:
        yield opened


def minute(rng: random.Random, queue: str = "q1") -> QueueMinute:
    """A minute of the last four days with random figures."""
    unknown = rng.choice((0, 0, 10, 60))
    known = unknown < 60
    at_s = NOW_S - 60 * rng.randrange(4 * 1440)
    return QueueMinute.model_validate(
        {
            "site": "s", "queue": queue, "minute": utc(at_s // 60 * 60), "readings": 60, "unknown": unknown,
            "length_mean": rng.uniform(0, 9) if known else None, "length_max": rng.randrange(9) if known else None,
            "wait_mean_s": rng.choice((None, rng.uniform(0, 900))) if known else None,
            "wait_max_s": rng.uniform(0, 900) if known else None,
            "joined": rng.randrange(5), "served": rng.randrange(5), "left": rng.randrange(2), "lost": rng.randrange(2),
            "worst_quality": rng.choice(QUALITIES),
        }
    )  # fmt: skip


def visit(rng: random.Random, queue: str = "q1") -> QueueEvent:
    """The end of a visit in the last four days; some have no wait."""
    kind = rng.choice(("served", "served", "left"))
    wait_s = rng.uniform(0, 4000) if kind == "served" and rng.random() < 0.9 else None
    at = utc(NOW_S - rng.uniform(0, 4 * DAY_S))
    return QueueEvent.model_validate(
        {"site": "s", "queue": queue, "kind": kind, "pts_s": 1, "at": at, "wait_s": wait_s}
    )


def row(seq: int, body: QueueMinute | QueueEvent | LineMinute) -> Row:
    """The body in its envelope."""
    kind = "event" if isinstance(body, QueueEvent) else "minute"
    return Row(seq=seq, kind=kind, body=json.loads(body.model_dump_json(by_alias=True)))  # type: ignore[arg-type]


def batch(first: int, *bodies: QueueMinute | QueueEvent | LineMinute) -> Taken:
    """The bodies as rows from `first` on."""
    rows = tuple(row(first + n, body) for n, body in enumerate(bodies))
    return Taken(RowBatch(site="s", box="b1", epoch=EPOCH, rows=rows))


def sums(path: Path, table: str) -> dict[str, float]:
    """The figures of a whole table, added up."""
    with closing(sqlite3.connect(path)) as db:
        asked = ", ".join(f'coalesce(sum("{name}"), 0)' for name in FIGURES)
        return dict(zip(FIGURES, db.execute(f"SELECT {asked} FROM {table}").fetchone(), strict=True))  # noqa: S608


def hours(db: Database) -> dict[Any, dict[str, Any]]:
    """All hours by queue and hour, means rounded."""
    rounded = ("length_sum", "wait_sum_s")
    return {
        (r["queue"], r["hour_s"]): {k: round(v, 6) if k in rounded else v for k, v in r.items()}
        | {"waits": json.loads(r["waits"])}
        for r in db.table("hours").rows
    }


@pytest.mark.parametrize("seed", range(8))
def test_hours_hold_what_minutes_held(store: Store, clock: Clock, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    """Through repeats, broken transactions, clock jumps and pruning the sums of hours are those of all that came."""
    rng = random.Random(seed)
    bodies = [minute(rng) if rng.random() < 0.6 else visit(rng) for _ in range(120)]
    while (done := store.mark(("b1", EPOCH)).seq) < len(bodies):
        first = rng.randrange(max(0, done - 5), done + 1)
        if rng.random() < 0.3:
            with monkeypatch.context() as broken:
                broken.setattr(writing.hours, "of_lines", disk_is_full)
                with pytest.raises(NotStoredError):
                    store.commit([batch(first + 1, *bodies[first : first + 9])])
        store.commit([batch(first + 1, *bodies[first : first + 9])])
        clock.now_s = NOW_S + rng.choice((0, -3600, 3600, 400 * DAY_S))
        store.prune()
    minutes = [b for b in bodies if isinstance(b, QueueMinute)]
    expected = {name: sum(getattr(m, name) for m in minutes) for name in FIGURES}
    assert sums(store.path, "hours") == expected
    waits = [b.wait_s for b in bodies if isinstance(b, QueueEvent) and b.wait_s is not None]
    with closing(sqlite3.connect(store.path)) as db:
        binned: Counter[int] = Counter()
        for (text,) in db.execute("SELECT waits FROM hours"):
            binned.update({int(k): v for k, v in json.loads(text).items()})
        (oldest_s,) = db.execute("SELECT min(minute_s) FROM minutes").fetchone()
    assert binned == Counter(bin_of(w) for w in waits)
    newest_s = max(m.minute.timestamp() for m in minutes)
    assert newest_s - 3 * DAY_S <= oldest_s, "minutes older than three days are gone"


def disk_is_full(*_: object) -> None:
    """Stands for a fault in the middle of a transaction."""
    raise sqlite3.OperationalError("database or disk is full")


def test_means_are_those_of_all_readings(store: Store) -> None:
    """An hour's mean length weighs each minute by the readings that knew one, and unknown minutes not at all."""
    at = utc(NOW_S // 3600 * 3600)
    base = minute(random.Random(0)).model_dump(by_alias=True) | {"length_max": 9, "wait_mean_s": None}
    known = {"minute": at, "readings": 60, "unknown": 0, "length_mean": 2.0}
    half = {"minute": utc(at.timestamp() + 60), "readings": 60, "unknown": 30, "length_mean": 8.0}
    dark = {"minute": utc(at.timestamp() + 120), "readings": 60, "unknown": 60, "length_mean": None}
    store.commit([batch(1, *(QueueMinute.model_validate(base | one) for one in (known, half, dark)))])
    (hour,) = hours(store._db).values()
    assert hour["length_sum"] / hour["length_readings"] == pytest.approx((60 * 2 + 30 * 8) / 90)
    assert (hour["wait_readings"], hour["readings"], hour["unknown"]) == (0, 180, 90)


@pytest.mark.parametrize("seed", range(3))
def test_a_store_without_hours_gets_them(quick_path: Path, clock: Clock, seed: int) -> None:
    """The migration makes of old minutes and visits the very hours that they would have made as they came."""
    rng = random.Random(seed)
    bodies = [
        *{(m.queue, m.minute): m for q in ("q1", "q2") for m in (minute(rng, q) for _ in range(150))}.values(),
        *(visit(rng, q) for q in ("q1", "q2") for _ in range(100)),
        *(line_minute(rng) for _ in range(50)),
    ]
    with closing(Store(quick_path / "store.sqlite3", "s", utc_s=clock)) as grown:
        grown.commit([batch(1, *bodies)])
        expected = hours(grown._db)
        lines = list(grown._db.table("line_hours").rows)
        old = Database(quick_path / "old.sqlite3")
        migrations.apply(old, stop_before="m005_hours")
        for table in ("minutes", "events", "line_minutes"):
            known = old.table(table).columns_dict
            old.table(table).insert_all({k: v for k, v in r.items() if k in known} for r in grown._db.table(table).rows)
    migrations.apply(old)
    assert hours(old) == expected
    assert sorted(map(repr, old.table("line_hours").rows)) == sorted(map(repr, lines))
    old.close()


def line_minute(rng: random.Random) -> LineMinute:
    """A minute of a counting line."""
    at = utc((NOW_S - 60 * rng.randrange(600)) // 60 * 60)
    return LineMinute(
        site="s", line="door", minute=at, readings=60, unknown=rng.randrange(9), count_in=rng.randrange(9),
        count_out=rng.randrange(9), worst_quality="ok",
    )  # fmt: skip


def test_old_rows_go_part_by_part(store: Store, clock: Clock) -> None:
    """A large store is pruned in small transactions; hours stay for ever unless the site file says otherwise."""
    old_s = NOW_S - 100 * DAY_S
    rows = [
        {"site": "s", "box": "b", "epoch": EPOCH, "seq": n, "queue": "q", "kind": "joined", "at_s": old_s + n}
        for n in range(AT_ONCE + 10)
    ]
    store._db.table("events").insert_all([*rows, rows[0] | {"seq": 10**6, "at_s": NOW_S}])
    hour = {**dict.fromkeys(FIGURES, 0), "site": "s", "box": "b", "queue": "q", "waits": "{}", "worst_quality": "ok"}
    store._db.table("hours").insert_all([hour | {"hour_s": old_s}, hour | {"hour_s": NOW_S}])
    store._db.conn.commit()
    assert store.prune() == AT_ONCE
    assert store.prune() == 10
    assert store.prune() == 0
    assert store._db.table("hours").count == 2
    store._keep = StoreSettings(hours_days=50)
    assert store.prune() == 1


def test_a_clock_that_jumps_ahead_deletes_no_minutes(store: Store, clock: Clock) -> None:
    """With the collector's clock years ahead the minutes of the last days are still there."""
    store.commit([batch(1, *(minute(random.Random(n)) for n in range(5)))])
    kept = store._db.table("minutes").count
    store.prune()
    near = store._db.table("minutes").count
    clock.now_s += 3000 * DAY_S
    store.prune()
    assert 0 < store._db.table("minutes").count == near <= kept


@pytest.mark.parametrize(("wait_s", "lower_s"), [(0, 0), (29.9, 0), (30, 30), (1799, 1770), (1800, 1800), (2399, 2100)])
def test_bins(wait_s: float, lower_s: int) -> None:
    """Waits are counted by half minutes up to half an hour, then by five minutes."""
    assert bin_of(wait_s) == lower_s
    assert lower_s <= wait_s < lower_s + bin_width_s(lower_s)
