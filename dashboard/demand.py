"""What a day asked of a queue's servers: when people came, and how long one server needed for one person; from visits.

Where a service area shows the service, a visit tells it: its stay less its wait. Elsewhere only departures are seen. A
gap between two of them is a service of one of c servers at work when c people or more were there throughout, which is
so when the next c to depart had all joined before the gap began; c such gaps long is what one server needs for one
person (its mean is right; its spread only for c = 1).
"""

import sqlite3
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

SEEN_S = 0.5  # a shorter service was not seen, it is a rounding
FEW = 20  # services; fewer tell no pace
PAUSE_S = 60.0  # a gap longer than this
PAUSE = 8.0  # and than so many usual ones is a pause of the service, not a service


@dataclass(frozen=True)
class Ended:
    """One person who was served: when the visit ended, and its wait and stay if its beginning was seen; seconds."""

    at_s: float
    wait_s: float | None = None
    stay_s: float | None = None


@dataclass(frozen=True)
class Pace:
    """How one server works.

    Attributes:
        services_s: how long each service took, seconds; made from gaps where no service was seen.
        seen: whether services were seen.
        in_wait: whether the site's waits hold a person's own service: they end when it is over.
    """

    services_s: tuple[float, ...]
    seen: bool = True
    in_wait: bool = False

    @property
    def service_s(self) -> float:
        """The mean."""
        return statistics.fmean(self.services_s)

    @property
    def cv(self) -> float:
        """Standard deviation over mean."""
        return statistics.pstdev(self.services_s) / self.service_s


@dataclass(frozen=True)
class Asked:
    """A stretch of one queue: when people came (seconds since 1970, sorted), and who was served."""

    arrivals_s: tuple[float, ...]
    ended: tuple[Ended, ...]

    @property
    def waits_s(self) -> list[float]:
        """The real waits of those who were served."""
        return [e.wait_s for e in self.ended if e.wait_s is not None]


def read_asked(db: sqlite3.Connection, site: str, queue: str, start_s: float, end_s: float) -> Asked:
    """The visits that began or ended from start_s to before end_s; none where visits are no longer kept."""
    rows = db.execute(
        "SELECT kind, at_s, wait_s, stay_s FROM events WHERE site = ? AND queue = ? AND at_s >= ? AND at_s < ? "
        "AND kind IN ('joined', 'served') ORDER BY at_s, box, epoch, seq",
        (site, queue, start_s, end_s),
    ).fetchall()
    return Asked(
        tuple(row[1] for row in rows if row[0] == "joined"),
        tuple(Ended(row[1], row[2], row[3]) for row in rows if row[0] == "served"),
    )


def last_day_s(db: sqlite3.Connection, site: str, queue: str, before_s: float) -> float | None:
    """An instant of the last hour before `before_s` in which somebody came; None: there is none."""
    row = db.execute(
        "SELECT max(hour_s) FROM hours WHERE site = ? AND queue = ? AND hour_s < ? AND joined > 0",
        (site, queue, before_s),
    ).fetchone()
    return None if row is None or row[0] is None else float(row[0])


def pace(ended: Sequence[Ended], servers: int, *, served_in_line: bool = True) -> Pace | None:
    """How one of `servers` servers worked; None with fewer than FEW services to tell it from.

    `served_in_line`: where no service is seen, who is served still stands in the line (the site's `count_served`).
    """
    seen = [e.stay_s - e.wait_s for e in ended if e.stay_s is not None and e.wait_s is not None]
    shown = [service_s for service_s in seen if service_s > SEEN_S]
    if len(shown) >= FEW and 2 * len(shown) > len(seen):
        return Pace(tuple(shown))
    gaps = busy_gaps_s(ended, servers)
    longest_s = max(PAUSE_S, PAUSE * statistics.median(gaps)) if gaps else 0.0
    kept = tuple(servers * gap_s for gap_s in gaps if gap_s <= longest_s)
    return Pace(kept, seen=False, in_wait=served_in_line) if len(kept) >= FEW and sum(kept) > 0 else None


def busy_gaps_s(ended: Sequence[Ended], servers: int) -> list[float]:
    """Gaps between departures (sorted by time) in which all servers were at work; see the head of this module."""
    joined_s = [None if e.stay_s is None else e.at_s - e.stay_s for e in ended]
    gaps = []
    for n in range(1, len(ended) - servers + 1):
        began_s = ended[n - 1].at_s
        if all(at_s is not None and at_s <= began_s for at_s in joined_s[n : n + servers]):
            gaps.append(ended[n].at_s - began_s)
    return gaps
