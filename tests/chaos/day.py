"""A day in minutes: `python -m tests.chaos.day --hours 24`. Pure parts only, their clock handed in.

86,400 seconds of a camera's tracks (people who walk through a lane) go through Counter, minutes, outbox and store as
fast as they go; the process's resident memory is looked at every hour of that day, after the first two.
"""

import argparse
import json
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

import numpy as np
import psutil

from dashboard.store import Store
from dashboard.work import Taken
from edge.counter import Counter
from edge.messages import QueueMinute, RowBatch
from edge.minutes import MinuteBook
from edge.outbox import Outbox
from tests.chaos.soak import slope_of
from tests.edge.queueing.scene import site, tracks

DAY_UTC_S = 1_800_000_000.0
WALK_S = 40.0  # from the end of the lane to its service line
EVERY_S = 25.0  # somebody comes


def main() -> int:
    """Runs the day and prints its figures; 1 when memory grows by more than 2 MB a day beyond doubt."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hours", type=int, default=24)
    options = parser.parse_args()
    began_s = time.monotonic()
    with tempfile.TemporaryDirectory(dir="/dev/shm", prefix="linewise-day-") as name:
        figures = day(Path(name), options.hours)
    print(json.dumps({**figures, "took_s": round(time.monotonic() - began_s)}))
    return int(bool(figures["grows"]))


def day(folder: Path, hours: int) -> dict[str, object]:
    """The figures of a day of so many hours."""
    clock = [DAY_UTC_S]
    counter, book = Counter(site(fps=2.0)), MinuteBook()
    mb, last = [], None
    with (
        closing(Outbox(folder / "outbox.sqlite3", utc_s=lambda: clock[0])) as outbox,
        closing(Store(folder / "store.sqlite3", "case", utc_s=lambda: clock[0])) as store,
    ):
        for second in range(3600 * hours):
            clock[0] = DAY_UTC_S + second
            for half in (0.0, 0.5):
                counter.on_tracks(tracks(second + half, people(second + half)))
            tick = counter.tick(second + 0.5, clock[0])
            last = tick.readings[0]
            minutes: list[QueueMinute] = [m for reading in tick.readings for m in book.add(reading)]
            store.commit([Taken(last, False, None)])
            outbox.append("event", tick.events)
            outbox.append("minute", minutes)
            deliver(outbox, store)
            if second % 60 == 0:
                store.prune()
            if second % 3600 == 3599:
                mb.append(psutil.Process().memory_info().rss / 1e6)
                print(f"{second // 3600 + 1} h: {mb[-1]:.1f} MB, joined {last.joined}", flush=True)
        stored = store.mark(("b1", outbox.epoch)).seq
        pending = outbox.pending
    warm = np.array(mb[2:])
    slope, error = slope_of(np.arange(len(warm), dtype=float), warm)
    return {
        "hours": hours, "mb_after_3_h": round(mb[2], 1), "mb_at_the_end": round(mb[-1], 1),
        "mb_per_day": round(24 * slope, 2), "grows": 24 * (slope - 2 * error) > 2.0,
        "joined": last.joined if last else 0, "rows_stored": stored, "rows_left": pending,
    }  # fmt: skip


def people(at_s: float) -> dict[int, tuple[float, float]]:
    """Who is where, in pixels: one after the other walks up the lane."""
    first = max(0, int((at_s - WALK_S - 5.0) // EVERY_S))
    there = ((n, at_s - n * EVERY_S) for n in range(first, int(at_s // EVERY_S) + 1))
    return {n: (640.0, 680.0 - 560.0 * age_s / WALK_S) for n, age_s in there if 0.0 <= age_s <= WALK_S}


def deliver(outbox: Outbox, store: Store) -> None:
    """What the broker and the collector do: the outbox's rows into the store, acknowledged."""
    rows = outbox.batch(100, 48_000)
    if rows:
        batch = RowBatch(site="case", box="b1", epoch=outbox.epoch, rows=tuple(rows))
        store.commit([Taken(batch, False, None)])
        outbox.acknowledge(outbox.epoch, store.mark(("b1", outbox.epoch)).seq)


if __name__ == "__main__":
    sys.exit(main())
