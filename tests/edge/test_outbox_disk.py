"""The outbox on a disk whose n-th call fails, for every n: nothing that it has taken is lost or double."""

import itertools
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from edge.errors import InputError
from edge.messages import QueueEvent, QueueMinute, Row, utc
from edge.outbox import Outbox
from tests.fakes.failing_disk import Disk, failing_disk

NOW_S = 1_780_000_000.0
ROUNDS = 5


def event(number: int) -> QueueEvent:
    return QueueEvent(
        site="s", queue="q1", kind="joined", pts_s=float(number), at=utc(NOW_S + number), text="x" * 900
    )  # fmt: skip


def minute(number: int) -> QueueMinute:
    return QueueMinute(
        site="s", queue="q1", minute=utc(NOW_S + 60 * number), readings=number, unknown=0, length_mean=2.5,
        length_max=4, wait_mean_s=60.0, wait_max_s=90.0, joined=1, served=1, left=0, lost=0, worst_quality="ok",
    )  # fmt: skip


class Collector:
    """Takes rows in the order of their numbers, as the collector does; what it has, it has for good."""

    def __init__(self) -> None:
        self.rows: dict[str, list[Row]] = {}

    def mark(self, epoch: str) -> int:
        """The number up to which it has this epoch's rows."""
        return self.rows[epoch][-1].seq if self.rows.get(epoch) else 0

    def take(self, box: Outbox) -> None:
        """Takes what follows what it has, and acknowledges."""
        for row in box.batch(4, 20_000):
            first = row.body["first"] if row.kind == "gap" else row.seq
            if first <= self.mark(box.epoch) + 1 <= row.seq:
                self.rows.setdefault(box.epoch, []).append(row)
        box.acknowledge(box.epoch, self.mark(box.epoch))

    def numbers(self) -> list[int]:
        """What the rows carry, gaps as -1."""
        return [
            -1 if row.kind == "gap" else int(row.body.get("pts_s") or row.body["readings"])
            for rows in self.rows.values()
            for row in rows
        ]


def opened(path: Path) -> Outbox | None:
    """The outbox, or None where it can't be opened now: the counter says so, ends, and is started again."""
    try:
        return Outbox(path, utc_s=lambda: NOW_S)
    except InputError as fault:
        if "can't be opened" in str(fault):
            return None
        raise


def life(path: Path, disk: Disk, collector: Collector) -> int:
    """A counter's work, opening and closing included, with the disk healed at the end; how many rows it made."""
    made = 0
    box = opened(path)
    for n in range(ROUNDS):
        box = box or opened(path)
        if box is None:
            continue
        box.append("event", [event(made + 1), event(made + 2)])
        box.append("minute", [minute(made + 3)])
        made += 3
        collector.take(box)
        if n == 2:
            box.rewind()
    disk.heal()
    box = box or opened(path)
    assert box is not None
    box.flush()
    with closing(box):
        left_alone(path, box, disk)
        drain(box, collector)
    return made


def drain(box: Outbox, collector: Collector) -> None:
    """Everything is delivered and acknowledged."""
    box.rewind()
    for _ in range(50):
        collector.take(box)
    assert box.pending == 0


def left_alone(path: Path, box: Outbox, disk: Disk) -> None:
    """What kill -9 would leave holds every row that is not acknowledged."""
    copy = path.with_name("copy")
    copy.mkdir(exist_ok=True)
    for part in path.parent.glob(f"{path.name}*"):
        shutil.copy(part, copy / part.name)
    other = opened(copy / path.name)
    assert other is not None
    with closing(other):
        assert (other.epoch, other.pending) == (box.epoch, box.pending), disk.failed
    shutil.rmtree(copy)


@pytest.mark.slow
@pytest.mark.parametrize("how", ["once", "lasting", "full"])
def test_whatever_call_fails(quick_path: Path, how: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Each call in turn fails (once, from then on, or as on a full disk): every row arrives once, in order, no gap."""
    broken = 0
    for n in itertools.count(1):
        path = quick_path / f"{n}" / "outbox.sqlite3"
        path.parent.mkdir()
        collector = Collector()
        with failing_disk() as disk:
            disk.arm(n, lasting=how != "once", full=how == "full")
            made = life(path, disk, collector)
            calls, failed = disk.calls, list(disk.failed)
        assert collector.numbers() == list(range(1, made + 1)), f"{how}, n = {n}: {failed[:3]}"
        assert made == 3 * ROUNDS or failed, f"{how}, n = {n}: {made} rows made"
        assert not list(path.parent.glob("*.corrupt-*")), f"{how}, n = {n}: {failed[:3]}"
        with closing(sqlite3.connect(path)) as db:
            assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        broken += bool(failed)
        if n > calls:
            break
    with capsys.disabled():
        print(f" {broken} of {n} calls failed ({how}): lost 0, double 0", end="")
    assert broken > 20
