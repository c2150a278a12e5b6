"""The interval around a told wait, kept honest by its own coverage, an end at a time."""

from dataclasses import dataclass
from functools import lru_cache
from math import copysign, exp, log, sqrt

from scipy.special import fdtri, ndtr, ndtri

LEVEL = 0.8  # share of waits that the interval should hold
NOMINAL = float(ndtri(0.5 + LEVEL / 2.0))  # 1.28 standard deviations
STEP = 0.1  # how far one wait moves an end, standard deviations
CROWD_STEP = 1.0  # ... and those who wait together are, together, about one piece of evidence
LEAST, MOST = 0.5, 4.0


def span(wait_s: float, departures: float, *, known: float, drift: float, reach: float) -> float:
    """One end of the interval, seconds: `reach` standard deviations above the told wait, below it if negative.

    With a departures seen and k to come, real / told ~ F(2ks, 2as) where services follow a gamma law of shape s (the
    ratio of two gamma variables; s = 1: exponential). A pace that drifts meanwhile makes it wider: variances of the
    logarithm add up.

    Args:
        wait_s: the told wait.
        departures: k s, those to come times the shape of services.
        known: a s, those that the pace was made of times the shape.
        drift: variance of the logarithm of the pace in a second.
        reach: which end.
    """
    ratio = f_quantile(round(2.0 * departures, 1), round(2.0 * known, 1), round(float(ndtr(reach)), 4))
    return wait_s * exp(copysign(sqrt(log(max(ratio, 1e-9)) ** 2 + reach**2 * drift * wait_s), reach))


@dataclass
class HonestEnds:
    """How far the two ends of an interval reach, in standard deviations.

    Adaptive conformal inference (Gibbs & Candes 2021), as quantile tracking does it (Angelopoulos, Candes & Tibshirani
    2023): a real wait beyond an end moves that end out by STEP x 0.9, any other moves it in by STEP x 0.1. So in the
    long run each end is missed by a tenth, whatever the law. The more people wait, the later their waits are known and
    the more alike they are, so the smaller the steps: else the ends would swing.
    """

    low: float = NOMINAL
    high: float = NOMINAL

    def learn(self, real_s: float, low_s: float, high_s: float, *, ahead: int = 0) -> None:
        """Takes in a real wait, the interval that was told for it, and how many were ahead then."""
        step, target = min(STEP, CROWD_STEP / (1 + ahead)), 0.5 - LEVEL / 2.0
        self.low = _within(self.low + step * ((real_s < low_s) - target))
        self.high = _within(self.high + step * ((real_s > high_s) - target))


@lru_cache(maxsize=4096)
def f_quantile(dfn: float, dfd: float, p: float) -> float:
    """Quantile of the F distribution."""
    return float(fdtri(dfn, dfd, p))


def _within(reach: float) -> float:
    return min(max(reach, LEAST), MOST)
