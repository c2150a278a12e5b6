"""The length and its interval."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.queueing.length import count_distribution, estimate, missed_distribution, still_there, will_stay

probability = st.floats(0.0, 1.0)


def test_equal_probabilities_give_the_binomial() -> None:
    """The distribution of the number is the binomial's closed form."""
    got = count_distribution([0.3] * 8)
    want = [math.comb(8, k) * 0.3**k * 0.7 ** (8 - k) for k in range(9)]
    assert got == pytest.approx(want)


def test_missed_people_follow_the_negative_binomial() -> None:
    """The number of unseen people has the closed form's mean, (seen + 1) m / (1 - m)."""
    dist = missed_distribution(20, 0.2)
    assert dist.sum() == pytest.approx(1.0)
    assert (dist * np.arange(len(dist))).sum() == pytest.approx(21 * 0.2 / 0.8, rel=1e-3)


def test_people_in_sight_are_certain() -> None:
    """Members in sight and nobody else: the interval is the number."""
    got = estimate([1.0] * 7, [])
    assert (got.length, got.low, got.high) == (7, 7, 7)


def test_doubt_widens_on_its_own_side() -> None:
    """Hidden members lower the low end, newcomers raise the high end, neither changes the length."""
    got = estimate([1.0, 1.0, 0.5, 0.5, 0.5], [0.5, 0.5])
    assert got.length == 5
    assert got.low < 5
    got = estimate([1.0] * 5, [0.5, 0.5])
    assert (got.length, got.low) == (5, 5)
    assert got.high > 5


def test_a_known_miss_rate_corrects_the_length() -> None:
    """With a fifth of people missed, eight seen are ten."""
    got = estimate([1.0] * 8, [], miss_rate=0.2)
    assert got.length == 10
    assert got.low <= 10 <= got.high
    assert got.low >= 8


def test_a_measured_lane_gives_the_expected_number() -> None:
    """People who are probably about to count are in it, doubtful ones by their probability; unmeasured lanes do not."""
    assert estimate([1.0, 1.0, 0.3], [0.8, 0.8], miss_rate=0.0).length == 4
    assert estimate([1.0, 1.0, 0.3], [0.8, 0.8]).length == 3


def test_a_lane_that_counts_too_many_is_corrected_too() -> None:
    """With a miss rate below 0, twelve counted are ten, and the interval reaches below."""
    got = estimate([1.0] * 12, [], miss_rate=-0.2)
    assert got.length == 10
    assert got.low < 10 <= got.high <= 12


def test_the_interval_holds_eighty_per_cent_of_misses() -> None:
    """People missed at random: the interval covers the true number in at least 80 % of pictures."""
    rng = np.random.default_rng(5)
    seen = rng.binomial(15, 0.8, size=400)
    got = {int(n): estimate([1.0] * int(n), [], miss_rate=0.2) for n in set(seen.tolist())}
    held = [got[int(n)].low <= 15 <= got[int(n)].high for n in seen]
    assert np.mean(held) >= 0.75
    assert np.mean([got[int(n)].length for n in seen]) == pytest.approx(15, abs=0.5)


@settings(deadline=None, max_examples=50)
@given(st.lists(probability, max_size=30), st.lists(probability, max_size=10), st.floats(0.0, 0.6))
def test_the_interval_holds_the_length(members: list[float], candidates: list[float], miss_rate: float) -> None:
    """Low <= length <= high, and nothing below zero."""
    got = estimate(members, candidates, miss_rate)
    assert 0 <= got.low <= got.length <= got.high


@settings(deadline=None, max_examples=50)
@given(st.floats(-1.0, 100.0), st.floats(0.0, 30.0))
def test_doubts_are_probabilities(seconds: float, limit_s: float) -> None:
    """Both curves stay between 0 and 1 for any settings."""
    assert 0.0 <= still_there(seconds, limit_s) <= 1.0
    assert 0.0 <= will_stay(seconds, limit_s) <= 1.0
