"""What the table of tests/bench/lines.py is made of: sums a seed, figures of added seeds, and how sure they are."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from calibration.fit import ROUNDS
from calibration.simulator.visits import TrueVisit
from edge.calibration_file import miss_rate
from edge.queueing.length import Section, length_of
from edge.vocabulary import Visit

RESAMPLED = 1000
YOUNG_S = 600.0  # a queue that has hardly been seen


@dataclass(frozen=True)
class Told:
    """What somebody who joined was told (high_s None: at least), and how long the wait was in truth; seconds."""

    joined_s: float
    wait_s: float
    low_s: float | None
    high_s: float | None
    real_s: float

    @property
    def covered(self) -> bool:
        """Was the real wait inside the told interval?"""
        high_s = math.inf if self.high_s is None else self.high_s
        return (self.low_s or 0.0) <= self.real_s <= high_s


@dataclass(frozen=True)
class Outcome:
    """One queue of one run.

    Attributes:
        there: people really in the queue at every whole second at which a length was told.
        told: lengths of a lane never measured; sections: what the lengths were made of.
        truth, seen: visits that had ended by the end of the run.
        waits: of those who joined and were told a wait.
    """

    queue: str
    there: list[int]
    told: list[int]
    sections: list[list[Section]]
    truth: list[TrueVisit]
    seen: list[Visit]
    waits: list[Told]

    def lengths(self, rate: float) -> list[int]:
        """What would have been told with that miss rate in the calibration file."""
        return [length_of(replace(s, miss_rate=rate) for s in now).length for now in self.sections]


def fitted(outcomes: Sequence[Outcome]) -> dict[str, float]:
    """Each queue's miss rate, found as `linewise replay --fit` finds it (calibration/fit.py)."""
    return {queue: _rate([o for o in outcomes if o.queue == queue]) for queue in {o.queue for o in outcomes}}


def _rate(outcomes: Sequence[Outcome]) -> float:
    there, rates, told = sum(sum(o.there) for o in outcomes), [0.0], list[int]()
    for _ in range(ROUNDS + 1):
        told.append(sum(sum(o.lengths(rates[-1])) for o in outcomes))
        rates.append(miss_rate(told[-1], there, rates[-1]))
    return min(zip(told[1:], rates[1:-1], strict=True), key=lambda t: abs(t[0] - there))[1]


@dataclass(frozen=True)
class Sums:
    """One seed of a case, all queues together: what the table is made of, and adds up over seeds."""

    there: float = 0.0
    seconds: float = 0.0
    raw: float = 0.0
    corrected: float = 0.0
    off: float = 0.0  # of the corrected length, absolute
    true_served: float = 0.0
    served: float = 0.0
    true_left: float = 0.0
    left: float = 0.0
    lost: float = 0.0
    true_waits: float = 0.0  # people, and the seconds that they waited
    true_waited_s: float = 0.0
    waits: float = 0.0
    waited_s: float = 0.0
    told: float = 0.0  # people who were told a wait, what, what it was, and how far off
    told_s: float = 0.0
    real_s: float = 0.0
    told_off_s: float = 0.0
    too_short: float = 0.0  # people who were told less than they waited, and whose wait lay in the told interval
    covered: float = 0.0
    young_told_s: float = 0.0  # of those who joined in the first YOUNG_S: what they were told, and what it was
    young_real_s: float = 0.0
    young: float = 0.0
    young_covered: float = 0.0


def sums(outcomes: Sequence[Outcome], rates: Mapping[str, float]) -> Sums:
    """One seed."""
    corrected = [x for o in outcomes for x in o.lengths(rates[o.queue])]
    there = [x for o in outcomes for x in o.there]
    truth, seen = [v for o in outcomes for v in o.truth], [v for o in outcomes for v in o.seen]
    true_s = [v.served_s - v.joined_s for v in truth if v.served_s is not None]
    waited_s = [v.served_s - v.joined_s for v in seen if v.served_s is not None and not v.censored]
    waits = [w for o in outcomes for w in o.waits]
    young = [w for w in waits if w.joined_s < YOUNG_S]
    off_s = [w.wait_s - w.real_s for w in waits]

    def ended(visits: Iterable[TrueVisit | Visit], how: str) -> float:
        return float(sum(v.outcome == how for v in visits))

    return Sums(
        sum(there), len(there), sum(x for o in outcomes for x in o.told), sum(corrected),
        float(np.abs(np.subtract(corrected, there)).sum()),
        ended(truth, "served"), ended(seen, "served"), ended(truth, "left"), ended(seen, "left"), ended(seen, "lost"),
        len(true_s), sum(true_s), len(waited_s), sum(waited_s),
        len(waits), sum(w.wait_s for w in waits), sum(w.real_s for w in waits), sum(map(abs, off_s)),
        sum(s < 0.0 for s in off_s), sum(w.covered for w in waits),
        sum(w.wait_s for w in young), sum(w.real_s for w in young), len(young), sum(w.covered for w in young),
    )  # fmt: skip


def total(rows: Iterable[Sums]) -> Sums:
    """Seeds added up."""
    return Sums(*np.array([list(vars(r).values()) for r in rows]).sum(axis=0).tolist())


Figure = Callable[[Sums], float]
FIGURES: dict[str, Figure] = {
    "raw": lambda s: s.raw / s.there - 1.0,
    "length": lambda s: s.corrected / s.there - 1.0,
    "served": lambda s: s.served / s.true_served - 1.0,
    "measured wait": lambda s: (s.waited_s / s.waits) / (s.true_waited_s / s.true_waits) - 1.0,
    "told wait": lambda s: s.told_s / max(s.real_s, 1.0) - 1.0,
    "of the first ten minutes": lambda s: s.young_told_s / max(s.young_real_s, 1.0) - 1.0,
}


def half_width(rows: Sequence[Sums], figure: Figure) -> float:
    """Half the 95 % interval of a figure of added seeds, by drawing seeds anew (bootstrap)."""
    rng = np.random.default_rng(0)
    drawn = [figure(total([rows[i] for i in rng.integers(0, len(rows), len(rows))])) for _ in range(RESAMPLED)]
    low, high = np.quantile(drawn, (0.025, 0.975))
    return float(high - low) / 2.0


def line(name: str, rows: Sequence[Sums], plain: Sequence[Sums] | None) -> str:
    """One line of the table; `plain`: the same seeds without broken tracks."""
    s = total(rows)
    figures = "  ".join(f"{n} {f(s):+.3f} +- {half_width(rows, f):.3f}" for n, f in FIGURES.items())
    ratio = "" if plain is None else f"  told MAE x {(s.told_off_s / s.told) / _told_mae(total(plain)):.2f}"
    n = max(s.told, 1.0)
    told = f"told {s.told:.0f} MAE {_told_mae(s):.1f} s short {s.too_short / n:.2f} cover {s.covered / n:.2f}"
    told += f" (first ten minutes: {s.young:.0f}, {s.young_covered / max(s.young, 1.0):.2f})"
    return (
        f"{name:20} seeds {len(rows)}  mean {s.there / s.seconds:.2f}  {figures}  MAE {s.off / s.seconds:.2f}  "
        f"served {s.served:.0f}/{s.true_served:.0f}  left {s.left:.0f}/{s.true_left:.0f}  lost {s.lost:.0f}  "
        f"waits {s.waited_s / s.waits:.1f}/{s.true_waited_s / s.true_waits:.1f} s  {told}{ratio}"
    )


def _told_mae(s: Sums) -> float:
    return s.told_off_s / max(s.told, 1.0)
