"""The outbox: numbering, acknowledgement, dropping, full disks and broken files."""

import logging
import random
import resource
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from edge import outbox_file
from edge.errors import InputError
from edge.messages import QueueEvent, QueueMinute, Row, utc
from edge.outbox import MAX_ROW_BYTES, Outbox

NOW_S = 1_780_000_000.0


def event(number: int, text: str | None = None) -> QueueEvent:
    return QueueEvent(site="s", queue="q1", kind="joined", pts_s=float(number), at=utc(NOW_S + number), text=text)


def minute(number: int) -> QueueMinute:
    return QueueMinute(
        site="s", queue="q1", minute=utc(NOW_S + 60 * number), readings=60, unknown=0, length_mean=2.5, length_max=4,
        wait_mean_s=60.0, wait_max_s=90.0, joined=1, served=1, left=0, lost=0, worst_quality="ok",
    )  # fmt: skip


def open_outbox(path: Path, **options: object) -> Outbox:
    return Outbox(path, utc_s=lambda: NOW_S, **options)  # type: ignore[arg-type]


@pytest.fixture
def path(quick_path: Path) -> Path:
    return quick_path / "outbox.sqlite3"


def drain(box: Outbox) -> list[Row]:
    rows: list[Row] = []
    while batch := box.batch(100, 50_000):
        rows += batch
    return rows


def covered(rows: list[Row]) -> list[int]:
    """Every seq that the rows account for, gap notes counted as what they stand for."""
    seqs: list[int] = []
    for row in rows:
        seqs += range(row.body["first"], row.seq + 1) if row.kind == "gap" else [row.seq]
    return seqs


def test_rows_come_back_in_order_and_once() -> None:
    """Rows are numbered from 1, come in order, and the cursor moves past what was given out."""
    box = Outbox(Path(":memory:"))
    assert box.append("event", [event(1), event(2)]) == 2
    assert box.append("minute", [minute(1)]) == 3
    rows = box.batch(10, 10_000)
    assert [(r.seq, r.kind) for r in rows] == [(1, "event"), (2, "event"), (3, "minute")]
    assert QueueEvent.model_validate(rows[0].body) == event(1)
    assert box.batch(10, 10_000) == []
    box.close()


def test_batch_keeps_to_rows_and_bytes(path: Path) -> None:
    """A batch holds at most `limit` rows and `max_bytes`, and at least one row however large."""
    with closing(open_outbox(path)) as box:
        box.append("event", [event(n, "x" * 1000) for n in range(6)])
        assert len(box.batch(2, 100_000)) == 2
        assert len(box.batch(10, 2600)) == 2
        assert len(box.batch(10, 10)) == 1


def test_rewind_gives_unacknowledged_rows_again(path: Path) -> None:
    """After a rewind the rows that were not acknowledged come again, the others never."""
    with closing(open_outbox(path)) as box:
        box.append("event", [event(n) for n in range(5)])
        drain(box)
        assert box.acknowledge(box.epoch, 3)
        box.rewind()
        assert [r.seq for r in drain(box)] == [4, 5]
        assert box.pending == 2


def test_another_epochs_word_is_ignored(path: Path) -> None:
    """An acknowledgement of another epoch deletes nothing."""
    with closing(open_outbox(path)) as box:
        box.append("event", [event(1)])
        assert not box.acknowledge("00" * 8, 1)
        assert box.pending == 1


def test_numbers_are_never_used_twice(path: Path) -> None:
    """After a restart with everything delivered, the epoch is the same and numbering goes on."""
    with closing(open_outbox(path)) as box:
        epoch = box.epoch
        box.append("event", [event(1), event(2)])
        box.acknowledge(epoch, 2)
    with closing(open_outbox(path)) as box:
        assert (box.epoch, box.pending) == (epoch, 0)
        assert box.append("event", [event(3)]) == 3
        assert [r.seq for r in drain(box)] == [3]


def test_each_file_has_its_own_epoch(quick_path: Path) -> None:
    """Two new files have different epochs of 16 hex digits."""
    with closing(open_outbox(quick_path / "a")) as a, closing(open_outbox(quick_path / "b")) as b:
        assert a.epoch != b.epoch
        assert len(a.epoch) == 16
        assert int(a.epoch, 16) >= 0


@pytest.mark.slow
def test_second_process_is_refused(path: Path) -> None:
    """While one outbox is open, opening the file again fails at once with what to do."""
    with closing(open_outbox(path)), pytest.raises(InputError, match="another counter is running"):
        open_outbox(path)


def test_full_cap_drops_minutes_first_and_tells(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """At the cap the oldest minutes go and events stay; every number is still accounted for."""
    with closing(open_outbox(path, cap_bytes=100_000)) as box, caplog.at_level(logging.WARNING):
        for n in range(400):
            box.append("minute", [minute(n)])
            if n % 4 == 0:
                box.append("event", [event(n)])
        rows = drain(box)
        assert sum(r.kind == "event" for r in rows) == 100
        minutes = [r for r in rows if r.kind == "minute"]
        assert 0 < len(minutes) < 400
        assert QueueMinute.model_validate(minutes[-1].body) == minute(399)
        assert box.dropped == 400 - len(minutes)
        assert covered(rows) == list(range(1, 501))
        assert "at its cap" in caplog.text
    assert path.stat().st_size <= 100_000


def test_events_go_last(path: Path) -> None:
    """With nothing but events the oldest go, what is dropped is counted, and appending goes on."""
    with closing(open_outbox(path, cap_bytes=100_000)) as box:
        for n in range(1000):
            box.append("event", [event(n, "x" * 100)])
        rows = drain(box)
        assert covered(rows) == list(range(1, 1001))
        gap, rest = rows[0], rows[1:]
        assert gap.kind == "gap"
        assert gap.seq == box.dropped == 1000 - len(rest)
        assert all(r.kind == "event" for r in rest)


def test_too_large_row_is_refused_before_queueing(path: Path) -> None:
    """A body over the limit goes to the dead letters, a gap note tells, the next row goes on."""
    with closing(open_outbox(path)) as box:
        box.append("event", [event(1, "x" * (MAX_ROW_BYTES + 1)), event(2)])
        rows = drain(box)
        assert [r.kind for r in rows] == ["gap", "event"]
        assert "at most 16384" in rows[0].body["reason"]
        assert box.dead == 1


def test_failing_row_goes_to_the_dead_letters(path: Path) -> None:
    """A refused row leaves a gap note in its place and is kept in the dead-letter table."""
    with closing(open_outbox(path)) as box:
        box.append("event", [event(1), event(2)])
        box.refuse(1, "the broker refuses it")
        rows = drain(box)
        assert [(r.seq, r.kind) for r in rows] == [(1, "gap"), (2, "event")]
        assert box.dead == 1


def test_all_dead_letters_are_counted(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The newest are kept and all are counted: beyond what is kept, when the full file drops them, over a restart."""
    monkeypatch.setattr(outbox_file, "MAX_DEAD_ROWS", 3)
    with closing(open_outbox(path)) as box:
        box.append("event", [event(n) for n in range(7)])
        for seq in range(1, 6):
            box.refuse(seq, "the broker refuses it")
        assert box.dead == 5
    db = sqlite3.connect(path, isolation_level=None)
    assert db.execute("SELECT seq FROM dead").fetchall() == [(3,), (4,), (5,)]
    assert [outbox_file.drop_dead(db, 100), outbox_file.drop_dead(db, 100)] == [2, 0]
    db.close()
    with closing(open_outbox(path)) as box:
        assert box.dead == 5
        box.refuse(6, "the broker refuses it")
        assert box.dead == 6


def test_younger_store_gets_a_gap_note(path: Path) -> None:
    """When the collector's store is behind what was delivered, the next batch begins by saying so."""
    with closing(open_outbox(path)) as box:
        box.append("event", [event(n) for n in range(6)])
        drain(box)
        box.acknowledge(box.epoch, 4)
        box.acknowledge(box.epoch, 1)
        rows = drain(box)
        assert [(r.seq, r.kind) for r in rows] == [(4, "gap"), (5, "event"), (6, "event")]
        assert (rows[0].body["first"], rows[0].body["last"]) == (2, 4)


def test_restored_copy_begins_a_new_epoch(path: Path, quick_path: Path) -> None:
    """A file restored from an older copy does not lose new rows to numbers that were used before."""
    copy = quick_path / "copy.sqlite3"
    with closing(open_outbox(path)) as box:
        epoch = box.epoch
        box.append("event", [event(1)])
    copy.write_bytes(path.read_bytes())
    with closing(open_outbox(copy)) as box:
        box.append("event", [event(2)])
        assert not box.acknowledge(epoch, 9)
        assert box.epoch != epoch
        rows = drain(box)
        assert [r.seq for r in rows] == [1]
        assert QueueEvent.model_validate(rows[0].body) == event(2)


@contextmanager
def full_disk(path: Path) -> Iterator[None]:
    """No file of this process can grow beyond the outbox's present size, as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_full_disk_is_survived(path: Path) -> None:
    """Rows wait in memory while the disk is full and are written, in order, when there is room again."""
    with closing(open_outbox(path)) as box:
        box.append("event", [event(0, "x" * 5000)])
        with full_disk(path):
            for n in range(1, 200):
                box.append("event", [event(n, "x" * 500)])
            assert box.dropped == 0
        box.append("event", [event(200)])
        rows = drain(box)
        assert [r.body["pts_s"] for r in rows] == [float(n) for n in range(201)]
        assert covered(rows) == list(range(1, 202))


def test_full_disk_and_full_memory_are_counted(path: Path) -> None:
    """What memory can't hold while the disk is full is dropped, minutes first, and told as a gap."""
    with closing(open_outbox(path, max_waiting=150)) as box:
        box.append("event", [event(0, "x" * 5000)])
        with full_disk(path):
            for n in range(1, 101):
                box.append("event", [event(n, "x" * 500)])
                box.append("minute", [minute(n)])
            dropped = box.dropped
        box.flush()
        rows = drain(box)
        gaps = sum(len(covered([r])) for r in rows if r.kind == "gap")
        assert 0 < dropped == gaps
        assert sum(r.kind == "event" for r in rows) == 101
        assert covered(rows) == list(range(1, 202))


@pytest.mark.parametrize("seed", range(8))
def test_broken_file_is_set_aside(quick_path: Path, seed: int, caplog: pytest.LogCaptureFixture) -> None:
    """Whatever bytes are broken, the file opens: as it was, or anew with the old one kept and a row that says so."""
    rng = random.Random(seed)
    path = quick_path / "outbox.sqlite3"
    with closing(open_outbox(path)) as box:
        epoch = box.epoch
        box.append("event", [event(n, "x" * 300) for n in range(100)])
    blob = bytearray(path.read_bytes())
    if seed % 2:
        blob = blob[: rng.randrange(1, len(blob))]
    else:
        start = rng.randrange(0, len(blob) - 600)
        blob[start : start + 600] = rng.randbytes(600)
    path.write_bytes(blob)
    with closing(open_outbox(path)) as box:
        rows = drain(box)
        box.append("event", [event(1)])
        aside = list(quick_path.glob("*.corrupt-*Z*"))
        if aside:
            assert box.epoch != epoch
            told = [*rows, *drain(box)]  # what is broken further on may show after good rows were read
            assert "gap" in [row.kind for row in told]
            assert "corrupt" in caplog.text
        else:
            assert box.epoch == epoch


def test_break_at_run_time_begins_anew(path: Path) -> None:
    """A file that breaks under a running counter is set aside and rows go on under a new epoch."""
    with closing(open_outbox(path)) as box:
        epoch = box.epoch
        box.append("event", [event(n, "x" * 900) for n in range(200)])
        box._db.close()
        blob = bytearray(path.read_bytes())
        blob[4096:] = b"\xff" * (len(blob) - 4096)
        path.write_bytes(blob)
        box._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        box.append("event", [event(1)])
        assert box.epoch != epoch
        assert [r.kind for r in drain(box)] == ["gap", "event"]
        assert len(list(path.parent.glob("*.corrupt-*Z"))) == 1


def test_foreign_database_is_kept(path: Path) -> None:
    """A database of another program under the outbox's name is set aside, not written into."""
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE wine (year)")
    with closing(open_outbox(path)) as box:
        assert box.append("event", [event(1)]) == 2
    (aside,) = path.parent.glob("*.corrupt-*")
    with closing(sqlite3.connect(aside)) as db:
        assert db.execute("SELECT count(*) FROM wine").fetchone() == (0,)


def test_newer_format_is_refused(path: Path) -> None:
    """A file of a newer version is left alone and the error says to update."""
    open_outbox(path).close()
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA user_version = 99")
    with pytest.raises(InputError, match="newer Linewise"):
        open_outbox(path)


def test_folder_that_cannot_be_written_is_an_input_error(quick_path: Path) -> None:
    """A folder that does not exist is told as a fault of set-up."""
    with pytest.raises(InputError, match="can't be opened"):
        open_outbox(quick_path / "no" / "outbox.sqlite3")


@pytest.mark.parametrize("seed", range(5))
def test_random_histories_account_for_every_row(quick_path: Path, seed: int) -> None:
    """Through random appends, acknowledgements, rewinds and restarts each row is delivered or told as dropped, once."""
    rng = random.Random(seed)
    path = quick_path / "outbox.sqlite3"
    box = open_outbox(path, cap_bytes=120_000)
    mark, seen, created = 0, [], 0
    for _ in range(300):
        action = rng.random()
        if action < 0.6:
            kind = rng.choice(["event", "minute"])
            body = event(created, "x" * rng.randrange(300)) if kind == "event" else minute(created)
            box.append(kind, [body])  # type: ignore[arg-type]
            created += 1
        elif action < 0.85:
            for row in box.batch(rng.randrange(1, 40), 20_000):
                if row.seq > mark and (row.kind == "gap" or row.seq == mark + 1):
                    seen += [s for s in covered([row]) if s > mark]
                    mark = row.seq
            if rng.random() < 0.7:
                box.acknowledge(box.epoch, mark)
        elif action < 0.95:
            box.rewind()
        else:
            box.close()
            box = open_outbox(path, cap_bytes=120_000)
    box.rewind()
    for row in drain(box):
        seen += [s for s in covered([row]) if s > mark]
        mark = max(mark, row.seq)
    box.close()
    assert seen == list(range(1, created + 1))
