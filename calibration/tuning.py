"""Which change is best, and what it is worth where it was not chosen: cross-validation over parts. Pure.

Every change was tried on every recording (tuning_scores.py). A part is a recording, or a block of time of one where
there are few. For each part the change that is best on all other parts is chosen and scored on the part itself; these
scores together are the held-out error. Chosen on the same counts that it is judged by, a change always looks good.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from calibration.intervals import mean_interval
from calibration.tuning_scores import Floats, Scored
from calibration.tuning_space import Change

LEAST_PARTS = 5


@dataclass(frozen=True)
class Part:
    """One part that was held out.

    Attributes:
        name: the recording, with the block's number where it was cut.
        n: counts (or visits) in it.
        before: mean error as the site file has it.
        chosen: the change that was best on all other parts.
        after: that change's mean error on this part.
    """

    name: str
    n: int
    before: float
    chosen: Change
    after: float


@dataclass(frozen=True)
class Tuned:
    """What a tuning found.

    Attributes:
        changes: everything that was tried; the first is the site as it is.
        means: (C,) mean error of each over all parts.
        parts: one each.
        before, after: mean held-out error as the site file has it, and of the changes chosen elsewhere.
        gain: before - after; `interval`: its 95 % interval (blocks of neighbours), None of few counts.
        best: the change that is best over all parts together: what would be written into the site file.
    """

    changes: Sequence[Change]
    means: Floats
    parts: Sequence[Part]
    before: float
    after: float
    gain: float
    interval: tuple[float, float] | None
    best: Change

    @property
    def sure(self) -> bool:
        """Is the gain more than chance?"""
        return self.interval is not None and self.interval[0] > 0.0


def tuned(scored: Sequence[Scored], changes: Sequence[Change]) -> Tuned:
    """Cross-validates; at least two parts with something in each are needed (ValueError)."""
    off = np.concatenate([one.off for one in scored], axis=1)
    part, names = _parts(scored)
    if len(names) < 2:
        raise ValueError(f"two parts are needed, here are {len(names)}")
    held = np.zeros(off.shape[1])
    found = []
    for number, name in enumerate(names):
        mine = part == number
        chosen = best_of(off[:, ~mine], changes)
        held[mine] = off[chosen, mine]
        before, after = (float(off[c, mine].mean()) for c in (0, chosen))
        found.append(Part(name, int(mine.sum()), before, changes[chosen], after))
    gains = off[0] - held
    return Tuned(
        changes=changes,
        means=off.mean(axis=1),
        parts=found,
        before=float(off[0].mean()),
        after=float(held.mean()),
        gain=float(gains.mean()),
        interval=mean_interval(gains.tolist()),
        best=changes[best_of(off, changes)],
    )


def best_of(off: Floats, changes: Sequence[Change]) -> int:
    """The change with the smallest mean error; of equal ones the one that changes least, then the earlier."""
    means = np.round(off.mean(axis=1), 9)
    return min(range(len(changes)), key=lambda c: (means[c], len(changes[c]), c))


def _parts(scored: Sequence[Scored]) -> tuple[NDArray[np.int64], list[str]]:
    """(M,) the part of each count, and the parts' names: recordings, cut into blocks of time until there are enough."""
    cuts = -(-LEAST_PARTS // max(len(scored), 1))
    part: list[int] = []
    names: list[str] = []
    for one in scored:
        blocks = min(cuts, len(one.at_s))
        for number, block in enumerate(np.array_split(one.at_s, blocks) if blocks else (), 1):
            part += [len(names)] * len(block)
            names.append(one.name if blocks == 1 else f"{one.name}, {number} of {blocks}")
    return np.array(part, np.int64), names
