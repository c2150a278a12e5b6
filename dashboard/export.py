"""What a period's slots are as a table, and that table as CSV and Parquet.

A spreadsheet runs a cell that begins with = + - @ as a formula, also one from a queue's name (CWE-1236): texts that
begin so get an apostrophe before them, which spreadsheets show as the text that it is. Parquet keeps them as they are.
"""

import csv
import io
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from dashboard.past import Past
from dashboard.periods import zone

DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")  # also in full width
FIGURES = ("length", "length_max", "wait_s", "wait_max_s", "joined", "served", "left", "lost")
COLUMNS = ("queue", "name", "start", "start_utc", "slot_s", *FIGURES)


def table(pasts: Sequence[tuple[str, Past]], timezone: str) -> list[dict[str, Any]]:
    """A row a slot and queue ((name, past) each); means to the tenth, None where nothing was known."""
    where, rows = zone(timezone), []
    for name, past in pasts:
        for start_s, slot in zip(past.period.slot_starts_s(), past.slots, strict=True):
            start = datetime.fromtimestamp(start_s, UTC)
            row = {
                "queue": past.queue,
                "name": name,
                "start": start.astimezone(where).isoformat(),
                "start_utc": start.isoformat().replace("+00:00", "Z"),
                "slot_s": round(past.period.slot_s),
            }
            rows.append(row | {figure: _rounded(getattr(slot, figure)) for figure in FIGURES})
    return rows


def to_csv(rows: Sequence[dict[str, Any]]) -> bytes:
    """UTF-8 with a byte order mark (spreadsheets need it), RFC 4180, safe against formulas."""
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, COLUMNS)
    writer.writeheader()
    writer.writerows({key: literal(value) for key, value in row.items()} for row in rows)
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def to_parquet(rows: Sequence[dict[str, Any]]) -> bytes:
    """One row group; `start_utc` as a timestamp."""
    import pyarrow as pa  # noqa: PLC0415  a second and 100 MB: only for who asks for it
    from pyarrow import parquet  # noqa: PLC0415

    texts = ("queue", "name", "start")
    schema = pa.schema(
        [(name, pa.string()) for name in texts]
        + [("start_utc", pa.timestamp("s", "UTC")), ("slot_s", pa.int32())]
        + [(name, pa.float64() if name in ("length", "wait_s", "wait_max_s") else pa.int64()) for name in FIGURES]
    )
    typed = [row | {"start_utc": datetime.fromisoformat(row["start_utc"])} for row in rows]
    sink = io.BytesIO()
    parquet.write_table(pa.Table.from_pylist(typed, schema=schema), sink)
    return sink.getvalue()


def literal(value: Any) -> Any:
    """A text that no spreadsheet takes for a formula; anything else as it is."""
    return f"'{value}" if isinstance(value, str) and value.lstrip(" ").startswith(DANGEROUS) else value


def _rounded(value: float | None) -> float | None:
    return round(value, 1) if isinstance(value, float) else value
