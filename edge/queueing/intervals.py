"""An interval kept honest by its own coverage: adaptive conformal inference (Gibbs & Candes 2021), a tail at a time."""

from dataclasses import dataclass

STEP = 0.04  # gamma: how far one wait moves a tail
LEAST, MOST = 0.005, 0.25  # a calm hour must not make it so narrow that the next change is all misses


@dataclass
class HonestTails:
    """The shares that the law behind the interval is told to leave out at either end.

    alpha' = alpha + gamma (target - missed): a tail that is missed too often gets a smaller share, so that the interval
    reaches farther, and the other way round. In the long run each tail is missed as often as its target says, whatever
    the law.
    """

    low_target: float = 0.1
    high_target: float = 0.1
    low: float = 0.1
    high: float = 0.1

    def learn(self, real_s: float, low_s: float, high_s: float) -> None:
        """Takes in a real wait and the interval that was told for it."""
        self.low = _within(self.low + STEP * (self.low_target - (real_s < low_s)))
        self.high = _within(self.high + STEP * (self.high_target - (real_s > high_s)))


def _within(share: float) -> float:
    return min(max(share, LEAST), MOST)
