"""What a lane has learned of its own people: how many newcomers stay, and how many of the hidden come back.

Both are shares of what has ended already, drawn towards a rule set beforehand, each older case FADE as heavy as the one
after: a beta posterior's mean with exponential forgetting (Gelman et al., Bayesian Data Analysis, 2013, section 2.4). A
lane that has seen nothing yet goes by the rule alone.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from edge.queueing.length import still_there, will_stay

PRIOR = 4.0  # so many newcomers' worth of the rule
FADE = 0.98
DWELLS = 6  # stages of a newcomer's stay: fifths of min_stay_s, and longer
GAP_BIN_S = 0.5
GAPS = 64  # of GAP_BIN_S each
HOLD_MOST = 4.0  # times hold_s: a stay is never held longer
LEAST_GAP_S = 0.75  # shorter ones say nothing: a picture or two without a box

Stage = tuple[int, bool]


def stage(dwell_s: float, *, walking: bool, min_stay_s: float) -> Stage:
    """How far a newcomer is: fifths of min_stay_s inside, and whether walking."""
    fifths = DWELLS - 1 if min_stay_s <= 0.0 else int((DWELLS - 1) * max(dwell_s, 0.0) / min_stay_s)
    return min(fifths, DWELLS - 1), walking


@dataclass(eq=False)
class Newcomers:
    """Of those who were that far, how many became members: (DWELLS, 2) each of stayed and gone; [..., 1] walking."""

    stayed: NDArray[np.float64] = field(default_factory=lambda: np.zeros((DWELLS, 2)))
    gone: NDArray[np.float64] = field(default_factory=lambda: np.zeros((DWELLS, 2)))

    def ended(self, stages: set[Stage], *, stayed: bool) -> None:
        """One more newcomer became a member, or did not."""
        self.stayed *= FADE
        self.gone *= FADE
        for fifth, walking in stages:
            (self.stayed if stayed else self.gone)[fifth, int(walking)] += 1.0

    def chance(self, dwell_s: float, *, walking: bool, min_stay_s: float) -> float:
        """Probability that one who is that far becomes a member."""
        fifth, _ = stage(dwell_s, walking=walking, min_stay_s=min_stay_s)
        stayed, gone = self.stayed[fifth, int(walking)], self.gone[fifth, int(walking)]
        rule = will_stay(0.0 if walking else dwell_s, min_stay_s)
        return float((stayed + PRIOR * rule) / (stayed + gone + PRIOR))


@dataclass(eq=False)
class Lengths:
    """How long those were hidden who came back to a lane: (GAPS,) by GAP_BIN_S."""

    returned: NDArray[np.float64] = field(default_factory=lambda: np.zeros(GAPS))

    def add(self, gap_s: float) -> None:
        """One more."""
        self.returned *= FADE
        self.returned[min(int(gap_s / GAP_BIN_S), GAPS - 1)] += 1.0

    def longer(self, gap_s: float) -> float:
        """Share of them who were hidden for longer."""
        whole = float(self.returned.sum())
        return float(self.returned[int(gap_s / GAP_BIN_S) :].sum()) / whole if whole > 0.0 else 0.0


@dataclass(eq=False)
class Gaps:
    """Of those who were hidden at one kind of place, how many came back, and how many never.

    `lengths` are the lane's: a detector misses people for as long at one place as at another, but not everywhere do as
    many go unseen.
    """

    lengths: Lengths
    returned: float = 0.0
    gone: float = 0.0

    def came_back(self, gap_s: float) -> None:
        """One more was found again after that long; gaps of a moment say nothing."""
        if gap_s >= LEAST_GAP_S:
            self.lengths.add(gap_s)
            self.returned, self.gone = FADE * self.returned + 1.0, FADE * self.gone

    def went(self) -> None:
        """One more was never found again."""
        self.returned, self.gone = FADE * self.returned, FADE * self.gone + 1.0

    def chance(self, unseen_s: float, hold_s: float) -> float:
        """Probability that somebody unseen for that long is still there.

        The rule falls to a half at hold_s, goes on falling as 0.5 hold_s / unseen_s, and weighs as one case gone. Of
        gaps too short to be learned from, the rule, or what is known of the shortest of the others if that is more.
        """
        rule = still_there(unseen_s, hold_s)
        if unseen_s > hold_s > 0.0:
            rule *= hold_s / unseen_s
        if unseen_s < LEAST_GAP_S:
            return max(rule, self.chance(LEAST_GAP_S, hold_s))
        if rule >= 1.0:
            return rule
        there = self.returned * self.lengths.longer(unseen_s) + rule / (1.0 - rule)
        return there / (there + self.gone + 1.0)

    def hold_s(self, hold_s: float, odds: float = 1.0) -> float:
        """How long to hold a stay: hold_s, and longer as long as somebody hidden is rather there than not.

        `odds`: how much likelier what is seen around the person is if still there than if gone.
        """
        longest, even = HOLD_MOST * hold_s, 1.0 / (1.0 + odds)
        held_s = hold_s
        while held_s < longest and self.chance(held_s, hold_s) > even:
            held_s += GAP_BIN_S
        return min(held_s, longest)


class Experience:
    """One lane's: of newcomers, of those hidden in the line, and of the first of it hidden at the service line."""

    def __init__(self) -> None:
        self.newcomers = Newcomers()
        lengths = Lengths()
        self.inside, self.at_exit = Gaps(lengths), Gaps(lengths)
