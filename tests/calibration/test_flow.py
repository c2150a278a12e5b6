"""People joined and served, interval by interval, and their GEH."""

import math

import pytest

from calibration import flow
from edge.vocabulary import Visit


def stay(joined_s: float, served_s: float | None = None, *, censored: bool = False) -> Visit:
    """A visit that joined, and was served if it says when."""
    return Visit("q1", (), joined_s, served_s, served_s, "served" if served_s is not None else None, 0, censored)


def test_geh_by_hand() -> None:
    """An hour with 110 counted for 100: sqrt(2 * 10^2 / 210); equal counts and none at all are 0."""
    assert flow.Interval(0, 3600, 110, 100, 0, 0).geh("joined") == pytest.approx(math.sqrt(200 / 210))
    assert flow.Interval(0, 3600, 110, 100, 0, 0).geh("served") == 0.0
    assert flow.Interval(0, 300, 6, 5, 0, 0).geh("joined") == pytest.approx(math.sqrt(2 * 12**2 / 132))


def test_intervals_cover_the_recording_once() -> None:
    """740 s are 0 to 300 and 300 to 740; 760 s have a third interval; somebody at an edge is counted once."""
    two = flow.intervals([], [stay(t) for t in (0.0, 299.9, 300.0, 740.0)], start_s=0.0, end_s=740.0)
    assert [(i.from_s, i.to_s, i.joined) for i in two] == [(0.0, 300.0, 2), (300.0, 740.0, 2)]
    assert len(flow.intervals([], [], start_s=10.0, end_s=770.0)) == 3
    assert flow.intervals([], [], start_s=5.0, end_s=5.0) == []


def test_who_was_there_at_the_first_picture_has_not_joined() -> None:
    """Censored stays don't join, but they are served."""
    [one] = flow.intervals([stay(1.0, 50.0)], [stay(0.0, 20.0, censored=True)], start_s=0.0, end_s=100.0)
    assert (one.joined, one.joined_true, one.served, one.served_true) == (0, 1, 1, 1)


def test_the_score_is_what_85_of_100_intervals_hold() -> None:
    """Of ten intervals with GEH 0 to 9 (about), the ninth smallest is the bound that 85 % hold."""
    rows = [flow.Interval(k * 3600, (k + 1) * 3600, 100 + 10 * k, 100, 0, 0) for k in range(10)]
    found = flow.score(rows)["joined"]
    ordered = sorted(r.geh("joined") for r in rows)
    assert (found["n"], found["geh_85"], found["worst"]) == (10, round(ordered[8], 2), round(ordered[9], 2))
    assert found["good"] == sum(g < 5 for g in ordered) / 10
    assert flow.score([])["served"]["geh_85"] is None
