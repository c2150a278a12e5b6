"""Fills a store with queues, cameras and boxes of every kind, by a seed: for tests, screenshots and for trying by hand.

python tests/dashboard/fill.py STORE.sqlite3 [--seed 1] [--queues 8] [--live]     # --live goes on writing every second
"""

import argparse
import random
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from dashboard.migrations import migrations
from edge.messages import utc

SITE = "canteen"
KINDS = ("ok", "idle", "warming", "degraded", "stopped", "closed", "stale", "frozen", "late", "silent")


@dataclass(frozen=True)
class FakeQueue:
    """One queue of the store: `kind` is one of KINDS, `level` its usual length, `slope` people an hour."""

    queue: str
    kind: str = "ok"
    level: float = 4.0
    slope: float = 0.0


@dataclass(frozen=True)
class FakeCamera:
    """One camera of the store; `state` and `picture` as in CameraHealth."""

    camera: str
    state: str = "ok"
    picture: str = "ok"
    detail: str = ""
    heard_s: float = 2.0


def new_store(path: Path) -> Database:
    """An empty store with its schema, in WAL mode."""
    db = Database(path)
    db.enable_wal()
    migrations.apply(db)
    return db


def reading(queue: FakeQueue, length: float, now_s: float, *, site: str = SITE, seq: int = 1) -> dict[str, Any]:
    """A row of `state` for the queue, `now_s` its instant; arrival is a tenth of a second later."""
    unknown = queue.kind in ("stale", "frozen")
    whole = max(0, round(length))
    known = None if unknown else whole
    wait = None if unknown or queue.kind in ("warming", "closed") else 35.0 * whole
    states = {"idle": "idle", "stopped": "stopped", "closed": "closed"}
    age_s = {"late": 14.0, "silent": 130.0}.get(queue.kind, 0.0)
    return {
        "site": site,
        "queue": queue.queue,
        "received_s": now_s - age_s + 0.1,
        "seq": seq,
        "pts_s": now_s % 100_000,
        "at": utc(now_s - age_s).isoformat().replace("+00:00", "Z"),
        "length": known,
        "length_low": None if unknown else max(0, whole - 1 - whole // 8),
        "length_high": None if unknown else whole + (1 + whole // 8 if whole else 0),
        "quality": queue.kind if queue.kind in ("stale", "frozen", "warming", "degraded") else "ok",
        "state": states.get(queue.kind, "serving"),
        "wait_s": wait,
        "wait_low_s": None if wait is None else 0.75 * wait,
        "wait_high_s": None if wait is None else 1.4 * wait,
        "wait_method": None if wait is None else "rate",
        "arrivals_per_min": 1.8,
        "served_per_min": 1.7,
        "joined": 400 + whole,
        "served": 390,
        "left": 8,
        "lost": 2,
    }


def fill(
    path: Path,
    queues: tuple[FakeQueue, ...],
    cameras: tuple[FakeCamera, ...] = (),
    *,
    now_s: float,
    seed: int = 1,
    site: str = SITE,
) -> None:
    """Writes half an hour of readings of the queues, their last state, cameras, one box that is online."""
    db = new_store(path)
    rng = random.Random(seed)
    for queue in queues:
        rows = [_kept(r) for r in _half_hour(queue, rng, now_s, site)]
        db.table("readings").insert_all(rows)
        length = 0.0 if queue.kind in ("idle", "closed") else rows[-1]["length"] or queue.level
        db.table("state").upsert(reading(queue, length, now_s, site=site), pk=("site", "queue"))
    for camera in cameras:
        db.table("cameras").upsert(health(camera, now_s, site=site), pk=("site", "camera"))
    box(db, now_s=now_s, site=site)
    db.close()


def _half_hour(queue: FakeQueue, rng: random.Random, now_s: float, site: str) -> list[dict[str, Any]]:
    rows, length = [], queue.level - queue.slope / 2
    unknown_from = 1800 - rng.randint(70, 200)
    for second in range(0, 1800, 5):
        goal = queue.level - queue.slope * (1800 - second) / 3600
        length += 0.05 * (goal - length) + rng.gauss(0, 0.33)
        dark = queue.kind in ("stale", "frozen") and second >= unknown_from
        kind = queue.kind if dark or queue.kind not in ("stale", "frozen") else "ok"
        shown = 0.0 if queue.kind in ("idle", "closed") and second > 1500 else max(0.0, length)
        rows.append(reading(FakeQueue(queue.queue, kind), shown, now_s - 1800 + second, site=site))
    return rows


def _kept(row: dict[str, Any]) -> dict[str, Any]:
    at_s = row["received_s"] - 0.1
    names = ("site", "queue", "received_s", "length", "length_low", "length_high", "quality", "state", "wait_s")
    more = ("wait_low_s", "wait_high_s", "joined", "served", "left", "lost")
    return {"at_s": at_s, **{key: row[key] for key in (*names, *more)}}


def health(camera: FakeCamera, now_s: float, *, site: str = SITE) -> dict[str, Any]:
    """A row of `cameras`."""
    well = camera.state == "ok"
    return {
        "site": site,
        "camera": camera.camera,
        "received_s": now_s - camera.heard_s,
        "at": utc(now_s - camera.heard_s).isoformat().replace("+00:00", "Z"),
        "state": camera.state,
        "detail": camera.detail,
        "picture": camera.picture,
        "frames_in_per_s": 15.0 if well else 0.0,
        "frames_out_per_s": 5.0 if well else 0.0,
        "age_s": 0.1 if well else 47.0,
        "latency_s": 0.062 if well else None,
        "dropped": 3,
        "restarts": 0 if well else 4,
        "runtime": "openvino",
        "model_sha256": "0" * 64,
        "width": 1280,
        "height": 720,
    }


def box(db: Database, name: str = "box-1", *, now_s: float, site: str = SITE, status: str = "online") -> None:
    """A row of `boxes`."""
    row = {
        "site": site,
        "box": name,
        "received_s": now_s - 600,
        "at": utc(now_s - 600).isoformat().replace("+00:00", "Z"),
        "status": status,
        "version": "0.1.0",
        "config_sha256": "0" * 64,
        "epoch": "0123456789abcdef",
    }
    db.table("boxes").upsert(row, pk=("site", "box"))


def alert(db: Database, queue: str, text: str, at_s: float, *, site: str = SITE, seq: int = 1) -> None:
    """A row of `events`: an alert."""
    row = {"site": site, "box": "box-1", "epoch": "0123456789abcdef", "seq": seq, "queue": queue, "kind": "alert"}
    db.table("events").insert({**row, "at_s": at_s, "pts_s": 0.0, "censored": 0, "text": text})


def missing(db: Database, rows: int, name: str = "box-1") -> None:
    """Says that so many durable rows of the box are known to be lost."""
    row = {"box": name, "epoch": "0123456789abcdef", "seq": 900, "missing": rows}
    db.table("sources").upsert(row, pk=("box", "epoch"))


EVERY_QUEUE = (
    FakeQueue("till-1", "ok", 11, 9),
    FakeQueue("till-2", "ok", 3),
    FakeQueue("till-3", "stopped", 6, 6),
    FakeQueue("till-4", "stale", 5),
    FakeQueue("till-5", "closed", 3),
    FakeQueue("salad", "degraded", 5, -8),
    FakeQueue("coffee", "late", 7),
    FakeQueue("lift", "silent", 9),
)
EVERY_CAMERA = (
    FakeCamera("tills"),
    FakeCamera("entrance", "lost", detail="connection refused"),
    FakeCamera("lift", "ok", "frozen"),
)


def every_kind(path: Path, *, now_s: float, seed: int = 1, queues: int = len(EVERY_QUEUE)) -> None:
    """The first so many of eight queues, one of most kinds, and cameras that are well and broken."""
    fill(path, EVERY_QUEUE[:queues], EVERY_CAMERA, now_s=now_s, seed=seed)
    db = Database(path)
    missing(db, 12)
    alert(db, "till-1", "wait_s > 300", now_s - 900)
    db.close()


def go_on(
    path: Path, queues: tuple[FakeQueue, ...], cameras: tuple[FakeCamera, ...], *, stop: threading.Event, seed: int = 1
) -> None:
    """Writes a reading a second of the queues until `stop` is set."""
    db, rng = Database(path), random.Random(seed)
    lengths = {q.queue: q.level + q.slope / 2 for q in queues}
    while not stop.wait(1):
        for queue in queues:
            lengths[queue.queue] += rng.choice((-1, 0, 0, 0, 0, 0, 1)) + 0.1 * (queue.level - lengths[queue.queue])
            row = reading(queue, 0.0 if queue.kind in ("idle", "closed") else lengths[queue.queue], time.time())
            db.table("state").upsert(row, pk=("site", "queue"))
            if queue.kind not in ("late", "silent"):
                db.table("readings").insert(_kept(row))
        for camera in cameras:
            db.table("cameras").upsert(health(camera, time.time()), pk=("site", "camera"))
    db.close()


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("store", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--queues", type=int, default=len(EVERY_QUEUE))
    parser.add_argument("--live", action="store_true")
    given = parser.parse_args()
    every_kind(given.store, now_s=time.time(), seed=given.seed, queues=given.queues)
    if given.live:
        go_on(given.store, EVERY_QUEUE[: given.queues], EVERY_CAMERA, stop=threading.Event(), seed=given.seed)


if __name__ == "__main__":
    main()
