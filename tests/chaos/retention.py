"""Retention and hourly sums at speed (fault F40): `python -m tests.chaos.retention --minutes 14400 --seed 7`.

Eight boxes send rows that were made before, each as fast as the collector acknowledges them, some batches twice and
some too early, while the retention takes out all that is older than three days, five times a second, and the
collector's wall clock jumps. At the end the hours must hold what all minutes and visits that were ever sent held, hour
by hour, and the minutes of the last three days must all be there. The last line has the figures; exit code 1 when a sum
is wrong.
"""

import _thread
import argparse
import json
import multiprocessing
import random
import signal
import sqlite3
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dashboard import collector
from dashboard.hours import HOUR_S, bin_of, hour_of
from dashboard.retention import DAY_S
from dashboard.store import Store
from edge.connection import Connection
from edge.messages import Ack, utc
from edge.settings import MqttSettings, StoreSettings
from tests.conftest import Mosquitto

SITE, EPOCH = "retention", "0123456789abcdef"
NOW_S = 1_780_000_000.0
KEEP = StoreSettings(seconds_days=1, minutes_days=3, hours_days=0)
FIGURES = ("readings", "unknown", "joined", "served", "left", "lost")
QUEUES = tuple(f"q{n}" for n in range(5))
MINUTES_A_BATCH = 80  # of five queues and a visit: 480 rows
JUMPS_S = (0.0, 0.0, -HOUR_S, HOUR_S, 400 * DAY_S, -NOW_S)  # the last is 1970
AGAIN_S = 5.0
MIX_SHARE = 0.1  # of the batches come with an old one or one that is too early

Hour = tuple[str, str, float]  # box, queue, its beginning


@dataclass
class Box:
    """What one box sends, and how far it is acknowledged."""

    name: str
    payloads: list[bytes] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)  # the last seq of each payload
    done: int = 0  # payloads acknowledged
    sent_s: float = float("-inf")


@dataclass
class Expected:
    """What the rows that were made add up to."""

    hours: dict[Hour, Counter[str]] = field(default_factory=dict)
    waits: dict[Hour, Counter[int]] = field(default_factory=dict)
    minutes_s: list[float] = field(default_factory=list)
    rows: int = 0


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=int, default=14_400, help="of each of forty queues; 1440 are a day")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    rng, expected = random.Random(options.seed), Expected()
    boxes = [made(f"b{n}", options.minutes, rng, expected) for n in range(8)]
    with tempfile.TemporaryDirectory(prefix="linewise-retention-") as name:
        folder = Path(name)
        broker = Mosquitto(folder)
        process = multiprocessing.get_context("spawn").Process(target=collect, args=(broker.port, folder, options.seed))
        process.start()
        try:
            mixed, took_s = feed(boxes, broker.mqtt, rng)
        finally:
            process.terminate()
            process.join()
            broker.stop()
        told = json.loads((folder / "told.json").read_text())
        wrong, left = judged(folder / "store.sqlite3", expected)
    sent = {"rows": expected.rows, "seconds": round(took_s, 1), "rows_per_s": round(expected.rows / took_s)}
    print(json.dumps({"seed": options.seed, **sent, "mixed_batches": mixed, **told, **left, "wrong": len(wrong)}))
    print("\n".join(wrong[:10]), end="")
    return int(bool(wrong))


def made(name: str, minutes: int, rng: random.Random, expected: Expected) -> Box:
    """A box with all its rows, which end at NOW_S."""
    box, seq = Box(name), 0
    first_s = (NOW_S // 60 - minutes) * 60
    for start in range(0, minutes, MINUTES_A_BATCH):
        bodies: list[dict[str, Any]] = []
        for number in range(start, min(start + MINUTES_A_BATCH, minutes)):
            at_s = first_s + 60 * number
            bodies += [minute(name, queue, at_s, rng, expected) for queue in QUEUES]
            bodies.append(visit(name, at_s, rng, expected))
        kinds = ("event" if "kind" in body else "minute" for body in bodies)
        rows = [{"seq": seq + n, "kind": k, "body": b} for n, (k, b) in enumerate(zip(kinds, bodies, strict=True), 1)]
        seq += len(rows)
        message = {"schema": 1, "site": SITE, "box": name, "epoch": EPOCH, "rows": rows}
        box.payloads.append(json.dumps(message).encode())
        box.ends.append(seq)
    expected.rows += seq
    return box


def minute(box: str, queue: str, at_s: float, rng: random.Random, expected: Expected) -> dict[str, Any]:
    """A minute with figures by chance."""
    figures = dict(zip(FIGURES, (60, rng.choice((0, 0, 10)), *(rng.randrange(n) for n in (5, 5, 2, 2))), strict=True))
    expected.hours.setdefault((box, queue, hour_of(at_s)), Counter()).update(figures)
    expected.minutes_s.append(at_s)
    return {
        "schema": 1, "site": SITE, "queue": queue, "minute": utc(at_s).isoformat(), **figures, "length_mean": 2.5,
        "length_max": 4, "wait_mean_s": 60.5, "wait_max_s": 90.0, "worst_quality": "ok",
    }  # fmt: skip


def visit(box: str, at_s: float, rng: random.Random, expected: Expected) -> dict[str, Any]:
    """Somebody of the first queue was served."""
    wait_s = round(rng.uniform(0, 4000), 1)
    expected.waits.setdefault((box, QUEUES[0], hour_of(at_s)), Counter()).update([bin_of(wait_s)])
    at = utc(at_s).isoformat()
    return {"schema": 1, "site": SITE, "queue": QUEUES[0], "kind": "served", "pts_s": 1.0, "at": at, "wait_s": wait_s}


def collect(port: int, folder: Path, seed: int) -> None:
    """The collector's process, with a clock that jumps each second and an eager retention."""
    stop, rng = threading.Event(), random.Random(seed)
    signal.signal(signal.SIGTERM, lambda *_: _thread.start_new_thread(stop.set, ()))  # as linewise/process.py
    jumps: dict[int, float] = {}

    def utc_s() -> float:
        return NOW_S + jumps.setdefault(int(time.monotonic()), rng.choice(JUMPS_S))

    collector.PRUNE_EVERY_S, collector.PRUNE_MORE_S = 0.2, 0.05
    with closing(Store(folder / "store.sqlite3", SITE, utc_s=utc_s, keep=KEEP)) as store:
        took: list[int] = []
        store.prune = counted(store.prune, took)  # type: ignore[method-assign]
        running = collector.Collector(SITE, MqttSettings("127.0.0.1", port), store)
        running.run(stop)
        commits_s = sorted(running.commits_s)
        told = {"prunes": len(took), "taken_out": sum(took), "jumps": len(jumps), "let_go": running.let_go}
        at = {f"commit_p{p}_ms": round(1000 * commits_s[int(p / 100 * len(commits_s))]) for p in (50, 99)}
        (folder / "told.json").write_text(json.dumps({**told, **at}))


def counted(prune: Callable[[], int], took: list[int]) -> Callable[[], int]:
    """The same, noting how many rows went each time."""

    def noting() -> int:
        took.append(prune())
        return took[-1]

    return noting


def feed(boxes: list[Box], mqtt: MqttSettings, rng: random.Random) -> tuple[int, float]:
    """Sends until all is acknowledged; how many batches were mixed in, and the seconds that it took."""
    connection = Connection(mqtt, "feeder")
    connection.subscribe([f"linewise/{SITE}/box/+/ack"])
    mixed, by_name, began_s = 0, {box.name: box for box in boxes}, time.monotonic()
    while any(box.done < len(box.payloads) for box in boxes):
        for box in boxes:
            if box.done < len(box.payloads) and time.monotonic() - box.sent_s > AGAIN_S:
                mixed += send(connection, box, rng)
        connection.step(0.1)
        connection.answers.clear()
        while connection.arrived:
            ack = Ack.model_validate_json(connection.arrived.popleft().payload)
            box = by_name[ack.box]
            while box.done < len(box.payloads) and ack.seq >= box.ends[box.done]:
                box.done, box.sent_s = box.done + 1, float("-inf")
    took_s = time.monotonic() - began_s
    connection.close()
    return mixed, took_s


def send(connection: Connection, box: Box, rng: random.Random) -> int:
    """The next batch, now and then after an old one or one that is too early; how many of those."""
    topic, mixed = f"linewise/{SITE}/box/{box.name}/rows", 0
    if rng.random() < MIX_SHARE:
        other = min(max(box.done + rng.choice((-3, -1, 1, 2)), 0), len(box.payloads) - 1)
        if other != box.done:
            connection.publish(topic, box.payloads[other], qos=1)
            mixed = 1
    connection.publish(topic, box.payloads[box.done], qos=1)
    box.sent_s = time.monotonic()
    return mixed


def judged(path: Path, expected: Expected) -> tuple[list[str], dict[str, int]]:
    """What is wrong, in words, and what is left; after a last look of the retention with a clock that is right."""
    with closing(Store(path, SITE, utc_s=lambda: NOW_S, keep=KEEP)) as store:
        while store.prune():
            pass
    with closing(sqlite3.connect(path)) as db:
        names = ", ".join(f'"{name}"' for name in FIGURES)
        found = db.execute(f"SELECT box, queue, hour_s, waits, {names} FROM hours").fetchall()  # noqa: S608
        minutes = [s for (s,) in db.execute("SELECT minute_s FROM minutes")]
        (events,) = db.execute("SELECT count(*) FROM events").fetchone()
        (missing,) = db.execute("SELECT sum(missing) FROM sources").fetchone()
    wrong = [f"{missing} rows are missing"] if missing else []
    hours = {key: Counter() + figures for key, figures in expected.hours.items()}  # without zeros
    for box, queue, hour_s, waits, *figures in found:
        key = (box, queue, hour_s)
        if hours.pop(key, None) != Counter() + Counter(dict(zip(FIGURES, figures, strict=True))):
            wrong.append(f"hour {key}: its sums are not those of its minutes")
        if Counter({int(b): n for b, n in json.loads(waits).items()}) != expected.waits.get(key, Counter()):
            wrong.append(f"hour {key}: its waits are not those of its visits")
    wrong += [f"hour {key} is not there" for key in hours]
    since_s = max(expected.minutes_s) - KEEP.minutes_days * DAY_S
    if sorted(minutes) != sorted(s for s in expected.minutes_s if s >= since_s):
        wrong.append("the minutes of the last three days are not those that were sent")
    return wrong, {"hours": len(found), "minutes_left": len(minutes), "visits_left": events}


if __name__ == "__main__":
    sys.exit(main())
