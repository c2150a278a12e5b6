"""What the files of a running site tell: the counter's own word, the outbox, and the collector's store; read-only."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from edge.outbox import CAP_BYTES
from edge.paths import counter_word, outbox_path, store_path
from edge.settings import Site
from linewise.check_report import CheckLine
from linewise.diagnose_parts import duration

SILENT_S = 90.0  # cameras tell their health every 30 s, readings come every second
SLOW_S = 0.25  # a commit that takes longer: a worn-out card, or a disk that is shared
MANY_ROWS = 3000  # an hour and more of a busy box without a collector

Row = dict[str, Any]


@dataclass(frozen=True)
class State:
    """Everything that was read; a fault in reading stands in `unread` and the rest goes on.

    Attributes:
        counter: what the counter wrote last (edge/counter_service.py), {} where it has not.
        outbox, store: tables as rows.
        unread: file -> why it could not be read.
    """

    counter: Row = field(default_factory=dict)
    outbox: dict[str, list[Row]] = field(default_factory=dict)
    store: dict[str, list[Row]] = field(default_factory=dict)
    unread: dict[str, str] = field(default_factory=dict)


_STORE = {
    "cameras": "SELECT * FROM cameras WHERE site = ?",
    "queues": "SELECT queue, received_s, quality, state, length, wait_s, wait_method FROM state WHERE site = ?",
    "boxes": "SELECT * FROM boxes WHERE site = ?",
    "sources": "SELECT * FROM sources WHERE ? != ''",
    "counts": "SELECT * FROM counts WHERE ? != ''",
    # payloads stay on the box: nobody knows what is in them
    "quarantine": "SELECT received_s, topic, reason FROM quarantine WHERE ? != '' ORDER BY rowid DESC LIMIT 50",
}


def read_state(site: Site, state: Path) -> State:
    """Reads the site's state folder."""
    read = State()
    try:
        read.counter.update(json.loads(counter_word(state).read_text("utf-8")))
    except FileNotFoundError:
        read.unread["counter"] = "the counter has not written its word yet"
    except (OSError, ValueError) as error:
        read.unread["counter"] = str(error)
    _read_tables(store_path(state), {name: (sql, (site.id,)) for name, sql in _STORE.items()}, read.store, read.unread)
    return read


def _read_tables(
    file: Path, wanted: dict[str, tuple[str, tuple[Any, ...]]], into: dict[str, list[Row]], unread: dict[str, str]
) -> None:
    if not file.exists():
        unread[file.name] = "there is none here"
        return
    try:
        with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=5.0)) as db:
            db.row_factory = sqlite3.Row
            for name, (sql, arguments) in wanted.items():
                into[name] = [dict(row) for row in db.execute(sql, arguments)]
    except sqlite3.Error as error:
        unread[file.name] = str(error)


def outbox_lines(state: Path, read: State, now_utc_s: float) -> Iterator[CheckLine]:
    """How much waits for the collector, by the counter's own word: it keeps its file to itself while it runs."""
    word = read.counter
    size = outbox_path(state).stat().st_size if outbox_path(state).exists() else 0
    if not word:
        yield CheckLine("warning", "outbox", read.unread["counter"], "is the counter running?")
        return
    age_s = now_utc_s - word["at_utc_s"]
    text = (
        f"{word['pending']} rows wait ({size / 1e6:.1f} of {CAP_BYTES / 1e6:.0f} MB), {word['dropped']} dropped, "
        f"{word['dead']} dead letters; as of {duration(abs(age_s))} {'ago' if age_s >= 0 else 'ahead of this clock'}"
    )
    if word["dropped"] or word["dead"]:
        yield CheckLine("fault", "outbox", text, "rows were given up: has the disk been full, or the collector away?")
    elif word["pending"] >= MANY_ROWS or size > CAP_BYTES / 2:
        yield CheckLine("warning", "outbox", text, "the collector does not take them: look at broker and collector")
    else:
        yield CheckLine("ok", "outbox", text)
    if word["commit_p99_s"] is not None:
        slow = word["commit_p99_s"] > SLOW_S
        text = f"a commit takes {1e3 * word['commit_p50_s']:.1f} ms (p50), {1e3 * word['commit_p99_s']:.1f} ms (p99)"
        remedy = "the disk or card is slow or wears out: plan to replace it" if slow else ""
        yield CheckLine("warning" if slow else "ok", "disk", text, remedy)
    if word["rejected"]:
        yield CheckLine(
            "warning", "counter", f"{word['rejected']} lines of cameras were not understood", "same version?"
        )


def camera_lines(site: Site, read: State, now_utc_s: float) -> Iterator[CheckLine]:
    """How each camera is, by its own health, and how old that word is."""
    told = {row["camera"]: row for row in read.store.get("cameras", [])}
    if "cameras" not in read.store:
        return
    for camera in site.cameras:
        about, row = f"camera {camera.id}", told.get(camera.id)
        if row is None:
            yield CheckLine("fault", about, "has never told its health", "does its part run? see above")
            continue
        age_s = now_utc_s - row["received_s"]
        rates = (
            f"{row['frames_in_per_s']:.1f} pictures/s in, {row['frames_out_per_s']:.1f} of {camera.detect_fps:g} "
            f"looked at, {row['runtime'] or 'no detector yet'}, {row['restarts']} reconnects; "
            f"told {duration(age_s)} ago"
        )
        if age_s > SILENT_S:
            yield CheckLine("fault", about, f"silent for {duration(age_s)}; it was {row['state']}", "does it run?")
        elif row["state"] != "ok" or row["picture"] != "ok":
            level, words = (
                ("warning" if row["state"] == "starting" else "fault"),
                f"{row['state']}, picture {row['picture']}",
            )
            yield CheckLine(level, about, f"{words}; {rates}", row["detail"])  # type: ignore[arg-type]
        elif row["frames_out_per_s"] < camera.detect_fps / 2:
            yield CheckLine(
                "warning", about, rates, "this box is too slow for its cameras: lower detect_fps, or use fewer cameras"
            )
        else:
            yield CheckLine("ok", about, rates)


def store_lines(site: Site, read: State, now_utc_s: float) -> Iterator[CheckLine]:
    """What the collector has: live readings and their age, gaps, refused messages."""
    if "queues" not in read.store:
        why = next((f"{name}: {words}" for name, words in read.unread.items() if name.startswith("store")), "")
        yield CheckLine("warning", "store", why, "the collector keeps it: diagnose on the machine where that runs")
        return
    told = {row["queue"]: row for row in read.store["queues"]}
    for queue in site.queues:
        about, row = f"queue {queue.id}", told.get(queue.id)
        if row is None:
            yield CheckLine("fault", about, "no reading has ever come", "are counter, broker and collector running?")
            continue
        age_s = now_utc_s - row["received_s"]
        length = "unknown" if row["length"] is None else row["length"]
        text = f"length {length}, quality {row['quality']}, {row['state']}; {duration(age_s)} old"
        good = age_s <= SILENT_S and row["quality"] in ("ok", "warming")
        yield CheckLine("ok" if good else "fault", about, text, "" if good else "see its cameras, counter and broker")
    missing = sum(row["missing"] for row in read.store["sources"])
    counts = {row["name"]: row["value"] for row in read.store["counts"]}
    quarantined = counts.get("quarantined", 0)
    text = f"{missing} rows missing for ever, {quarantined} messages refused, {counts.get('duplicates', 0)} came twice"
    remedy = "; ".join(sorted({row["reason"] for row in read.store["quarantine"][:3]}))
    yield CheckLine("warning" if missing or quarantined else "ok", "store", text, remedy)
