"""A process whose power is cut: commits rows to an outbox or a store, and promises each after its commit."""

import sys
import time
from contextlib import closing
from pathlib import Path

from dashboard.store import Store
from dashboard.work import Taken
from edge.messages import Row, RowBatch
from edge.outbox import Outbox
from tests.e2e.path_parts import event, minute


def main() -> None:
    """`outbox|store FOLDER ROWS`: the ledger in the folder gets a line for each row that is committed."""
    kind, place, rows = sys.argv[1:]
    folder = Path(place)
    with (folder / "ledger").open("ab", buffering=0) as ledger:
        if kind == "outbox":
            with closing(Outbox(folder / "outbox.sqlite3")) as outbox:
                for number in range(1, int(rows) + 1):
                    outbox.append("event", [event("s", number)])
                    ledger.write(f"{number}\n".encode())
                    if number % 40 == 0:
                        outbox.acknowledge(outbox.epoch, number - 20)
        else:
            with closing(Store(folder / "store.sqlite3", "s", utc_s=time.time)) as store:
                for number in range(1, int(rows) + 1):
                    body = event("s", number) if number % 4 else minute("s", number)
                    row = Row(
                        seq=number,
                        kind="event" if number % 4 else "minute",
                        body=body.model_dump(mode="json", by_alias=True),
                    )
                    store.commit([Taken(RowBatch(site="s", box="b1", epoch="0" * 16, rows=(row,)), False, None)])
                    ledger.write(f"{number}\n".encode())


if __name__ == "__main__":
    main()
