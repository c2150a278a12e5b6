"""Rows a second into each kind of store, a PostgreSQL server of our own beside it: told as a ratio.

python -m tests.bench.stores [--commits 60] [--rows 100]       # a commit holds so many rows, four of five events

Both sync to the disk at each commit, as they do at work; the server is on this machine, reached by its socket.
"""

import argparse
import statistics
import tempfile
import time
from contextlib import closing
from pathlib import Path

from dashboard.postgres_store import PostgresStore
from dashboard.store import Store
from dashboard.stores import AnyStore, Both
from tests.dashboard.box_rows import SOURCE, batch, event, minute, row
from tests.dashboard.postgres_server import Server


def measure(store: AnyStore, commits: int, rows: int) -> list[float]:
    """Seconds of each commit."""
    took_s = []
    for n in range(commits):
        first = n * rows + 1
        bodies = (
            minute(seq) if seq % 5 == 0 else event(seq, kind="served", wait_s=float(seq % 900))
            for seq in range(first, first + rows)
        )
        taken = [batch(*(row(seq, body) for seq, body in enumerate(bodies, first)))]
        began_s = time.perf_counter()
        store.commit(taken)
        took_s.append(time.perf_counter() - began_s)
    assert store.mark(SOURCE).seq == commits * rows
    return took_s


def main() -> None:
    """Prints a line a store."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--commits", type=int, default=60)
    parser.add_argument("--rows", type=int, default=100)
    given = parser.parse_args()
    server = Server()
    try:
        with tempfile.TemporaryDirectory() as folder:
            found = {}
            for name in ("SQLite", "PostgreSQL", "SQLite, and PostgreSQL from its spool"):
                path = Path(folder) / f"{len(found)}.sqlite3"
                stores: list[AnyStore] = []
                if name.startswith("SQLite"):
                    stores.append(Store(path, "s", utc_s=time.time, spooling="spool" in name))
                if "PostgreSQL" in name:
                    stores.append(PostgresStore(server.database(f"d{len(found)}"), "s", utc_s=time.time))
                with closing(Both(*stores) if len(stores) == 2 else stores[0]) as store:  # type: ignore[arg-type]
                    found[name] = measure(store, given.commits, given.rows)
            whole = sum(found["SQLite"])
            for name, took_s in found.items():
                pace, middle_ms = given.commits * given.rows / sum(took_s), 1000 * statistics.median(took_s)
                ratio = whole / sum(took_s)
                print(f"{name}: {pace:,.0f} rows/s, {middle_ms:.1f} ms a commit (p50), {ratio:.2f} of SQLite")
    finally:
        server.stop()


if __name__ == "__main__":
    main()
