"""How sure a mean error is: coverage against a known truth, and the classes of length."""

import numpy as np
import pytest

from calibration.intervals import MIN_ROWS, by_length, mae_interval, mean_interval
from calibration.scoring import LengthError
from calibration.truth import TruthCount


def errors(pairs: list[tuple[int, int | None]]) -> list[LengthError]:
    """(in truth, told) at one moment a second."""
    return [LengthError(TruthCount("q1", float(k), n, True), float(k), told) for k, (n, told) in enumerate(pairs)]


def test_the_interval_covers_the_mean_as_often_as_it_says() -> None:
    """Of 200 samples of 60 independent values, 88 to 99 % of the intervals hold the true mean."""
    rng = np.random.default_rng(1)
    held = 0
    for _ in range(200):
        found = mean_interval(rng.exponential(1.0, 60).tolist())
        assert found is not None
        held += found[0] <= 1.0 <= found[1]
    assert 0.88 <= held / 200 <= 0.99


def test_runs_of_errors_make_it_wider() -> None:
    """The same values in long runs tell less than well mixed: the interval is wider."""
    runs, mixed = mean_interval([0.0] * 32 + [1.0] * 32), mean_interval([0.0, 1.0] * 32)
    assert runs is not None
    assert mixed is not None
    assert runs[1] - runs[0] > 1.5 * (mixed[1] - mixed[0])


def test_few_rows_have_no_interval_and_equal_ones_a_point() -> None:
    """Nine known errors are too few; ten of one person each are exactly one; unknown lengths don't count."""
    assert mae_interval(errors([(3, 2)] * (MIN_ROWS - 1) + [(3, None)] * 5)) is None
    assert mae_interval(errors([(3, 2)] * MIN_ROWS)) == (1.0, 1.0)
    assert mean_interval([float(k) for k in range(20)]) == mean_interval([float(k) for k in range(20)])


def test_classes_of_length() -> None:
    """0, 1-5, 6-15 and 16+ by the truth's length; a class without a moment is left out."""
    found = by_length(errors([(0, 1), (1, 1), (5, 3), (16, 10), (99, 99)]))
    assert {name: (s["n"], s["mae"], s["bias"]) for name, s in found.items()} == {
        "0": (1, pytest.approx(1.0), pytest.approx(1.0)),
        "1-5": (2, pytest.approx(1.0), pytest.approx(-1.0)),
        "16+": (2, pytest.approx(3.0), pytest.approx(-3.0)),
    }
