"""Who speaks, and the queue's own errors."""

import numpy as np

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


def test_those_who_wait_together_are_one_piece_of_evidence() -> None:
    """Fifty people who saw the same lucky minute do not make another speak; fifty who came one by one do."""
    crowd, singles = Ledger(), Ledger()
    for _ in range(50):
        crowd.score({"rate": 150.0, "head": 110.0}, 100.0, ahead=49)
        singles.score({"rate": 150.0, "head": 110.0}, 100.0)
    assert (crowd.speaker, singles.speaker) == ("rate", "head")


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
