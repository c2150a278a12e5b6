"""Estimators of the wait of somebody who joins now. Each is a pure function of what is known of the line: seconds, or
None where it has nothing to go by. docs/queue-science.md tells what each assumes and where it fails.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

from scipy.special import gammaincc

from edge.queueing.waiting import MEMORY_S, Rate
from edge.vocabulary import Visit

TAIL = 1e-9  # of a law: less is left of it


@dataclass(frozen=True)
class Line:
    """A queue at one moment, media seconds.

    Attributes:
        now_s: the moment.
        visits: the latest finished ones and all open ones, in any order.
        rate: departures over busy time, stops left out.
        headways_s: the headways that the rate is made of.
        idle_from_s: since when somebody waits without a departure, None if nobody waits.
        stop_s: when the last stop of the server was over, None without one. Who waited through it says nothing of now.
        coming: how many more are expected to be in the line already, not counted yet.
        together: people who depart at once, on average: a lift's chairs take several, all else one.
    """

    now_s: float
    visits: Sequence[Visit]
    rate: Rate
    headways_s: Sequence[float]
    idle_from_s: float | None
    stop_s: float | None = None
    coming: float = 0.0
    together: float = 1.0

    def delay_s(self, of: Visit, until_s: float) -> float | None:
        """How long a visit has waited; None for one who was there at the start or waited through a stop."""
        if of.censored or (self.stop_s is not None and of.joined_s <= self.stop_s):
            return None
        return until_s - of.joined_s

    @cached_property
    def waiting(self) -> list[Visit]:
        """Those who are not served yet, the first who joined first."""
        return sorted((v for v in self.visits if v.outcome is None and v.served_s is None), key=lambda v: v.joined_s)

    @cached_property
    def in_service(self) -> int:
        """How many are served now, as far as a service area shows it."""
        return sum(v.outcome is None and v.served_s is not None for v in self.visits)


def rate(line: Line) -> float | None:
    """All who wait, and oneself, times the mean headway (the queue-length predictor of Ibrahim & Whitt 2009).

    Of the service that runs now only what is left of it counts: the mean residual life at the age reached, from the
    headways that lasted longer, and one more as their gamma law would have it (Cox 1962, Renewal Theory). Those who are
    in the line but don't count yet are ahead of oneself all the same. Where several depart at once, half of the others
    on one's own chair are ahead and cost no time.
    """
    usual_s = line.rate.usual_s
    if usual_s is None:
        return None
    on_the_same = (line.together - 1.0) / 2.0
    return max(len(line.waiting) + line.coming - on_the_same, 0.0) * usual_s + _first_s(line, usual_s)


def last_served(line: Line) -> float | None:
    """The wait of the last one to enter service (LES; Ibrahim & Whitt 2009)."""
    served = [(v.served_s, v.joined_s, v) for v in line.visits if v.served_s is not None and not v.censored]
    if not served:
        return None
    served_s, _, last = max(served, key=lambda row: row[:2])
    return line.delay_s(last, served_s) if served_s >= line.now_s - MEMORY_S else None


def head(line: Line) -> float | None:
    """How long the head of the line has been waiting (HOL; Ibrahim & Whitt 2009)."""
    return line.delay_s(line.waiting[0], line.now_s) if line.waiting else None


def patience(line: Line) -> float | None:
    """As `rate`, when of those ahead some give up: a sum of 1 / (mu + i theta), i those who may (Whitt 1999).

    i runs from none to all who wait; where nobody is known to be in service, the head of the line is, and stays.

    theta, how often a waiting person gives up, is those who left over all seconds waited: the maximum likelihood for an
    exponential patience. None where nobody left.
    """
    usual_s, all_stay_s = line.rate.usual_s, rate(line)
    recent = [v for v in line.visits if v.left_s is None or v.left_s >= line.now_s - MEMORY_S]
    gave_up = sum(v.outcome == "left" for v in recent)
    waited_s = sum(_waited_until(v, line.now_s) - v.joined_s for v in recent)
    if usual_s is None or all_stay_s is None or not gave_up or waited_s <= 0.0:
        return None
    theta = gave_up / waited_s
    n = len(line.waiting) + 1
    may_leave = [i if line.in_service else max(i - 1, 0) for i in range(n)]
    paces_s = [1.0 / (1.0 / usual_s + i * theta) for i in may_leave]
    return (sum(paces_s) + line.coming * paces_s[-1]) * all_stay_s / ((n + line.coming) * usual_s)


def curves(line: Line) -> float | None:
    """Cumulative curves of entries and exits, first in first out, whoever is who (Newell 1982; Daganzo 1997).

    With n in the line the next to depart is the n-th last to have come. Right where tracks were exchanged.
    """
    n = len(line.waiting)
    if n == 0:
        return None
    return line.delay_s(sorted(line.visits, key=lambda v: (v.joined_s, v.censored))[-n], line.now_s)


ESTIMATORS: dict[str, Callable[[Line], float | None]] = {
    "rate": rate,
    "last_served": last_served,
    "head": head,
    "patience": patience,
    "curves": curves,
}


def _first_s(line: Line, usual_s: float) -> float:
    """How long until the next departure, seconds."""
    if line.idle_from_s is None:
        return usual_s
    age_s = line.now_s - line.idle_from_s
    left_s = [h - age_s for h in line.headways_s if h > age_s]
    return (sum(left_s) + residual_s(age_s, usual_s, line.rate.shape)) / (len(left_s) + 1)


def residual_s(age_s: float, mean_s: float, shape: float) -> float:
    """What is left on average of a duration that has lasted age_s already, if durations follow a gamma law, seconds.

    E[X | X > t] - t by the incomplete gamma function; far out in the tail it is mean_s / shape.
    """
    rate = shape / mean_s
    beyond = float(gammaincc(shape, rate * age_s))
    if beyond < TAIL:
        return mean_s / shape
    return max(mean_s * float(gammaincc(shape + 1.0, rate * age_s)) / beyond - age_s, 0.0)


def _waited_until(v: Visit, now_s: float) -> float:
    if v.served_s is not None:
        return v.served_s
    return now_s if v.left_s is None else v.left_s
