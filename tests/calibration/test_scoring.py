"""Scores, proved on cases that can be counted by hand."""

from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calibration.scoring import (
    MIN_OVERLAP,
    Match,
    length_errors,
    length_score,
    match_visits,
    stay_error_s,
    visit_score,
    wait_errors,
    wait_score,
)
from calibration.truth import TruthCount
from edge.vocabulary import Visit
from tests.calibration.made import reading

READINGS = [reading(float(k), length) for k, length in enumerate([0, 1, 2, None, 4])]


def visit(joined_s: float, left_s: float | None, *, served_s: float | None = None, censored: bool = False) -> Visit:
    """A visit; served when it has a served_s."""
    outcome = None if left_s is None else "served" if served_s is not None else "left"
    return Visit("q1", (), joined_s, served_s, left_s, outcome, 0, censored)


@pytest.mark.parametrize(
    ("pts_s", "told"),
    [(0.0, 0), (0.4, 0), (0.5, 0), (0.6, 1), (1.0, 1), (1.5, 1), (3.0, None), (4.0, 4), (5.4, 4)],
)
def test_a_moment_is_compared_with_the_nearest_reading(pts_s: float, told: int | None) -> None:
    """The nearest reading counts, of two at the same distance the earlier one, at the ends the last."""
    [error] = length_errors([TruthCount("q1", pts_s, 1, True)], READINGS)
    assert error.told == told
    assert error.reading_pts_s is not None


def test_length_score_by_hand() -> None:
    """Errors -1, 0, +2: mae 1, bias 1/3, two of three within one; an unknown and an outside moment are apart."""
    rows = [(0.0, 1), (1.0, 1), (2.0, 0), (3.0, 3), (99.0, 5)]
    score = length_score(length_errors([TruthCount("q1", t, n, True) for t, n in rows], READINGS))
    assert score == {"n": 3, "mae": 1.0, "bias": 0.3333, "within_1": 0.6667, "unknown": 1, "outside": 1}


def test_nothing_to_score_has_no_figures() -> None:
    """Without a known moment the figures are null, never zero."""
    assert length_score(length_errors([TruthCount("q1", 3.0, 3, True)], READINGS)) == {
        "n": 0, "mae": None, "bias": None, "within_1": None, "unknown": 1, "outside": 0
    }  # fmt: skip
    assert length_score(length_errors([TruthCount("q1", 3.0, 3, True)], []))["outside"] == 1


def test_a_wait_is_compared_with_what_was_told_before_joining() -> None:
    """Who joins at 2.9 s saw the reading of 2 s; told 30 s and waited 24.1 s is 5.9 s off and inside 20 to 40."""
    readings = [
        reading(float(k), 1, wait_s=10.0 * (k + 1), wait_low_s=10.0 * k, wait_high_s=10.0 * k + 20) for k in range(5)
    ]
    [error] = wait_errors([visit(2.9, 30.0, served_s=27.0)], readings)
    assert (error.told_s, error.real_s, error.covered) == (30.0, pytest.approx(24.1), True)
    assert wait_score([error]) == {"n": 1, "mae": 5.9, "bias": 5.9, "coverage": 1.0, "too_short": 0.0, "unknown": 0}


def test_only_served_visits_have_a_wait() -> None:
    """Who left, is still there, or was there from the start has no wait to compare; untold waits are counted."""
    truth = [
        visit(1.0, 5.0),
        visit(1.0, None),
        visit(1.0, 5.0, served_s=4.0, censored=True),
        visit(1.0, 5.0, served_s=4.0),
    ]
    assert wait_score(wait_errors(truth, READINGS)) == {
        "n": 0,
        "mae": None,
        "bias": None,
        "coverage": None,
        "too_short": None,
        "unknown": 1,
    }


def test_an_interval_without_an_upper_end_covers_all_above_its_lower() -> None:
    """Told "at least 5 s": a wait of 100 s is covered, one of 3 s is not."""
    readings = [reading(0.0, 1, wait_s=10.0, wait_low_s=5.0, wait_high_s=None)]
    long, short = wait_errors([visit(0.0, 101.0, served_s=100.0), visit(0.0, 4.0, served_s=3.0)], readings)
    assert (long.covered, short.covered) == (True, False)


def test_visits_are_matched_by_overlap() -> None:
    """Two near stays find each other, a short far one is extra, one without a partner is missed."""
    truth = [visit(0, 10), visit(20, 30), visit(50, 60)]
    machine = [visit(21, 32), visit(1, 10), visit(90, 95)]
    matches = match_visits(truth, machine, end_s=100)
    assert [(m.truth, m.machine) for m in matches] == [
        (truth[0], machine[1]), (truth[1], machine[0]), (truth[2], None), (None, machine[2])
    ]  # fmt: skip
    assert visit_score(matches) == {
        "n": 3, "found": 2, "missed": 1, "extra": 1,
        "stay": {"n": 2, "mae": 1.0, "bias": 0.0, "worst": 1.0},
        "measured_wait": {"n": 0, "mae": None, "bias": None, "worst": None},
    }  # fmt: skip


def test_a_fragment_is_no_match() -> None:
    """A fifth of a stay isn't the visit: it is missed, and the fragment is too many."""
    score = visit_score(match_visits([visit(0, 100)], [visit(0, 20)], end_s=100))
    assert (score["found"], score["missed"], score["extra"]) == (0, 1, 1)


def test_an_open_stay_reaches_to_the_end() -> None:
    """A visit still there is matched as if it ended with the recording, but has no error of its stay."""
    [match] = match_visits([visit(10, None)], [visit(12, None)], end_s=60)
    assert match.machine is not None
    assert stay_error_s(match) is None


def test_measured_waits_are_compared_where_both_were_served() -> None:
    """The machine's 9 s against the real 10 s is an error of -1 s."""
    matches = match_visits([visit(0, 12, served_s=10)], [visit(1, 12, served_s=10)], end_s=60)
    assert visit_score(matches)["measured_wait"] == {"n": 1, "mae": 1.0, "bias": -1.0, "worst": 1.0}


def test_nobody_on_either_side() -> None:
    """Without truth all visits are extra, without machine's all are missed; without both there is nothing."""
    assert match_visits([], [], end_s=9) == []
    assert match_visits([], [visit(1, 2)], end_s=9) == [Match(None, visit(1, 2))]
    assert match_visits([visit(1, 2)], [], end_s=9) == [Match(visit(1, 2), None)]


stays = st.lists(st.tuples(st.floats(0, 50), st.floats(0.5, 30)), max_size=4)


@settings(max_examples=60, deadline=None)
@given(truth=stays, machine=stays)
def test_no_other_pairing_overlaps_more(truth: list[tuple[float, float]], machine: list[tuple[float, float]]) -> None:
    """The total overlap is that of the best of all pairings, each tried."""
    ours = [visit(a, a + d) for a, d in truth]
    theirs = [visit(a, a + d) for a, d in machine]

    def overlap(a: Visit, b: Visit) -> float:
        ends = (a.left_s or 0.0, b.left_s or 0.0)
        union = max(ends) - min(a.joined_s, b.joined_s)
        return max(min(ends) - max(a.joined_s, b.joined_s), 0.0) / union

    few, many = sorted((ours, theirs), key=len)
    best = max(sum(overlap(a, b) for a, b in zip(few, p, strict=True)) for p in permutations(many, len(few)))
    pairs = [(m.truth, m.machine) for m in match_visits(ours, theirs, end_s=100) if m.truth and m.machine]
    got = sum(overlap(a, b) for a, b in pairs)
    assert all(overlap(a, b) >= MIN_OVERLAP for a, b in pairs)
    assert got >= best - MIN_OVERLAP * len(few) - 1e-9  # pairs under the least overlap were given up
