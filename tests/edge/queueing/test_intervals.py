"""Intervals: the law behind them, and ends that keep their word."""

from math import exp, sqrt

import numpy as np
import pytest

from edge.queueing.intervals import LEAST, LEVEL, MOST, NOMINAL, HonestEnds, f_quantile, span


def test_f_quantiles_are_the_published_ones() -> None:
    """Upper 10 % points of F(2, 20) and F(10, 10), as printed tables give them."""
    assert f_quantile(2, 20, 0.9) == pytest.approx(2.589, abs=1e-3)
    assert f_quantile(10, 10, 0.9) == pytest.approx(2.323, abs=1e-3)


@pytest.mark.parametrize(("departures", "ahead"), [(2, 0), (5, 4), (20, 9)])
@pytest.mark.parametrize("shape", [1.0, 2.0, 4.0])
def test_the_interval_against_simulated_services(departures: int, ahead: int, shape: float) -> None:
    """Services of a gamma law whose shape is known: 80 % of true waits are inside, a tenth beyond each end."""
    rng = np.random.default_rng(7)
    mean_s, rounds, k = 30.0, 4000, ahead + 1
    told_s = rng.gamma(shape, mean_s / shape, (rounds, departures)).mean(axis=1) * k
    true_s = rng.gamma(shape, mean_s / shape, (rounds, k)).sum(axis=1)
    low, high = (
        span(1.0, k * shape, known=departures * shape, drift=0.0, reach=reach) for reach in (-NOMINAL, NOMINAL)
    )
    assert np.mean(true_s < told_s * low) == pytest.approx(0.1, abs=0.02)
    assert np.mean(true_s > told_s * high) == pytest.approx(0.1, abs=0.02)


def test_a_pace_that_drifts_makes_it_wider() -> None:
    """A pace known for sure that wanders: the drift alone, growing with the wait; none where it stands still."""
    sure = 1e6
    assert span(400.0, sure, known=sure, drift=0.0, reach=1.0) == pytest.approx(400.0, rel=0.01)
    assert span(400.0, sure, known=sure, drift=1e-4, reach=1.0) == pytest.approx(400.0 * exp(0.2), rel=0.01)
    assert span(400.0, sure, known=sure, drift=1e-4, reach=-2.0) == pytest.approx(400.0 * exp(-0.4), rel=0.01)
    assert span(900.0, sure, known=sure, drift=1e-4, reach=1.0) == pytest.approx(900.0 * exp(sqrt(0.09)), rel=0.01)


@pytest.mark.parametrize("spread", [0.1, 0.3, 0.8])
@pytest.mark.parametrize("ahead", [0, 4])
def test_coverage_comes_to_its_target_whatever_the_law(spread: float, ahead: int) -> None:
    """Intervals too wide or too narrow by far: after learning 80 % of the real waits lie inside."""
    rng, ends = np.random.default_rng(4), HonestEnds()
    below, above = [], []
    for _ in range(4000):
        low, high = exp(-0.3 * ends.low), exp(0.3 * ends.high)
        real = float(rng.lognormal(0.0, spread))
        ends.learn(real, low, high, ahead=ahead)
        below.append(real < low)
        above.append(real > high)
    most = 0.5 * (1 - LEVEL) if spread >= 0.15 else 0.07  # an end stays half a deviation away at least
    assert np.mean(below[400:]) == pytest.approx(most, abs=0.03)
    assert np.mean(above[400:]) == pytest.approx(most, abs=0.03)


def test_ends_stay_in_their_bounds() -> None:
    """However often an interval is wrong or right."""
    ends = HonestEnds()
    for _ in range(200):
        ends.learn(5.0, 10.0, 20.0)
    assert (ends.low, ends.high) == (MOST, LEAST)


def test_who_waits_with_many_moves_the_ends_little() -> None:
    """Fifty who were surprised together move an end hardly farther than two who came one by one... and in sum alike."""
    crowd, one = HonestEnds(), HonestEnds()
    for _ in range(50):
        crowd.learn(30.0, 10.0, 20.0, ahead=49)
    one.learn(30.0, 10.0, 20.0)
    assert crowd.high - NOMINAL == pytest.approx(0.9)
    assert one.high - NOMINAL == pytest.approx(0.09)
