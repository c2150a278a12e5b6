"""The next hour of a queue from the same weekday's history, with the error that such a forecast has had. Pure.

A slot of the day is forecast by the mean of that slot on the last weeks' same weekday, the newest heaviest (a seasonal
exponential smoothing without trend; Hyndman & Athanasopoulos 2021, chapters 5 and 8), times how much busier today has
been than that history in its last hour, drawn towards 1 while little is known. Its error is measured, not assumed: each
week is forecast from the weeks before it in the same way, and compared with what came.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

ALPHA = 0.4  # weight of the newest week; each older one has 0.6 of the next
LATELY = 4  # today's slots that tell how busy it is
PRIOR = 12.0  # people's worth of belief that today is like its history
FACTOR_MOST = 3.0
LEAST_WEEKS = 2

Day = Sequence[float | None]


@dataclass(frozen=True)
class Forecast:
    """The slots to come.

    Attributes:
        expected: one value a slot, None where the history knows nothing of it.
        mae: mean absolute error of the same forecast of earlier weeks, in the values' own unit; None: never tried.
        bias: mean of forecast - what came, in the same way.
        sum_mae: mean absolute error of the sum of all slots, in the same way: of people in an hour, say.
        tried: slots that this error is the mean of.
    """

    expected: tuple[float | None, ...]
    mae: float | None
    bias: float | None
    tried: int
    sum_mae: float | None = None


def forecast(history: Sequence[Day], today: Day, slots: int) -> Forecast:
    """Forecasts the `slots` slots that follow `today`.

    Args:
        history: earlier days of the same weekday, oldest first; each a value a slot (people who join in it, or its mean
            length or wait), None where it is not known. Days may be of different lengths (clocks are changed).
        today: the slots of today that are over.
        slots: how many to forecast: 4 of a quarter of an hour are the next 60 minutes.
    """
    ahead = range(len(today), len(today) + slots)
    expected = _expected(history, today, ahead)
    off: list[float] = []
    sums_off: list[float] = []
    for week in range(LEAST_WEEKS, len(history)):
        then = _expected(history[:week], history[week][: ahead.start], ahead)
        came = [_at(history[week], slot) for slot in ahead]
        own = [told - real for told, real in zip(then, came, strict=True) if told is not None and real is not None]
        off += own
        sums_off += [sum(own)] if own and len(own) == slots else []
    return Forecast(expected, _mean_size(off), _mean(off), len(off), _mean_size(sums_off))


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None


def _mean_size(values: Sequence[float]) -> float | None:
    return _mean([abs(value) for value in values])


def _expected(history: Sequence[Day], today: Day, slots: range) -> tuple[float | None, ...]:
    lately = range(max(0, len(today) - LATELY), len(today))
    pairs = [(today[slot], _usual(history, slot)) for slot in lately]
    both = [(came, usual) for came, usual in pairs if came is not None and usual is not None]
    factor = (sum(came for came, _ in both) + PRIOR) / (sum(usual for _, usual in both) + PRIOR)
    factor = min(max(factor, 1.0 / FACTOR_MOST), FACTOR_MOST)
    usuals = [_usual(history, slot) for slot in slots]
    return tuple(None if usual is None else factor * usual for usual in usuals)


def _usual(history: Sequence[Day], slot: int) -> float | None:
    """The slot's weighted mean over the weeks that know it."""
    weight, total, whole = 1.0, 0.0, 0.0
    for day in reversed(history):
        value = _at(day, slot)
        if value is not None:
            total, whole = total + weight * value, whole + weight
        weight *= 1.0 - ALPHA
    return total / whole if whole else None


def _at(day: Day, slot: int) -> float | None:
    value = day[slot] if slot < len(day) else None
    return value if value is not None and math.isfinite(value) else None
