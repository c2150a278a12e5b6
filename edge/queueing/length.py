"""The length of a queue with its interval."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_LEVEL = 0.8
_MISS_MOST = 0.9


@dataclass(frozen=True)
class Length:
    """People in the queue, with the interval that holds the truth in about 80 % of readings."""

    length: int
    low: int
    high: int


@dataclass(frozen=True)
class Section:
    """One lane now.

    Attributes:
        members, candidates: each member's and each not yet counted person's probability of being in the line.
        miss_rate: share of the people there who are not counted, on average; see vocabulary.LaneSettings.
    """

    members: tuple[float, ...]
    candidates: tuple[float, ...]
    miss_rate: float | None = None


def still_there(unseen_s: float, hold_s: float) -> float:
    """Probability that a member unseen for that long is still in the line: 1 when seen, falling to 0.5 at hold_s."""
    if hold_s <= 0.0:
        return 1.0 if unseen_s <= 0.0 else 0.5
    return 1.0 - 0.5 * min(max(unseen_s / hold_s, 0.0), 1.0)


def will_stay(dwell_s: float, min_stay_s: float) -> float:
    """Probability that someone inside for that long, not yet a member, becomes one: from 0.2 to 0.9 at min_stay_s."""
    if min_stay_s <= 0.0:
        return 0.9
    return 0.2 + 0.7 * min(max(dwell_s / min_stay_s, 0.0), 1.0)


def count_distribution(probabilities: Iterable[float]) -> NDArray[np.float64]:
    """Distribution of a sum of independent yes/no things (Poisson binomial), (n + 1,) float64, by convolution."""
    dist = np.ones(1)
    for p in probabilities:
        dist = np.convolve(dist, (1.0 - p, p))
    return dist


def missed_distribution(seen: int, miss_rate: float) -> NDArray[np.float64]:
    """Distribution of people not seen at all, given `seen` and the share of people missed: negative binomial.

    With a flat prior on the true number n, n - seen ~ NegBin(seen + 1, 1 - miss_rate); its mean is about
    seen * miss_rate / (1 - miss_rate).
    """
    if miss_rate <= 0.0:
        return np.ones(1)
    most = int(10 + 4 * (seen + 1) * miss_rate / (1.0 - miss_rate))
    j = np.arange(most + 1)
    log_choose = np.array([math.lgamma(seen + 1 + i) - math.lgamma(seen + 1) - math.lgamma(i + 1) for i in j])
    dist = np.exp(log_choose + (seen + 1) * math.log1p(-miss_rate) + j * math.log(miss_rate))
    return np.asarray(dist / dist.sum())


def estimate(members: Iterable[float], candidates: Iterable[float], miss_rate: float | None = None) -> Length:
    """One lane's length from each member's and each candidate's probability of being in the line."""
    return length_of([Section(tuple(members), tuple(candidates), miss_rate)])


def length_of(sections: Iterable[Section]) -> Length:
    """The length of a queue from its lanes.

    A lane that was never measured gives its number of members, so that the length equals the visit book. A measured one
    gives the expected number of people there: members and candidates by their probabilities, divided by 1 - miss_rate.
    Doubts and people missed make the interval. Where more are counted than there are (a miss rate below 0), each is
    there with probability 1 / (1 - miss_rate).
    """
    expected, sure, dist = 0.0, 0, np.ones(1)
    for section in sections:
        miss_rate = min(section.miss_rate or 0.0, _MISS_MOST)
        real = min(1.0, 1.0 / (1.0 - miss_rate))
        people = [p * real for p in (*section.members, *section.candidates)]
        measured = section.miss_rate is not None
        counted = sum(section.members) + sum(section.candidates) if measured else len(section.members)
        expected += counted / (1.0 - miss_rate)
        sure += sum(p >= 1.0 for p in people)
        dist = np.convolve(dist, count_distribution(p for p in people if p < 1.0))
        dist = np.convolve(dist, missed_distribution(len(section.members), miss_rate))
    upto = np.cumsum(dist)
    tail = (1.0 - _LEVEL) / 2.0
    length = math.floor(expected + 0.5)
    low = sure + int(np.searchsorted(upto, tail + 1e-9))
    high = sure + int(np.searchsorted(upto, 1.0 - tail - 1e-9))
    return Length(length, min(low, length), max(high, length))
