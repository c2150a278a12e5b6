"""Who speaks, the queue's own errors, and intervals that keep their word."""

import numpy as np
import pytest

from edge.queueing.intervals import LEAST, MOST, HonestTails
from edge.queueing.ledger import KEPT, Ledger


def test_the_best_of_late_speaks() -> None:
    """The rate speaks first; another that is clearly better for some visits takes over, and loses the word again."""
    ledger = Ledger()
    assert ledger.speaker == "rate"
    for _ in range(10):
        ledger.score({"rate": 200.0, "head": 110.0}, 100.0)
    assert ledger.speaker == "head"
    for _ in range(30):
        ledger.score({"rate": 110.0, "head": 200.0}, 100.0)
    assert ledger.speaker == "rate"


def test_a_few_lucky_waits_change_nothing() -> None:
    """One wait, or many hardly better ones, do not make another speak."""
    ledger = Ledger()
    ledger.score({"rate": 120.0, "head": 108.0}, 100.0)
    assert ledger.speaker == "rate"
    for _ in range(100):
        ledger.score({"rate": 120.0, "head": 119.0}, 100.0)
    assert ledger.speaker == "rate"


def test_the_word_does_not_flap() -> None:
    """Two estimators of the same error: whoever speaks goes on speaking."""
    ledger, rng, changes = Ledger(), np.random.default_rng(1), 0
    for _ in range(500):
        before = ledger.speaker
        errors = rng.normal(0.0, 20.0, 2)
        ledger.score({"rate": 100.0 + errors[0], "head": 100.0 + errors[1]}, 100.0)
        changes += ledger.speaker != before
    assert changes <= 25


def test_one_who_says_nothing_gets_the_error_of_the_rate() -> None:
    """An estimator can't win by speaking only when it's easy, nor be lost for it."""
    ledger = Ledger()
    for _ in range(5):
        ledger.score({"rate": 110.0, "head": 101.0}, 100.0)
    for _ in range(KEPT):
        ledger.score({"rate": 150.0}, 100.0)
    assert ledger.speaker == "rate"
    assert set(ledger.scores()) == {"rate"}


def test_own_errors_are_told() -> None:
    """n, mean absolute error, bias, share told too short, coverage; nothing before the first."""
    ledger = Ledger()
    assert ledger.errors is None
    ledger.publish(90.0, 100.0, covered=True)
    ledger.publish(130.0, 100.0, covered=False)
    errors = ledger.errors
    assert errors is not None
    assert (errors.n, errors.mae_s, errors.bias_s, errors.too_short, errors.coverage) == (2, 20.0, 10.0, 0.5, 0.5)


@pytest.mark.parametrize("spread", [0.05, 0.3, 0.8])
def test_coverage_comes_to_its_target_whatever_the_law(spread: float) -> None:
    """Intervals too wide or too narrow by far: after learning 80 % of the real waits lie inside."""
    rng, tails = np.random.default_rng(4), HonestTails()
    told = np.sort(rng.lognormal(0.0, 0.4, 4000))
    below, above = [], []
    for _ in range(2000):
        low, high = np.quantile(told, [tails.low, 1.0 - tails.high])
        low, high = min(low, 1.0) ** (spread / 0.3), max(high, 1.0) ** (spread / 0.3)
        real = float(rng.lognormal(0.0, spread))
        tails.learn(real, float(low), float(high))
        below.append(real < low)
        above.append(real > high)
    assert 0.07 <= np.mean(below[200:]) <= 0.13
    assert 0.07 <= np.mean(above[200:]) <= 0.13


def test_tails_stay_shares() -> None:
    """However often an interval is wrong or right, its tails stay between their bounds."""
    tails = HonestTails()
    for _ in range(200):
        tails.learn(5.0, 10.0, 20.0)
    assert (tails.low, tails.high) == (LEAST, MOST)


def test_a_new_regime_begins_with_the_rate() -> None:
    """After `forget` the rate speaks and old scores are gone; the queue's own errors stay."""
    ledger = Ledger()
    ledger.publish(90.0, 100.0, covered=True)
    for _ in range(10):
        ledger.score({"rate": 200.0, "head": 110.0}, 100.0)
    own = ledger.errors
    ledger.forget()
    assert (ledger.speaker, ledger.scores()) == ("rate", {})
    assert ledger.errors == own
