"""The history: local days, slots, percentiles, what gave up, and its exports."""

import csv
import io
import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from pyarrow import parquet
from sqlite_utils import Database

from dashboard import past, periods
from dashboard.backfill import fill_hours
from dashboard.export import literal, table, to_csv, to_parquet
from dashboard.past import Past, Slot, Waits
from dashboard.reading import open_store
from tests.dashboard.fill import SITE, new_store

BERLIN = "Europe/Berlin"
DAY = date(2026, 5, 4)
EPOCH = "0123456789abcdef"


def minute(at_s: float, **changes: Any) -> dict[str, Any]:
    """A row of `minutes`: two people, a minute's wait, one came and was served."""
    row = {"site": SITE, "box": "b", "queue": "q", "minute_s": at_s, "readings": 60, "unknown": 0, "length_mean": 2.0,
           "length_max": 3, "wait_mean_s": 60.0, "wait_max_s": 90.0, "joined": 1, "served": 1, "left": 0, "lost": 0,
           "worst_quality": "ok"}  # fmt: skip
    return row | changes


def served(at_s: float, wait_s: float, seq: int) -> dict[str, Any]:
    """A row of `events`: somebody was served."""
    return {"site": SITE, "box": "b", "epoch": EPOCH, "seq": seq, "queue": "q", "kind": "served", "at_s": at_s,
            "pts_s": 0.0, "wait_s": wait_s, "censored": 0}  # fmt: skip


def filled(path: Path, minutes: list[dict[str, Any]], events: list[dict[str, Any]]) -> Database:
    """A store with these rows and their hours."""
    db = new_store(path)
    db.table("minutes").insert_all(minutes)
    db.table("events").insert_all(events)
    with db.atomic():
        fill_hours(db)
    return db


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Zurich", date(2025, 10, 26), 25),
        ("Europe/Zurich", date(2025, 3, 30), 23),
        ("Europe/Zurich", date(2025, 6, 1), 24),
        ("Asia/Kolkata", date(2025, 3, 30), 24),
        ("Australia/Lord_Howe", date(2025, 4, 6), 24.5),
    ],
)
def test_days_have_the_hours_that_they_have(quick_path: Path, zone: str, day: date, hours: float) -> None:
    """A night of the clocks makes a day of 23 or 25 hours; one reading a minute adds up to it, none counted twice."""
    of = periods.period("day", day, zone)
    assert of.slots == hours * 4
    minutes = [minute(of.start_s + 60 * n) for n in range(-120, round(hours * 60) + 120)]
    filled(quick_path / "store.sqlite3", minutes, []).close()
    db = open_store(quick_path / "store.sqlite3")
    found = past.read_past(db, SITE, "q", of)
    db.close()
    assert found.total("joined") == round(hours * 60)
    assert {slot.joined for slot in found.slots} == {15}
    labels = [periods.clock_words(start_s, zone) for start_s in of.slot_starts_s()]
    assert len(set(labels)) == of.slots, "no label twice"


def test_the_hour_that_comes_twice_is_told_apart() -> None:
    """Labels of the doubled hour carry A and B, and no other does."""
    of = periods.period("day", date(2025, 10, 26), BERLIN)
    labels = [periods.clock_words(s, BERLIN) for s in of.slot_starts_s()]
    assert [label for label in labels if " " in label] == [
        *(f"02:{m:02d} A" for m in (0, 15, 30, 45)), *(f"02:{m:02d} B" for m in (0, 15, 30, 45)),
    ]  # fmt: skip


def test_weeks_begin_on_monday_and_compare_with_the_week_before() -> None:
    """A week holds its seven local days; what it is compared with is seven days earlier."""
    of = periods.period("week", date(2026, 5, 7), BERLIN)
    assert (of.first, of.slots) == (date(2026, 5, 4), 168)
    assert periods.before(of, BERLIN).end_s == of.start_s
    assert [label for _, label in periods.ticks(of, BERLIN)][:2] == ["Mon 4", "Tue 5"]


def test_unknown_minutes_are_no_zeros(quick_path: Path) -> None:
    """A slot's mean is that of the readings that knew a length; one without any is not known."""
    of = periods.period("day", DAY, BERLIN)
    dark = {"unknown": 60, "length_mean": None, "length_max": None, "wait_mean_s": None, "wait_max_s": None}
    minutes = [minute(of.start_s), minute(of.start_s + 60, **dark), minute(of.start_s + 120, length_mean=5.0)]
    minutes += [minute(of.start_s + 900, **dark, joined=0, served=0)]
    filled(quick_path / "store.sqlite3", minutes, []).close()
    db = open_store(quick_path / "store.sqlite3")
    first, second, third, *_ = past.read_past(db, SITE, "q", of).slots
    db.close()
    assert (first.length, first.length_max, first.wait_s) == (3.5, 3, 60.0)
    assert (second.length, third.length) == (None, None)


def test_percentiles_outlive_the_visits(quick_path: Path) -> None:
    """Waits are exact while visits are kept; afterwards the hours' bins tell them to within a bin."""
    of = periods.period("day", DAY, BERLIN)
    waits = [10.0 * n for n in range(1, 101)]  # 10 to 1000 s
    events = [served(of.start_s + 60 * n, wait_s, n) for n, wait_s in enumerate(waits)]
    store = filled(quick_path / "store.sqlite3", [minute(of.start_s)], events)
    db = open_store(quick_path / "store.sqlite3")
    exact = past.read_past(db, SITE, "q", of).waits
    assert (exact.n, exact.percentile_s(0.5), exact.percentile_s(0.9)) == (100, 500.0, 900.0)
    assert exact.share_within(300) == 0.3
    store.execute("DELETE FROM events")
    store.execute("DELETE FROM minutes")
    store.conn.commit()
    later = past.read_past(db, SITE, "q", of)
    assert later.waits.n == 100
    assert later.waits.percentile_s(0.5) == pytest.approx(500, abs=30)
    assert later.waits.share_within(300) == pytest.approx(0.3, abs=0.03)
    assert later.total("joined") == 1, "the hours tell the counts that the minutes no longer do"
    db.close()
    store.close()


def test_nobody_has_no_percentile() -> None:
    """Without people there is no percentile and no share."""
    assert (Waits().percentile_s(0.5), Waits().share_within(60)) == (None, None)


def one(name: str = "q", **slot: Any) -> Past:
    """A queue on a day whose slots are all the same."""
    of = periods.period("day", DAY, BERLIN)
    return Past(name, of, (Slot(known=1.0, **slot),) * of.slots, Waits(((30.0, 1, 0.0),)))


def test_giving_up_has_bounds() -> None:
    """At least those who were seen to leave gave up, at most these and all who were lost."""
    assert past.gave_up(one(served=6, left=1, lost=1)) == (0.125, 0.25)
    assert past.gave_up(one()) is None


def test_queues_together_add_up() -> None:
    """Lengths and counts of several queues add up, waits are those of everybody."""
    both = past.together([one(length=2.0, joined=1), one(length=3.0, joined=4)])
    assert (both.slots[0].length, both.slots[0].joined, both.waits.n) == (5.0, 5, 2)


HOSTILE = ("=cmd|' /C calc'!A0", "+1", "-1+1", "@SUM(1)", "\tx", "\rx", " =1", "\uff1d1")


@pytest.mark.parametrize("name", HOSTILE)
def test_no_cell_is_a_formula(name: str) -> None:
    """No text in the CSV begins with what a spreadsheet runs; with the apostrophe taken away it is the name again."""
    text = to_csv(table([(name, one(name))], BERLIN)).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert len(rows) == 96
    assert {row["name"] for row in rows} == {f"'{name}"} == {row["queue"] for row in rows}
    assert literal(-1.5) == -1.5, "a number is no text"


def test_parquet_holds_the_same_rows() -> None:
    """Parquet has the rows of the table, names as they are, instants as timestamps."""
    rows = table([("=Till", one(length=2.04, wait_s=61.0, joined=3))], BERLIN)
    read = parquet.read_table(io.BytesIO(to_parquet(rows))).to_pylist()
    assert len(read) == len(rows) == 96
    assert (read[0]["name"], read[0]["length"], read[0]["wait_max_s"], read[0]["joined"]) == ("=Till", 2.0, None, 3)
    assert read[0]["start_utc"].isoformat() == "2026-05-03T22:00:00+00:00"
    assert json.loads(json.dumps(rows))[0]["start"] == "2026-05-04T00:00:00+02:00"
