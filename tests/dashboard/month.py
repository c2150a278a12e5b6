"""Fills a store with weeks of several queues, by a seed: for the history's pages, their pictures and their figures.

python tests/dashboard/month.py STORE.sqlite3 [--days 30] [--queues 10]
"""

import argparse
import time
from collections import deque
from pathlib import Path
from typing import Any

import numpy as np
from sqlite_utils import Database

from dashboard.backfill import fill_hours
from tests.dashboard.fill import SITE, FakeCamera, FakeQueue, fill

DAY_S = 86_400.0
OPEN_MIN = (7 * 60, 20 * 60)  # of a day in UTC
EPOCH = "0123456789abcdef"
Rows = list[dict[str, Any]]


TOLD = """
UPDATE hours SET (told, told_off_s, told_more_s, told_short, told_covered) = (
    SELECT count(*), coalesce(sum(abs(told_s - wait_s)), 0), coalesce(sum(told_s - wait_s), 0),
        coalesce(sum(told_s < wait_s), 0), coalesce(sum(wait_s BETWEEN told_low_s AND told_high_s), 0)
    FROM events e WHERE e.site = hours.site AND e.queue = hours.queue AND kind = 'served' AND told_s IS NOT NULL
        AND at_s >= hour_s AND at_s < hour_s + 3600)
"""


def profile(minute: int) -> float:
    """How busy a minute of the day is, 0 to 1: a rush at noon, a small one in the morning and the evening."""
    peaks = ((9 * 60, 50, 0.45), (12.3 * 60, 55, 1.0), (17.5 * 60, 60, 0.6))
    return 0.12 + sum(height * np.exp(-0.5 * ((minute - at) / wide) ** 2) for at, wide, height in peaks)


def a_day(queue: str, number: int, start_s: float, rng: np.random.Generator) -> tuple[Rows, Rows]:
    """Minutes and events of one queue on one day; `number` makes queues differ."""
    busy, served_per_min = 1.1 + 0.12 * (number % 5), 1.15 + 0.1 * (number % 5)
    arrivals = rng.poisson([busy * profile(m) if OPEN_MIN[0] <= m < OPEN_MIN[1] else 0.0 for m in range(1440)])
    services = rng.poisson(served_per_min, 1440)
    line: deque[float] = deque()
    minutes, events = [], []
    for m in range(1440):
        at_s, before = start_s + 60 * m, len(line)
        line.extend(sorted(at_s + rng.uniform(0, 60, arrivals[m])))
        events += [event(queue, "joined", joined_s) for joined_s in list(line)[len(line) - arrivals[m] :]]
        served = left = lost = 0
        for _ in range(min(services[m], len(line))):
            joined_s = line.popleft()
            ends_s = max(joined_s + 8.0, at_s + rng.uniform(0, 60))
            served += 1
            wait_s = round(ends_s - joined_s, 1)
            events.append(event(queue, "served", ends_s, wait_s=wait_s, told_s=wait_s * rng.lognormal(0.03, 0.3)))
        if len(line) > 6 and rng.random() < 0.03:
            line.pop()
            left, lost = (1, 0) if rng.random() < 0.7 else (0, 1)
            events.append(event(queue, "left" if left else "lost", at_s + 30))
        length = (before + len(line)) / 2
        minutes.append(minute(queue, at_s, length, length / served_per_min * 60, (arrivals[m], served, left, lost)))
    return minutes, events


def event(
    queue: str, kind: str, at_s: float, *, wait_s: float | None = None, told_s: float | None = None
) -> dict[str, Any]:
    """A row of `events` without its number."""
    told = {"told_s": None, "told_low_s": None, "told_high_s": None}
    if told_s is not None:
        told = {"told_s": round(told_s, 1), "told_low_s": 0.7 * told_s, "told_high_s": 1.5 * told_s}
    return {**told, "site": SITE, "box": "box-1", "epoch": EPOCH, "queue": queue, "kind": kind, "at_s": at_s,
            "pts_s": 0.0, "wait_s": wait_s, "stay_s": wait_s,
            "ahead_on_joining": None, "censored": 0, "text": None}  # fmt: skip


def minute(queue: str, at_s: float, length: float, wait_s: float, counts: tuple[int, ...]) -> dict[str, Any]:
    """A row of `minutes`."""
    joined, served, left, lost = (int(c) for c in counts)
    return {"site": SITE, "box": "box-1", "queue": queue, "minute_s": at_s, "readings": 60, "unknown": 0,
            "length_mean": length, "length_max": int(np.ceil(length)) + (length > 0), "wait_mean_s": wait_s,
            "wait_max_s": 1.3 * wait_s, "joined": joined, "served": served, "left": left, "lost": lost,
            "worst_quality": "ok"}  # fmt: skip


def fill_month(path: Path, *, now_s: float, days: int = 30, queues: int = 10, seed: int = 1) -> None:
    """Half an hour of seconds up to now, and minutes, visits and hours of the days before, today among them."""
    names = tuple(FakeQueue(f"till-{n + 1}", "ok", 2 + (n * 5) % 9) for n in range(queues))
    fill(path, names, (FakeCamera("tills"), FakeCamera("entrance", "lost", detail="connection refused")), now_s=now_s)
    rng = np.random.default_rng(seed)
    db = Database(path)
    seq = 0
    for day in range(days - 1, -1, -1):
        start_s = now_s // DAY_S * DAY_S - day * DAY_S
        for number, queue in enumerate(names):
            minutes, events = a_day(queue.queue, number, start_s, rng)
            db.table("minutes").insert_all(m for m in minutes if m["minute_s"] < now_s - 60)
            kept = [e for e in events if e["at_s"] < now_s]
            db.table("events").insert_all(e | {"seq": seq + n} for n, e in enumerate(kept))
            seq += len(kept)
    with db.atomic():
        fill_hours(db)
        db.execute(TOLD)
    db.close()


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("store", type=Path)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--queues", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    began_s = time.monotonic()
    fill_month(given.store, now_s=time.time(), days=given.days, queues=given.queues, seed=given.seed)
    print(f"{given.store.stat().st_size / 1e6:.0f} MB in {time.monotonic() - began_s:.0f} s")


if __name__ == "__main__":
    main()
