"""Machine against truth: lengths at moments, waits told on joining, visits matched one to one. Pure functions.

Definitions (docs/engineer.md tells them to people):
length   the reading nearest to the truth's moment, the earlier of two; error = machine - truth; a reading without a
         length is counted as `unknown`, a moment farther than MAX_AWAY_S from any reading as `outside`.
wait     the reading that somebody who joins sees: the last one at or before joining (else the first one); what it told
         against what that person then really waited. Only visits of the truth that were served.
visits   matched by the overlap of their stays, the total intersection over union being the greatest possible; pairs
         under MIN_OVERLAP are none. The rest is `missed` (truth) or `extra` (machine).
"""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from calibration.truth import TruthCount
from edge.messages import QueueReading
from edge.vocabulary import Visit

MAX_AWAY_S = 1.5  # readings come once a second, so half a second away is the rule; more only at the ends
MIN_OVERLAP = 0.3  # intersection over union of two stays that may be the same person's


@dataclass(frozen=True)
class LengthError:
    """One moment of truth and what the machine said then (`told` None: it did not know, or there is no reading)."""

    truth: TruthCount
    reading_pts_s: float | None
    told: int | None

    @property
    def error(self) -> int | None:
        """Machine - truth, people."""
        return None if self.told is None else self.told - self.truth.length


@dataclass(frozen=True)
class WaitError:
    """One visit of the truth and the wait that was told when it joined; seconds."""

    visit: Visit
    real_s: float
    told_s: float | None
    low_s: float | None
    high_s: float | None

    @property
    def error_s(self) -> float | None:
        """Told - real, seconds; None: no wait was told."""
        return None if self.told_s is None else self.told_s - self.real_s

    @property
    def covered(self) -> bool:
        """Was the real wait inside the told interval? One without an upper end reaches as far as it takes."""
        return self.low_s is not None and self.low_s <= self.real_s <= (
            math.inf if self.high_s is None else self.high_s
        )


@dataclass(frozen=True)
class Match:
    """A visit of the truth and the machine's of the same person; one of the two may be missing."""

    truth: Visit | None
    machine: Visit | None


def length_errors(truth: Iterable[TruthCount], readings: Sequence[QueueReading]) -> list[LengthError]:
    """Each moment of one queue's truth with the nearest of the queue's readings (in the order of time)."""
    times = [r.pts_s for r in readings]
    found = []
    for row in truth:
        index = _nearest(times, row.pts_s)
        if index is None or abs(times[index] - row.pts_s) > MAX_AWAY_S:
            found.append(LengthError(row, None, None))
        else:
            found.append(LengthError(row, times[index], readings[index].length))
    return found


def _nearest(times: Sequence[float], pts_s: float) -> int | None:
    """Index of the time nearest to pts_s, the earlier of two at the same distance; None: there are no times."""
    if not times:
        return None
    right = bisect_left(times, pts_s)
    candidates = [i for i in (right - 1, right) if 0 <= i < len(times)]
    return min(candidates, key=lambda i: (abs(times[i] - pts_s), i))


def length_score(errors: Iterable[LengthError]) -> dict[str, Any]:
    """n, mae, bias, within_1 (share) over the moments with a known length; unknown and outside are counted apart."""
    rows = list(errors)
    known = [e.error for e in rows if e.error is not None]
    return {
        **_spread(known),
        "within_1": _mean([float(abs(e) <= 1) for e in known]),
        "unknown": sum(e.told is None and e.reading_pts_s is not None for e in rows),
        "outside": sum(e.reading_pts_s is None for e in rows),
    }


def wait_errors(truth: Iterable[Visit], readings: Sequence[QueueReading]) -> list[WaitError]:
    """Each served visit of one queue's truth with the wait that its person was told on joining."""
    times = [r.pts_s for r in readings]
    found = []
    for visit in truth:
        if visit.outcome != "served" or visit.served_s is None or visit.censored or not readings:
            continue
        seen = readings[max(bisect_right(times, visit.joined_s) - 1, 0)]
        real_s = visit.served_s - visit.joined_s
        found.append(WaitError(visit, real_s, seen.wait_s, seen.wait_low_s, seen.wait_high_s))
    return found


def wait_score(errors: Iterable[WaitError]) -> dict[str, Any]:
    """n, mae, bias in seconds, coverage (share of real waits in the told interval), too_short (share told less than
    they waited); untold waits are counted apart.
    """
    rows = list(errors)
    told = [(e, e.error_s) for e in rows if e.error_s is not None]
    return {
        **_spread([error for _, error in told]),
        "coverage": _mean([float(e.covered) for e, _ in told]),
        "too_short": _mean([float(error < 0) for _, error in told]),
        "unknown": len(rows) - len(told),
    }


def match_visits(truth: Sequence[Visit], machine: Sequence[Visit], *, end_s: float) -> list[Match]:
    """One to one by overlap of the stays of one queue, in the order of joining; `end_s` ends stays still open."""
    overlaps = np.array([[overlap(span(t, end_s), span(m, end_s)) for m in machine] for t in truth])
    overlaps = overlaps.reshape(len(truth), len(machine))
    pairs = dict(_assigned(overlaps))
    taken = set(pairs.values())
    found = [Match(t, machine[pairs[i]] if i in pairs else None) for i, t in enumerate(truth)]
    found += [Match(None, m) for j, m in enumerate(machine) if j not in taken]
    return sorted(found, key=lambda m: (m.truth or m.machine).joined_s)  # type: ignore[union-attr]


def _assigned(overlaps: NDArray[np.float64]) -> list[tuple[int, int]]:
    rows, columns = linear_sum_assignment(overlaps, maximize=True)
    return [(int(i), int(j)) for i, j in zip(rows, columns, strict=True) if overlaps[i, j] >= MIN_OVERLAP]


def span(visit: Visit, end_s: float) -> tuple[float, float]:
    """When the person was there, seconds; `end_s` ends a stay that is still open."""
    ends = [t for t in (visit.left_s, visit.served_s) if t is not None]
    return visit.joined_s, max(ends[0] if ends else end_s, visit.joined_s)


def overlap(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Intersection over union of two intervals, 0 where both are empty."""
    both = min(a[1], b[1]) - max(a[0], b[0])
    union = max(a[1], b[1]) - min(a[0], b[0])
    return max(both, 0.0) / union if union > 0 else 0.0


def stay_error_s(match: Match) -> float | None:
    """Machine's stay - truth's stay, seconds; None unless both have an end."""
    spans = [(v.joined_s, v.left_s if v.left_s is not None else v.served_s) for v in (match.machine, match.truth) if v]
    if len(spans) < 2:
        return None
    (machine_from, machine_to), (truth_from, truth_to) = spans
    if machine_to is None or truth_to is None:
        return None
    return (machine_to - machine_from) - (truth_to - truth_from)


def wait_error_s(match: Match) -> float | None:
    """Measured wait - real wait, seconds; None unless both were served."""
    if match.machine is None or match.truth is None:
        return None
    if match.machine.served_s is None or match.truth.served_s is None or match.machine.censored:
        return None
    return (match.machine.served_s - match.machine.joined_s) - (match.truth.served_s - match.truth.joined_s)


def visit_score(matches: Iterable[Match]) -> dict[str, Any]:
    """n, found, missed, extra; errors of stays and of measured waits with n, mae, bias, worst (the largest error)."""
    rows = list(matches)
    of_truth = [m for m in rows if m.truth]
    stays = [e for m in rows if (e := stay_error_s(m)) is not None]
    waits = [e for m in rows if (e := wait_error_s(m)) is not None]
    return {
        "n": len(of_truth),
        "found": sum(m.machine is not None for m in of_truth),
        "missed": sum(m.machine is None for m in of_truth),
        "extra": len(rows) - len(of_truth),
        "stay": {**_spread(stays), "worst": _rounded(max((abs(e) for e in stays), default=None))},
        "measured_wait": {**_spread(waits), "worst": _rounded(max((abs(e) for e in waits), default=None))},
    }


def _spread(errors: Sequence[float]) -> dict[str, Any]:
    return {"n": len(errors), "mae": _mean([abs(e) for e in errors]), "bias": _mean(errors)}


def _mean(values: Sequence[float]) -> float | None:
    return _rounded(sum(values) / len(values)) if values else None


def _rounded(value: float | None) -> float | None:
    """To four decimals, so that files stay short and equal."""
    return None if value is None else round(float(value), 4)
