"""What a lane learns of its own people."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from edge.queueing.experience import (
    DWELLS,
    FADE,
    GAP_BIN_S,
    HOLD_MOST,
    LEAST_GAP_S,
    PRIOR,
    Experience,
    Gaps,
    Lengths,
    Newcomers,
    stage,
)
from edge.queueing.length import still_there, will_stay

HOLD_S = 3.0


def gaps(returned_s: list[float], gone: int) -> Gaps:
    """A place of whose people some came back after those gaps, and then so many never did."""
    known = Gaps(Lengths())
    for gap_s in returned_s:
        known.came_back(gap_s)
    for _ in range(gone):
        known.went()
    return known


@pytest.mark.parametrize(
    ("dwell_s", "min_stay_s", "fifth"),
    [(-1.0, 5.0, 0), (0.0, 5.0, 0), (1.0, 5.0, 1), (4.99, 5.0, 4), (5.0, 5.0, 5), (60.0, 5.0, 5), (0.0, 0.0, 5)],
)
def test_a_stage_is_a_fifth_of_the_stay(dwell_s: float, min_stay_s: float, fifth: int) -> None:
    """Fifths of min_stay_s, the last one is min_stay_s and longer; walkers and standers are told apart."""
    assert stage(dwell_s, walking=True, min_stay_s=min_stay_s) == (fifth, True)
    assert stage(dwell_s, walking=False, min_stay_s=min_stay_s) == (fifth, False)


@given(st.floats(0.0, 20.0), st.booleans())
def test_a_lane_that_saw_nobody_goes_by_the_rule(dwell_s: float, walking: bool) -> None:
    """Without a newcomer that has ended the chance is the rule's; a walker's is that of one who has just come."""
    chance = Newcomers().chance(dwell_s, walking=walking, min_stay_s=5.0)
    assert chance == pytest.approx(will_stay(0.0 if walking else dwell_s, 5.0))


@given(st.integers(0, 300), st.integers(0, 300))
def test_newcomers_chance_is_the_faded_posterior_mean(stayed: int, gone: int) -> None:
    """So many who stayed, then so many who went: (s + p r) / (s + g + p), faded as geometric series, r the rule."""
    known = Newcomers()
    for _ in range(stayed):
        known.ended({(2, False)}, stayed=True)
    for _ in range(gone):
        known.ended({(2, False)}, stayed=False)
    s = FADE**gone * (1.0 - FADE**stayed) / (1.0 - FADE)
    g = (1.0 - FADE**gone) / (1.0 - FADE)
    expected = (s + PRIOR * will_stay(2.0, 5.0)) / (s + g + PRIOR)
    assert known.chance(2.0, walking=False, min_stay_s=5.0) == pytest.approx(expected)
    assert known.chance(4.0, walking=False, min_stay_s=5.0) == pytest.approx(will_stay(4.0, 5.0)), "another stage"
    assert known.chance(2.0, walking=True, min_stay_s=5.0) == pytest.approx(will_stay(0.0, 5.0)), "others walk"


def test_newcomers_chance_finds_a_known_share() -> None:
    """Of a thousand newcomers three in ten stay: the chance told is 0.3 to a tenth."""
    rng, known = np.random.default_rng(7), Newcomers()
    for stays in rng.random(1000) < 0.3:
        known.ended({(1, False), (2, False)}, stayed=bool(stays))
    assert known.chance(1.0, walking=False, min_stay_s=5.0) == pytest.approx(0.3, abs=0.1)


def test_gaps_are_counted_by_their_length() -> None:
    """Of gaps of 1, 2 and 4 s (the newest heaviest) the share that is longer falls step by step to nothing."""
    known = Lengths()
    assert known.longer(0.0) == 0.0
    for gap_s in (1.0, 2.0, 4.0, 1e6):
        known.add(gap_s)
    whole = 1.0 + FADE + FADE**2 + FADE**3
    assert known.longer(0.0) == pytest.approx(1.0)
    assert known.longer(1.0 + GAP_BIN_S) == pytest.approx((1.0 + FADE + FADE**2) / whole)
    assert known.longer(4.0 + GAP_BIN_S) == pytest.approx(1.0 / whole), "the longest are kept together"
    assert known.longer(1e6) == 0.0


@given(st.floats(0.0, 60.0))
def test_hidden_people_go_by_the_rule_where_nobody_hid_before(unseen_s: float) -> None:
    """The rule: 1 in sight, a half at hold_s, then half of hold_s / unseen_s."""
    rule = still_there(unseen_s, HOLD_S) if unseen_s <= HOLD_S else 0.5 * HOLD_S / unseen_s
    assert gaps([], 0).chance(unseen_s, HOLD_S) == pytest.approx(rule)


def test_hidden_peoples_chance_is_bayes_rule() -> None:
    """Ten came back after 4 s and five never: unseen for 2 s, those who come back are still all to come."""
    known, rule = gaps([4.0] * 10, 5), still_there(2.0, HOLD_S)
    returned = FADE**5 * (1.0 - FADE**10) / (1.0 - FADE)
    gone = (1.0 - FADE**5) / (1.0 - FADE)
    there = returned + rule / (1.0 - rule)
    assert known.chance(2.0, HOLD_S) == pytest.approx(there / (there + gone + 1.0))
    assert known.chance(5.0, HOLD_S) < 0.2, "all who came back would have been back by now"


@given(st.lists(st.floats(0.0, 20.0), max_size=40), st.integers(0, 40), st.floats(0.0, 30.0), st.floats(0.0, 10.0))
@example([2.0] * 20, 0, 0.9 * LEAST_GAP_S, 0.2 * LEAST_GAP_S)
@example([], 20, 0.9 * LEAST_GAP_S, 0.2 * LEAST_GAP_S)
def test_who_is_hidden_for_longer_is_never_likelier_there(
    returned_s: list[float], gone: int, unseen_s: float, more_s: float
) -> None:
    """Whatever a lane has learned, the chance is a probability that only falls."""
    known = gaps(returned_s, gone)
    sooner, later = known.chance(unseen_s, HOLD_S), known.chance(unseen_s + more_s, HOLD_S)
    assert 0.0 <= later <= sooner + 1e-12 <= 1.0 + 1e-12


def test_a_moment_without_a_box_teaches_nothing() -> None:
    """Gaps of a picture or two are no cases."""
    known = gaps([0.9 * LEAST_GAP_S] * 100, 0)
    assert (known.returned, known.lengths.longer(0.0)) == (0.0, 0.0)


@given(st.lists(st.floats(0.0, 40.0), max_size=60), st.integers(0, 60), st.floats(0.1, 10.0))
def test_a_stay_is_held_within_its_bounds(returned_s: list[float], gone: int, hold_s: float) -> None:
    """Never shorter than the site says, never longer than four times that."""
    assert hold_s <= gaps(returned_s, gone).hold_s(hold_s) <= HOLD_MOST * hold_s


def test_a_stay_is_held_as_long_as_people_are_rather_there() -> None:
    """Where all come back after 6 s a stay is held for longer than that; where all are gone, for hold_s."""
    assert 6.0 <= gaps([6.0] * 30, 0).hold_s(HOLD_S) <= 7.0
    assert gaps([], 30).hold_s(HOLD_S) == HOLD_S
    assert gaps([], 0).hold_s(HOLD_S) == HOLD_S


@given(st.lists(st.floats(0.0, 40.0), max_size=40), st.integers(0, 40), st.floats(1.0, 100.0))
def test_evidence_for_somebody_holds_longer(returned_s: list[float], gone: int, odds: float) -> None:
    """Odds above one hold never shorter; without experience odds of ten hold to the end, odds of two do not."""
    known = gaps(returned_s, gone)
    assert known.hold_s(HOLD_S) <= known.hold_s(HOLD_S, odds) <= HOLD_MOST * HOLD_S
    assert gaps([], 0).hold_s(HOLD_S, 10.0) == HOLD_MOST * HOLD_S
    assert gaps([], 0).hold_s(HOLD_S, 2.0) < 2.5 * HOLD_S


def test_a_lane_shares_lengths_but_not_places() -> None:
    """How long people are missed is the lane's; how many come back is learned apart at its exit."""
    lived = Experience()
    lived.inside.came_back(2.0)
    assert lived.at_exit.lengths.longer(1.0) == 1.0
    assert (lived.inside.returned, lived.at_exit.returned) == (1.0, 0.0)
    assert lived.newcomers.stayed.shape == (DWELLS, 2)
