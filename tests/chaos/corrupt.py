"""Files that are corrupt when they are opened (fault F38): `python -m tests.chaos.corrupt --seeds 1000`.

An outbox with undelivered rows and a store with history are damaged, each seed in its own way; then the box and the
collector start on them and work. Whatever is damaged, they start and go on; what they can't read is kept under another
name and told. The last line has the figures: `changed` are files whose damage SQLite can't see (it keeps no checksums).
"""

import argparse
import json
import logging
import random
import shutil
import sqlite3
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from dashboard.store import Store
from edge.errors import InputError
from edge.messages import Row
from edge.outbox import Outbox
from tests.dashboard.box_rows import SOURCE, batch, event, minute, row

NOW_S = 1_780_000_000.0
ROWS = 120
KINDS = ("page", "bytes", "bit", "cut", "zeros", "empty", "swapped", "sidecar", "schema")


def damage(path: Path, rng: random.Random) -> str:
    """Damages the file or what stands beside it; in which way."""
    kind = rng.choice(KINDS)
    blob = bytearray(path.read_bytes())
    pages = len(blob) // 4096
    at, page = rng.randrange(len(blob)), 4096 * rng.randrange(pages)
    if kind == "page":
        blob[page : page + 4096] = rng.randbytes(4096)
    elif kind == "bytes":
        blob[at : at + 600] = rng.randbytes(len(blob[at : at + 600]))
    elif kind == "bit":
        blob[at] ^= 1 << rng.randrange(8)
    elif kind in ("cut", "empty"):
        del blob[at if kind == "cut" else 0 :]
    elif kind == "zeros":
        blob[at : at + 9000] = bytes(len(blob[at : at + 9000]))
    elif kind == "swapped":
        other = 4096 * rng.randrange(pages)
        blob[page : page + 4096], blob[other : other + 4096] = blob[other : other + 4096], blob[page : page + 4096]
    elif kind == "sidecar":
        for suffix in ("-journal", "-wal", "-shm"):
            path.with_name(path.name + suffix).write_bytes(rng.randbytes(rng.randrange(20_000)))
    path.write_bytes(blob)
    if kind == "schema":
        with closing(sqlite3.connect(path)) as db, db:
            tables = [n for (n,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
            db.execute(f"DROP TABLE {rng.choice([t for t in tables if not t.startswith('sqlite_')])}")
    return kind


def new_outbox(path: Path) -> None:
    """An outbox with rows that nobody has acknowledged, and free pages of others."""
    with closing(Outbox(path, new_epoch=lambda: "ab" * 8, utc_s=lambda: NOW_S)) as box:
        for n in range(0, ROWS, 4):
            box.append("event", [event(n + k, text="x" * 300) for k in range(3)])
            box.append("minute", [minute(n + 3)])
        box.batch(20, 100_000)
        box.acknowledge(box.epoch, 20)


def outbox_lives(path: Path) -> str:
    """Opens the outbox, works and delivers all: "whole", "set aside", "begun anew", "changed" or "refused"."""
    before, empty = _rows(path.with_name("template")), path.stat().st_size == 0
    epochs = (f"{n:016x}" for n in range(9))
    try:
        box = Outbox(path, new_epoch=lambda: next(epochs), utc_s=lambda: NOW_S)
    except InputError:
        return "refused"
    with closing(box):
        box.append("event", [event(ROWS)])
        taken, mark = [], {box.epoch: box.acked}
        for _ in range(60):
            for one in box.batch(10, 100_000):
                first = one.body["first"] if one.kind == "gap" else one.seq
                if first <= mark.setdefault(box.epoch, 0) + 1 <= one.seq:
                    taken.append(one)
                    mark[box.epoch] = one.seq
            box.acknowledge(box.epoch, mark.get(box.epoch, 0))
            box.rewind()
        assert box.pending == 0, f"{box.pending} rows are never delivered"
    if list(path.parent.glob(f"{path.name}.corrupt-*")):
        assert any(r.kind == "gap" and "corrupt" in r.body["reason"] for r in taken), "set aside and not told"
        return "set aside"
    if empty:
        return "begun anew"
    return "whole" if [_plain(r) for r in taken[:-1]] == before else "changed"


def _plain(one: Row) -> tuple[int, str, dict[str, Any]]:
    return one.seq, one.kind, one.body


def _rows(path: Path) -> list[tuple[int, str, dict[str, Any]]]:
    with closing(sqlite3.connect(path)) as db:
        return [(s, k, json.loads(b)) for s, k, b in db.execute("SELECT seq, kind, body FROM rows ORDER BY seq")]


def new_store(path: Path) -> None:
    """A store with events, minutes, hours and a quarantine."""
    with closing(Store(path, "s", utc_s=lambda: NOW_S)) as store:
        rows = [row(n, minute(n) if n % 4 == 0 else event(n, text="x" * 200)) for n in range(1, ROWS + 1)]
        store.commit([batch(*rows), batch(Row(seq=1, kind="event", body={"bad": 1}), epoch="ff" * 8)])


def store_lives(path: Path) -> str:
    """Opens the store, stores more rows, prunes: "whole", "set aside", "begun anew", "changed" or "refused"."""
    before, empty = _history(path.with_name("template")), path.stat().st_size == 0
    for _ in range(2):  # a collector that finds out while it works begins anew, and the box sends again
        try:
            store = Store(path, "s", utc_s=lambda: NOW_S)
        except InputError:
            return "refused"
        with closing(store):
            for _ in range(3):
                first = store.mark(SOURCE).seq + 1
                store.commit([batch(*(row(n) for n in range(first, first + 3)))])
            store.prune()
            assert store.mark(SOURCE).seq >= 3
    if list(path.parent.glob(f"{path.name}.corrupt-*")):
        return "set aside"
    if empty:
        return "begun anew"
    return "whole" if _history(path)[: len(before)] == before else "changed"


def _history(path: Path) -> list[Any]:
    with closing(sqlite3.connect(path)) as db:
        db.text_factory = bytes
        events = db.execute("SELECT * FROM events WHERE seq <= ? ORDER BY seq", (ROWS,)).fetchall()
        return [*events, *db.execute("SELECT * FROM minutes ORDER BY minute_s").fetchall()]


SUBJECTS: dict[str, tuple[Callable[[Path], None], Callable[[Path], str]]] = {
    "outbox": (new_outbox, outbox_lives),
    "store": (new_store, store_lives),
}


def run(subject: str, seeds: range, folder: Path) -> Counter[str]:
    """How often each outcome came, as "kind: outcome"; AssertionError or another one where a promise broke."""
    make, lives = SUBJECTS[subject]
    template = folder / f"{subject}.sqlite3"
    make(template)
    outcomes: Counter[str] = Counter()
    for seed in seeds:
        place = folder / f"{subject}-{seed}"
        place.mkdir()
        shutil.copy(template, place / "template")
        shutil.copy(template, place / "it.sqlite3")
        kind = damage(place / "it.sqlite3", random.Random(seed))
        try:
            outcomes[f"{kind}: {lives(place / 'it.sqlite3')}"] += 1
        except Exception as fault:
            fault.add_note(f"{subject}, seed {seed}, {kind}")
            raise
        shutil.rmtree(place)
    return outcomes


def main() -> int:
    """Prints a line a subject, and one with everything."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=1000)
    parser.add_argument("--subject", action="append", choices=tuple(SUBJECTS))
    parser.add_argument("--first", type=int, default=0)
    options = parser.parse_args()
    logging.disable(logging.CRITICAL)
    memory = Path("/dev/shm")
    for subject in options.subject or SUBJECTS:
        with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None, prefix="linewise-corrupt-") as folder:
            found = run(subject, range(options.first, options.first + options.seeds), Path(folder))
        print(json.dumps({"subject": subject, "files": options.seeds, **dict(sorted(found.items()))}), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
