"""The forecast of the next hour, on days made by known laws."""

import numpy as np
import pytest

from dashboard.forecast import forecast


def test_a_day_like_every_other_is_forecast_as_it_comes() -> None:
    """The same day every week: the forecast is that day's slots, and its told error is 0."""
    day = [float(5 + slot % 7) for slot in range(96)]
    told = forecast([day] * 5, day[:40], 4)
    assert told.expected == pytest.approx(day[40:44])
    assert (told.mae, told.bias, told.tried) == (pytest.approx(0.0), pytest.approx(0.0), 12)


def test_a_busy_day_is_forecast_busy() -> None:
    """Twice as many people as usual in the last hour: nearly twice as many are expected in the next."""
    told = forecast([[30.0] * 96] * 4, [60.0] * 40, 4)
    assert told.expected[0] == pytest.approx(60.0, rel=0.1)


def test_newer_weeks_weigh_more() -> None:
    """A change a few weeks ago has mostly arrived."""
    told = forecast([[10.0] * 96] * 5 + [[20.0] * 96] * 3, [20.0] * 8, 1)
    assert told.expected[0] is not None
    assert 17.0 < told.expected[0] < 21.0


def test_what_is_not_known_is_not_forecast() -> None:
    """Without history there is neither a forecast nor an error; gaps in days are left out of both."""
    assert forecast([], [3.0, 4.0], 2) == forecast([[None] * 96], [3.0, 4.0], 2).__class__((None, None), None, None, 0)
    assert forecast([[4.0, 4.0, None]] * 4, [4.0], 2).sum_mae is None
    told = forecast([[4.0, 4.0, 4.0], [4.0, 4.0, None], [4.0, 4.0, 4.0]], [4.0, 4.0], 2)
    assert told.expected == (pytest.approx(4.0), None)
    assert told.tried == 1


def test_an_hour_is_off_by_its_sum() -> None:
    """Errors that cancel out within the hour are errors of its quarters, not of the hour."""
    usual, odd = [10.0, 10.0, 10.0, 10.0], [10.0, 8.0, 12.0, 10.0]
    told = forecast([usual, usual, odd], [], 4)
    assert (told.mae, told.sum_mae) == (pytest.approx(1.0), pytest.approx(0.0))
    assert forecast([usual, usual, [12.0] * 4], [], 4).sum_mae == pytest.approx(8.0)


def test_the_told_error_is_the_error_that_comes() -> None:
    """Days of Poisson arrivals around one curve: the error it tells of itself is, within a quarter, the one it makes;
    and smaller than that of forecasting the last hour again.
    """
    rng = np.random.default_rng(3)
    curve = 20 + 18 * np.sin(np.arange(96) / 96 * 6 * np.pi)
    told_mae, own, naive = [], [], []
    for _ in range(60):
        days = [rng.poisson(np.maximum(curve, 1.0) * rng.uniform(0.8, 1.25)).astype(float).tolist() for _ in range(9)]
        told = forecast(days[:8], days[8][:50], 4)
        assert told.mae is not None
        told_mae.append(told.mae)
        own += [abs((e or 0.0) - c) for e, c in zip(told.expected, days[8][50:54], strict=True)]
        naive += [abs(float(np.mean(days[8][46:50])) - c) for c in days[8][50:54]]
    assert np.mean(told_mae) == pytest.approx(np.mean(own), rel=0.25)
    assert np.mean(own) < 0.8 * np.mean(naive)
