"""The store: exactly once by number, gaps counted, live things as they are now, broken files set aside."""

import json
import random
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlite_utils import Database

from dashboard.intake import Refused
from dashboard.quarantine import MAX_ROWS
from dashboard.store import Store
from dashboard.work import Mark, NotStoredError, Taken
from edge.errors import InputError
from edge.messages import (
    BoxStatus,
    CameraHealth,
    GapNote,
    LineMinute,
    LineReading,
    Message,
    QueueEvent,
    QueueMinute,
    Row,
    RowBatch,
    utc,
)
from edge.vocabulary import Quality
from tests.dashboard.conftest import NOW_S, Clock

EPOCH = "0123456789abcdef"
SOURCE = ("b1", EPOCH)


@pytest.fixture
def store(quick_path: Path, clock: Clock) -> Iterator[Store]:
    """A new store of site s."""
    with closing(Store(quick_path / "store.sqlite3", "s", utc_s=clock)) as opened:
        yield opened


def event(number: int, **changes: Any) -> QueueEvent:
    figures = {"site": "s", "queue": "q1", "kind": "joined", "pts_s": float(number), "at": utc(NOW_S + number)}
    return QueueEvent.model_validate({**figures, **changes})


def minute(number: int = 0, **changes: Any) -> QueueMinute:
    figures = {
        "site": "s", "queue": "q1", "minute": utc(NOW_S + 60 * number), "readings": 60, "unknown": 0,
        "length_mean": 2.0, "length_max": 4, "wait_mean_s": 60.0, "wait_max_s": 90.0,
        "joined": 1, "served": 1, "left": 0, "lost": 0, "worst_quality": "ok",
    }  # fmt: skip
    return QueueMinute.model_validate({**figures, **changes})


def row(seq: int, body: Message | GapNote | None = None) -> Row:
    body = body or event(seq)
    kind = {QueueEvent: "event", QueueMinute: "minute", LineMinute: "minute", GapNote: "gap"}[type(body)]
    return Row(seq=seq, kind=kind, body=json.loads(body.model_dump_json(by_alias=True)))  # type: ignore[arg-type]


def batch(*rows: Row, epoch: str = EPOCH) -> Taken:
    return Taken(RowBatch(site="s", box="b1", epoch=epoch, rows=rows))


def gap(first: int, last: int) -> Row:
    return row(last, GapNote(first=first, last=last, reason="the outbox was full"))


def table(store: Store, name: str) -> list[dict[str, Any]]:
    return list(Database(sqlite3.connect(store.path)).table(name).rows)


def counts(store: Store) -> dict[str, int]:
    return {r["name"]: r["value"] for r in table(store, "counts")}


def status(word: str, epoch: str = EPOCH, number: int = 0) -> BoxStatus:
    return BoxStatus.model_validate(
        {"site": "s", "box": "b1", "at": utc(NOW_S + number), "status": word, "version": "0.1",
         "config_sha256": "", "epoch": epoch}
    )  # fmt: skip


def test_rows_are_stored_once(store: Store) -> None:
    """Rows sent twice are stored once, and the mark is that of the last."""
    assert store.commit([batch(row(1), row(2))]) == {SOURCE}
    assert store.commit([batch(row(1), row(2), row(3))]) == {SOURCE}
    assert store.mark(SOURCE) == Mark(3, 0)
    assert [r["seq"] for r in table(store, "events")] == [1, 2, 3]
    assert counts(store) == {"duplicates": 2}


def test_what_is_committed_survives_reopening(quick_path: Path, clock: Clock) -> None:
    """A store that is opened again goes on from its marks."""
    path = quick_path / "store.sqlite3"
    with closing(Store(path, "s", utc_s=clock)) as first:
        first.commit([batch(row(1), row(2)), Taken(status("online"))])
    with closing(Store(path, "s", utc_s=clock)) as second:
        assert second.mark(SOURCE) == Mark(2, 0)
        assert second.current_sources() == {SOURCE}
        second.commit([batch(row(2), row(3))])
        assert len(table(second, "events")) == 3


def test_rows_out_of_order_wait_for_those_before(store: Store) -> None:
    """A batch that leaves rows out is not taken; the mark says from where to send."""
    store.commit([batch(row(1))])
    assert store.commit([batch(row(3), row(4))]) == {SOURCE}
    assert store.mark(SOURCE) == Mark(1, 0)
    assert len(table(store, "events")) == 1
    assert counts(store)["out_of_order"] == 1


def test_gap_notes_are_counted_and_passed(store: Store) -> None:
    """A gap note counts what it stands for, as far as it is not there already, and the rest goes on."""
    store.commit([batch(row(1), gap(2, 6), row(7))])
    assert store.mark(SOURCE) == Mark(7, 5)
    store.commit([batch(gap(2, 6)), batch(gap(5, 9))])
    assert store.mark(SOURCE) == Mark(9, 7)
    (source,) = table(store, "sources")
    assert (source["seq"], source["missing"]) == (9, 7)


def test_another_epoch_is_another_source(store: Store) -> None:
    """The same numbers under another epoch are other rows."""
    store.commit([batch(row(1)), batch(row(1), epoch="ff" * 8)])
    assert len(table(store, "events")) == 2


def test_bad_row_does_not_hold_the_others(store: Store) -> None:
    """A row whose body is wrong, or names another site, is quarantined; the mark passes it."""
    bad = Row(seq=2, kind="event", body={"nonsense": 1})
    foreign = row(3, event(3, site="other"))
    store.commit([batch(row(1), bad, foreign, row(4))])
    assert store.mark(SOURCE) == Mark(4, 0)
    assert [r["seq"] for r in table(store, "events")] == [1, 4]
    reasons = [r["reason"] for r in table(store, "quarantine")]
    assert reasons[0].startswith("row 2: ")
    assert reasons[1] == "row 3: its site is not the topic's"


def test_two_rows_of_one_minute_are_added(store: Store) -> None:
    """A counter that restarts within a minute leaves one minute in the store: sums, maxima and weighted means."""
    first = minute(readings=20, length_mean=1.0, length_max=2, wait_mean_s=None, wait_max_s=None)
    second = minute(readings=40, unknown=20, length_mean=4.0, joined=5, worst_quality="stale")
    store.commit([batch(row(1, first), row(2, second))])
    (stored,) = table(store, "minutes")
    assert (stored["readings"], stored["unknown"], stored["joined"], stored["length_max"]) == (60, 20, 6, 4)
    assert stored["length_mean"] == pytest.approx(2.5)
    assert (stored["wait_mean_s"], stored["worst_quality"]) == (60.0, "stale")


def test_states_replace_and_readings_add_up(store: Store, make_reading: Callable[..., Any], clock: Clock) -> None:
    """The state is the newest reading, every reading is kept once, and a day later none is left of it."""
    readings = [make_reading("s", n, utc_s=NOW_S + n, length=n) for n in range(3)]
    store.commit([Taken(r) for r in readings])
    store.commit([Taken(readings[-1])])
    (state,) = table(store, "state")
    assert (state["seq"], state["length"], state["received_s"]) == (2, 2, NOW_S)
    assert [r["length"] for r in table(store, "readings")] == [0, 1, 2]
    clock.now_s += 86_400 - 1
    assert store.prune() == 0
    clock.now_s += 2
    assert store.prune() == 3


def test_retained_state_is_as_old_as_it_is(store: Store, make_reading: Callable[..., Any]) -> None:
    """A state that the broker kept counts as received when the broker got it, and never replaces a newer one."""
    store.commit([Taken(make_reading("s", 5, utc_s=NOW_S), retained=True, expiry_s=18)])
    assert table(store, "state")[0]["received_s"] == NOW_S - 12
    store.commit([Taken(make_reading("s", 4, utc_s=NOW_S - 1), retained=True, expiry_s=17)])
    assert table(store, "state")[0]["seq"] == 5


def test_clock_set_back_does_not_stop_live_states(store: Store, make_reading: Callable[..., Any]) -> None:
    """A live reading is taken even when the box's clock was set back by an hour."""
    store.commit([Taken(make_reading("s", 1, utc_s=NOW_S))])
    store.commit([Taken(make_reading("s", 2, utc_s=NOW_S - 3600))])
    assert table(store, "state")[0]["seq"] == 2


def test_late_will_of_an_old_epoch_is_ignored(store: Store) -> None:
    """An offline of another epoch than the one that is online does not put the box offline; one of its own does."""
    store.commit([Taken(status("online"))])
    store.commit([Taken(status("offline", "ff" * 8, 1))])
    assert table(store, "boxes")[0]["status"] == "online"
    store.commit([Taken(status("offline", EPOCH, 2))])
    assert table(store, "boxes")[0]["status"] == "offline"
    assert store.commit([Taken(status("online", "ff" * 8, 3))]) == {("b1", "ff" * 8)}
    assert table(store, "boxes")[0]["epoch"] == "ff" * 8


def test_what_was_known_does_not_look_fresh(store: Store, clock: Clock) -> None:
    """A retained status or health that is known already keeps the time at which it came first."""
    health = CameraHealth(
        site="s", camera="c1", at=utc(NOW_S), state="ok", detail="", picture="ok", frames_in_per_s=25.0,
        frames_out_per_s=5.0, age_s=0.1, latency_s=None, dropped=0, restarts=0, runtime="fake", model_sha256="",
        width=640, height=360,
    )  # fmt: skip
    store.commit([Taken(status("online")), Taken(health)])
    clock.now_s += 500
    store.commit([Taken(status("online"), retained=True), Taken(health, retained=True)])
    assert table(store, "boxes")[0]["received_s"] == table(store, "cameras")[0]["received_s"] == NOW_S


def test_quarantine_is_bounded(store: Store, clock: Clock) -> None:
    """Refused messages are counted, a hundred a minute are kept, a thousand in all, 2 kB of each."""
    for _ in range(15):
        store.commit([Taken(Refused("t" * 900, "why", b"x" * 5000))] * 300)
        clock.now_s += 61
    rows = table(store, "quarantine")
    assert len(rows) == MAX_ROWS
    assert len(rows[0]["payload"]) == 2048
    assert counts(store)["quarantined"] == 4500


def test_second_collector_is_refused(store: Store, clock: Clock) -> None:
    """A second writer on the same store is refused in words while the first lives."""
    with pytest.raises(InputError, match="another collector writes to this store"):
        Store(store.path, "s", utc_s=clock)


def test_reader_that_holds_the_file_loses_nothing(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """While another process holds the file a commit fails whole, and the same rows are taken later."""
    store._db.execute("PRAGMA busy_timeout = 50")
    with closing(sqlite3.connect(store.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(NotStoredError, match="locked"):
            store.commit([batch(row(1))])
        assert store.mark(SOURCE) == Mark(0, 0)
        other.execute("ROLLBACK")
    store.commit([batch(row(1))])
    assert len(table(store, "events")) == 1


@pytest.mark.parametrize("seed", range(6))
def test_broken_file_is_set_aside_never_deleted(quick_path: Path, clock: Clock, seed: int) -> None:
    """Whatever is broken in the file, the collector starts; what it can't read is kept beside under another name."""
    path = quick_path / "store.sqlite3"
    with closing(Store(path, "s", utc_s=clock)) as first:
        first.commit([batch(*(row(n, event(n, text="x" * 200)) for n in range(1, 200)))])
    rng = random.Random(seed)
    blob = bytearray(path.read_bytes())
    if seed % 2:
        blob = blob[: rng.randrange(1, len(blob))]
    else:
        start = rng.randrange(0, len(blob) - 3000)
        blob[start : start + 3000] = rng.randbytes(3000)
    path.write_bytes(blob)
    with closing(Store(path, "s", utc_s=clock)) as second:
        second.commit([batch(row(1))])
        aside = [p for p in quick_path.glob("*.corrupt-*Z") if p.read_bytes()[:100] == bytes(blob[:100])]
        if store_is_new := len(table(second, "events")) == 1:
            assert len(aside) == 1
        assert store_is_new or second.mark(SOURCE).seq == 199


def test_break_at_run_time_begins_anew(store: Store, quick_path: Path) -> None:
    """A store that breaks while it is open is set aside and the collector goes on with a new one."""
    store.commit([batch(*(row(n, event(n, text="x" * 500)) for n in range(1, 300)))])
    store._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    store._db.conn.close()
    blob = bytearray(store.path.read_bytes())
    blob[4096:] = b"\xff" * (len(blob) - 4096)
    store.path.write_bytes(blob)
    store._db = Database(sqlite3.connect(store.path))
    assert store.commit([batch(row(300))]) == set()
    assert store.mark(SOURCE) == Mark(0, 0)
    assert len(list(quick_path.glob("*.corrupt-*Z"))) == 1
    store.commit([batch(row(1))])
    assert len(table(store, "events")) == 1


def test_foreign_database_is_refused(quick_path: Path, clock: Clock) -> None:
    """A database of another program is not touched."""
    path = quick_path / "store.sqlite3"
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE wine (year)")
    with pytest.raises(InputError, match="another program"):
        Store(path, "s", utc_s=clock)
    assert path.read_bytes()[18] == 1  # still without WAL


def test_newer_store_is_refused(quick_path: Path, clock: Clock) -> None:
    """A store of a newer version is left alone and the error names what is unknown."""
    path = quick_path / "store.sqlite3"
    Store(path, "s", utc_s=clock).close()
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("INSERT INTO _sqlite_migrations (migration_set, name) VALUES ('linewise', 'm999_future')")
    with pytest.raises(InputError, match=r"newer Linewise.*m999_future"):
        Store(path, "s", utc_s=clock)


def test_columns_are_those_of_the_messages(store: Store, make_reading: Callable[..., Any]) -> None:
    """Every field of a reading, a health and a status has its column, so none is lost on the way."""
    from edge.messages import QueueReading

    for name, model in (("state", QueueReading), ("cameras", CameraHealth), ("boxes", BoxStatus)):
        columns = set(store._db.table(name).columns_dict)
        assert columns == (set(model.model_fields) - {"schema_"}) | {"received_s"}


@pytest.mark.parametrize("seed", range(10))
def test_shuffled_and_repeated_batches_store_each_row_once(quick_path: Path, clock: Clock, seed: int) -> None:
    """Whatever is repeated, lost and reordered on the way, go-back-N ends with each row once and the right mark."""
    rng = random.Random(seed)
    with closing(Store(quick_path / "store.sqlite3", "s", utc_s=clock)) as store:
        on_the_way: list[Taken] = []
        while store.mark(SOURCE).seq < 60:
            first = store.mark(SOURCE).seq + 1
            rows = [row(n, minute(n) if n % 5 == 0 else event(n)) for n in range(first, min(first + 9, 61))]
            on_the_way += [batch(*rows[: rng.randrange(1, 10)]) for _ in range(rng.randrange(1, 3))]
            rng.shuffle(on_the_way)
            store.commit([on_the_way[i] for i in range(len(on_the_way)) if rng.random() < 0.7])
        assert len(table(store, "events")) == 48
        assert [m["readings"] for m in table(store, "minutes")] == [60] * 12


def line(number: int, count_in: int) -> LineReading:
    return LineReading(
        site="s", line="door", pts_s=float(number), at=utc(NOW_S + number), quality="ok", count_in=count_in, count_out=1
    )


def test_a_line_is_as_it_is_now(store: Store, clock: Clock) -> None:
    """The last reading of a line stands, with its age; an older retained one does not come in its place."""
    store.commit([Taken(line(1, 5)), Taken(line(2, 6))])
    store.commit([Taken(line(1, 5), retained=True, expiry_s=20)])
    with closing(sqlite3.connect(store.path)) as db:
        assert db.execute("SELECT line, count_in, count_out, received_s FROM lines").fetchall() == [
            ("door", 6, 1, clock.now_s)
        ]
    store.commit([Taken(line(9, 7), retained=True, expiry_s=20)])
    with closing(sqlite3.connect(store.path)) as db:
        assert db.execute("SELECT count_in, received_s FROM lines").fetchall() == [(7, clock.now_s - 10)]


def test_a_lines_minutes_are_stored_once_and_added_up(store: Store) -> None:
    """Rows of a counter that restarted within the minute are one; a row that comes twice is counted once."""

    def part(count_in: int, worst: Quality) -> LineMinute:
        return LineMinute(
            site="s", line="door", minute=utc(NOW_S), readings=30, unknown=2, count_in=count_in, count_out=1,
            worst_quality=worst,
        )  # fmt: skip

    store.commit([batch(row(1, part(4, "ok")), row(2, part(5, "stale")), row(3, minute()))])
    store.commit([batch(row(1, part(4, "ok")), row(2, part(5, "stale")), row(3, minute()))])
    with closing(sqlite3.connect(store.path)) as db:
        assert db.execute(
            "SELECT box, line, minute_s, readings, unknown, count_in, count_out, worst_quality FROM line_minutes"
        ).fetchall() == [("b1", "door", NOW_S, 60, 4, 9, 2, "stale")]
        assert db.execute("SELECT count(*) FROM minutes").fetchall() == [(1,)]
        assert db.execute("SELECT count(*) FROM quarantine").fetchall() == [(0,)]
