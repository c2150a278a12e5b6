"""Forecasts of a day's quarters from the store, on days made by known laws."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from dashboard import periods
from dashboard.outlook import AHEAD, WEEKS, by_clock, clock_quarters, history, outlook
from dashboard.reading import open_store
from tests.dashboard.fill import SITE
from tests.dashboard.test_past import filled, minute

ZURICH = "Europe/Zurich"
DAY = date(2025, 6, 4)


def test_the_same_day_every_week_is_forecast_as_it_comes() -> None:
    """What was made of each hour is what came, the next 60 minutes too; it is off by nothing."""
    of = periods.period("day", DAY, ZURICH)
    day = [float(3 + slot % 11) for slot in range(96)]
    told = outlook([day] * 5, day, of, ZURICH, of.start_s + 40 * 900 + 5)
    assert told.made[:44] == pytest.approx(day[:44])
    assert told.made[44:] == (None,) * 52
    assert told.off == pytest.approx(0.0)
    assert (told.compared, told.first) == (40, 40)
    assert told.ahead is not None
    assert told.ahead.expected == pytest.approx(day[40:44])


def test_a_forecast_does_not_know_what_it_forecasts() -> None:
    """Other people in an hour change the forecasts of later hours only."""
    of = periods.period("day", DAY, ZURICH)
    usual = [10.0] * 96
    rush = [*usual[:40], *[30.0] * 4, *usual[44:]]
    made = [outlook([usual] * 4, came, of, ZURICH, of.end_s + 1).made for came in (usual, rush)]
    assert made[0][:44] == made[1][:44]
    assert made[1][44] is not None
    assert made[1][44] > 14


def test_a_day_that_is_over_and_one_to_come_have_no_next_hour() -> None:
    """Only the day that runs has one; of a day to come nothing was made yet."""
    of, day = periods.period("day", DAY, ZURICH), [4.0] * 96
    over = outlook([day] * 3, day, of, ZURICH, of.end_s)
    assert (over.ahead, over.compared) == (None, 96)
    before = outlook([day] * 3, [None] * 96, of, ZURICH, of.start_s - 1)
    assert (before.ahead, before.made, before.off) == (None, (None,) * 96, None)


def test_nothing_is_forecast_without_a_week_before() -> None:
    """Without history there is no forecast and no error, not a zero."""
    of = periods.period("day", DAY, ZURICH)
    told = outlook([[None] * 96] * WEEKS, [4.0] * 96, of, ZURICH, of.start_s + 3600)
    assert (set(told.made), told.off) == ({None}, None)
    assert told.ahead is not None
    assert told.ahead.expected == (None,) * AHEAD


@pytest.mark.parametrize(("day", "slots"), [(date(2025, 3, 30), 92), (date(2025, 10, 26), 100)])
def test_days_are_compared_by_their_clock(day: date, slots: int) -> None:
    """On the days when clocks change noon is forecast from other days' noon; an hour that comes twice both times."""
    of = periods.period("day", day, ZURICH)
    usual = [float(quarter // 4) for quarter in range(96)]  # the hour itself
    came = [usual[quarter] for quarter in clock_quarters(of, ZURICH)]
    assert len(came) == slots
    told = outlook([usual] * 4, came, of, ZURICH, of.end_s)
    assert told.made == pytest.approx(came)
    assert told.off == pytest.approx(0.0)
    known = by_clock(came, of, ZURICH)
    assert [q for q in range(96) if known[q] is None] == ([8, 9, 10, 11] if slots == 92 else [])
    assert all(known[q] == usual[q] for q in range(96) if known[q] is not None)


def test_history_is_read_by_the_clock_and_adds_queues_up(quick_path: Path) -> None:
    """The same weekdays before, oldest first; minutes that nobody knows are not known, not zero."""
    before = periods.period("day", DAY - timedelta(days=7), ZURICH)
    older = periods.period("day", DAY - timedelta(days=14), ZURICH)
    rows = [minute(before.start_s + 60 * n, queue=q, joined=2) for n in range(30) for q in ("q", "p")]
    rows += [minute(older.start_s + 60 * n, joined=0, unknown=60, length_mean=None) for n in range(30)]
    filled(quick_path / "s", rows, []).close()
    db = open_store(quick_path / "s")
    of = periods.period("day", DAY, ZURICH)
    days = history(db, SITE, ("q", "p"), of, timezone=ZURICH, figure="joined")
    lengths = history(db, SITE, ("q",), of, timezone=ZURICH, figure="length")
    db.close()
    assert len(days) == WEEKS
    assert days[-1][:3] == [60.0, 60.0, None]
    assert set(days[-2]) == {None}
    assert lengths[-1][:3] == [2.0, 2.0, None]
