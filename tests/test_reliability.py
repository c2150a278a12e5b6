"""docs/reliability.md tells of every fault, and names files that are there."""

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "docs/reliability.md").read_text(encoding="utf-8")
LAST = 53  # faults are numbered F01 to F53


def test_every_fault_has_its_row() -> None:
    """Each fault stands in a table: with what was seen, or as not tried."""
    rows = [line for line in TEXT.splitlines() if re.match(r"\| F\d\d", line)]
    told = {fault for line in rows for fault in re.findall(r"F\d\d", line.split("|")[1])}
    assert [f for n in range(1, LAST + 1) if (f := f"F{n:02}") not in told] == []


def test_rows_have_all_their_columns() -> None:
    """Each row of the tables of faults has eight columns, the last of which is not empty."""
    rows = [line for line in TEXT.splitlines() if re.match(r"\| (F\d\d|exposure)", line)]
    assert [line[:60] for line in rows if line.count("|") != 9 or not line.split("|")[-2].strip()] == []


def test_what_is_named_exists() -> None:
    """Each file of tests and systemd that the page names is there."""
    named = set(re.findall(r"`((?:tests|systemd)/[\w/.]+)`", TEXT))
    assert len(named) > 40
    assert sorted(name for name in named if not (ROOT / name).exists()) == []
