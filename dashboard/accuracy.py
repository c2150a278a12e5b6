"""How the waits that a queue was told have turned out: its own errors, of any span of whole hours, for ever.

Each served visit brings what the reading had told when the person joined; the store sums that up by the hour
(dashboard/hours.py), so the errors of a day are the quotients of its hours' sums. Single visits are there as long as
visits are kept.
"""

import sqlite3
from dataclasses import dataclass


@dataclass(frozen=True)
class WaitErrors:
    """Told against real waits of the people who were served and had been told one.

    Attributes:
        n: how many people.
        mae_s: mean of |told - real|, seconds.
        bias_s: mean of told - real, seconds: below 0 means told too short.
        too_short: share of people who were told less than they waited, 0 to 1.
        coverage: share of people whose real wait was inside the told interval (which aims at 0.8), 0 to 1.
    """

    n: int
    mae_s: float
    bias_s: float
    too_short: float
    coverage: float


@dataclass(frozen=True)
class ToldVisit:
    """One person: when served (seconds since 1970), what was told at joining, and what came; seconds.

    `high_s` None: it was told as "at least".
    """

    at_s: float
    told_s: float
    low_s: float
    high_s: float | None
    real_s: float


_SUMS = """
SELECT sum(told), sum(told_off_s), sum(told_more_s), sum(told_short), sum(told_covered)
FROM hours WHERE site = ? AND queue = ? AND hour_s >= ? AND hour_s < ?
"""
_VISITS = """
SELECT at_s, told_s, coalesce(told_low_s, told_s), told_high_s, wait_s FROM events
WHERE site = ? AND queue = ? AND at_s >= ? AND at_s < ? AND kind = 'served' AND told_s IS NOT NULL
    AND wait_s IS NOT NULL
ORDER BY at_s, box, epoch, seq
"""


def wait_errors(db: sqlite3.Connection, site: str, queue: str, start_s: float, end_s: float) -> WaitErrors | None:
    """A queue's own errors over the hours that begin from start_s to before end_s (seconds since 1970); None: no visit.

    In a zone with half hours the day's first and last half hour may be its neighbour's.
    """
    n, *sums = db.execute(_SUMS, (site, queue, start_s, end_s)).fetchone()
    return WaitErrors(int(n), *(float(total) / n for total in sums)) if n else None


def told_visits(db: sqlite3.Connection, site: str, queue: str, start_s: float, end_s: float) -> list[ToldVisit]:
    """Those served from start_s to before end_s who had been told a wait, in that order; for a chart told over real."""
    return [ToldVisit(*row) for row in db.execute(_VISITS, (site, queue, start_s, end_s))]
