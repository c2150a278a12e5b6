"""How rows are paced over a long way: a link in simulated time, whose collector takes rows as the real one does."""

import random
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from edge.messages import Ack, QueueEvent, RowBatch, utc
from edge.outbox import Outbox
from edge.row_sender import RowSender

STEP_S = 0.2


@dataclass
class Way:
    """From the box to the collector and back: 8000 bytes a second, one piece of ten 0.6 s late: a bad mobile link."""

    there_and_back_s: float
    rng: random.Random = field(default_factory=lambda: random.Random(7))
    has: int = 0  # the collector has all rows up to this one
    twice: int = 0  # batches that it had already
    _free_s: float = 0.0
    _words: list[tuple[float, int]] = field(default_factory=list)

    def send(self, batch: RowBatch, now_s: float) -> None:
        """A batch sets out; the word on it will come."""
        size = len(batch.to_json())
        self._free_s = max(self._free_s, now_s) + size / 8000
        late_s = sum(0.6 for _ in range(1 + size // 4096) if self.rng.random() < 0.1)
        self.twice += batch.rows[-1].seq <= self.has
        if batch.rows[0].seq <= self.has + 1:
            self.has = max(self.has, batch.rows[-1].seq)
        self._words.append((self._free_s + self.there_and_back_s + late_s, self.has))

    def words(self, now_s: float) -> Iterator[int]:
        """Acknowledgements that have come by now."""
        while self._words and self._words[0][0] <= now_s:
            yield self._words.pop(0)[1]


def lived(path: Path, way: Way, *, rows_per_s: float, seconds: float) -> int:
    """A box that makes so many rows a second; how many wait at the end."""
    with closing(Outbox(path)) as outbox:
        sender = RowSender(outbox, site="s", box="b")
        sender.connected(0.0)
        made = 0
        for step in range(1, round(seconds / STEP_S)):
            now_s = step * STEP_S
            new = range(made, round(rows_per_s * now_s))
            if new:
                event = QueueEvent(site="s", queue="q1", kind="joined", pts_s=now_s, at=utc(1e9))
                outbox.append("event", [event for _ in new])
                made += len(new)
            for seq in way.words(now_s):
                sender.acknowledged(Ack(site="s", box="b", epoch=outbox.epoch, seq=seq), now_s)
            batch = sender.next(now_s)
            if batch is not None:
                sender.sent(batch, step, now_s)
                way.send(batch, now_s)
        return made - way.has


@pytest.mark.parametrize(
    ("there_and_back_s", "rows_per_s"), [(0.1, 20), (2.0, 7), (6.0, 5)], ids=["near", "far", "beyond the first timeout"]
)
def test_rows_keep_up_over_a_long_way(quick_path: Path, there_and_back_s: float, rows_per_s: float) -> None:
    """What waits is what the way holds, not ever more; hardly a batch goes twice."""
    way = Way(there_and_back_s)
    waiting = lived(quick_path / "outbox", way, rows_per_s=rows_per_s, seconds=120.0)
    print(f"{rows_per_s} rows a second, {there_and_back_s} s there and back: {waiting} wait, {way.twice} batches twice")
    assert waiting < 15 * rows_per_s
    assert way.twice <= 3


def test_a_word_that_comes_twice_sends_nothing_twice(quick_path: Path) -> None:
    """A second word on an earlier batch has the next one neither sent again nor its successors, for ever."""
    with closing(Outbox(quick_path / "outbox")) as outbox:
        event = QueueEvent(site="s", queue="q1", kind="joined", pts_s=1.0, at=utc(1e9))
        outbox.append("event", [event] * 40)
        sender = RowSender(outbox, site="s", box="b")
        sender.connected(0.0)
        first = sender.next(0.0)
        assert first is not None
        sender.sent(first, 1, 0.0)
        word = Ack(site="s", box="b", epoch=outbox.epoch, seq=first.rows[-1].seq)
        sender.acknowledged(word, 2.0)
        second = sender.next(2.0)
        assert second is not None
        sender.sent(second, 2, 2.0)
        sender.acknowledged(word, 2.5)
        assert [sender.next(now_s) for now_s in (3.0, 4.0, 6.0)] == [None] * 3
        sender.acknowledged(word.model_copy(update={"seq": second.rows[-1].seq}), 6.1)
        assert outbox.pending == 0
