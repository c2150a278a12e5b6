"""The ledger of told waits: what each estimator said when somebody joined, scored when that person was served."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

KEPT = 256  # scored visits
HALF = 10.0  # what is so much evidence old counts half
PRIOR = 3.0  # evidence's worth of belief that the others are worse than `rate` ...
HANDICAP = 1.25  # ... by so much,
EQUALS = ("rate", "patience")  # but not this one, which is the same where nobody gives up
MARGIN = 0.9  # another one speaks when its error is below so much of that of the one who speaks


@dataclass(frozen=True)
class Errors:
    """How the told waits of one queue turned out, since the start.

    Attributes:
        n: served visits that had been told a wait.
        mae_s: mean of |told - real|, seconds.
        bias_s: mean of told - real.
        too_short: share told less than the real wait.
        coverage: share with the real wait inside the told interval.
    """

    n: int
    mae_s: float
    bias_s: float
    too_short: float
    coverage: float


class Ledger:
    """Recent errors of every estimator, and who speaks."""

    def __init__(self) -> None:
        self.speaker = "rate"
        self._errors: deque[tuple[float, Mapping[str, float]]] = deque(maxlen=KEPT)  # evidence, errors
        self._n = 0
        self._sums = [0.0, 0.0, 0.0, 0.0]

    def publish(self, told_s: float, real_s: float, *, covered: bool) -> None:
        """Takes a wait that was told in public into the queue's own errors."""
        self._n += 1
        for i, value in enumerate((abs(told_s - real_s), told_s - real_s, told_s < real_s, covered)):
            self._sums[i] += value

    @property
    def errors(self) -> Errors | None:
        """The queue's own errors; None before the first visit."""
        return Errors(self._n, *(s / self._n for s in self._sums)) if self._n else None

    def score(self, estimates_s: Mapping[str, float], real_s: float, *, ahead: int = 0) -> None:
        """Scores what every estimator said, and lets another one speak where it has been clearly better of late.

        Those who wait together see the same departures, so each of them is only 1 / (ahead + 1) of a piece of evidence.
        """
        self._errors.append((1.0 / (1 + ahead), {name: abs(told_s - real_s) for name, told_s in estimates_s.items()}))
        scores = self.scores()
        best = min(scores, key=lambda name: scores[name])
        if self.speaker not in scores or scores[best] < MARGIN * scores[self.speaker]:
            self.speaker = best

    def forget(self) -> None:
        """Another regime has begun: `rate` speaks until something is known of it. The queue's own errors stay."""
        self.speaker = "rate"
        self._errors.clear()

    def scores(self) -> dict[str, float]:
        """Weighted recent absolute error of each estimator, seconds, drawn towards HANDICAP x that of `rate`.

        Where an estimator said nothing, it gets the error of `rate`, which would have spoken in its place.
        """
        if not self._errors:
            return {}
        names = sorted({name for _, row in self._errors for name in row})
        weights: list[float] = []  # newest first
        since = 0.0
        for evidence, _ in reversed(self._errors):
            weights.append(evidence * 0.5 ** (since / HALF))
            since += evidence
        whole, rows = sum(weights), [row for _, row in reversed(self._errors)]

        def recent(name: str) -> float:
            return sum(w * row.get(name, row["rate"]) for w, row in zip(weights, rows, strict=True)) / whole

        base = recent("rate")
        return {
            name: (whole * recent(name) + PRIOR * base * (1.0 if name in EQUALS else HANDICAP)) / (whole + PRIOR)
            for name in names
        }
