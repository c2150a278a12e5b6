"""Draws of arrivals and durations; every chance comes from a passed generator."""

import numpy as np

from calibration.simulator.settings import Law, Rate


def draw(law: Law, rng: np.random.Generator) -> float:
    """One duration, seconds."""
    if law.kind == "constant":
        return law.mean_s
    if law.kind == "exponential":
        return float(rng.exponential(law.mean_s))
    if law.kind == "erlang":
        return float(rng.gamma(law.shape, law.mean_s / law.shape))
    variance = np.log1p(law.shape**2)
    return float(rng.lognormal(np.log(law.mean_s) - variance / 2, np.sqrt(variance)))


def poisson_times(rates: tuple[Rate, ...], rng: np.random.Generator) -> list[float]:
    """Arrival times in order, seconds from 0, of a Poisson process whose rate changes at each until_s."""
    times: list[float] = []
    start_s = 0.0
    for rate in rates:
        at_s = start_s
        while rate.per_min > 0:
            at_s += float(rng.exponential(60.0 / rate.per_min))
            if at_s >= rate.until_s:
                break
            times.append(at_s)
        start_s = rate.until_s
    return times
