"""Those who stand in a lane and do not queue: a worker without a staff area, somebody who waits there for a friend.

People in a line move up. Who has stood on one spot for many times as long as people wait here, while one after the
other who came later was served, is not in the line. Each of these figures is large on purpose: to take a customer out
of the length is worse than to leave a worker in it. Where a line stands still nobody is served, so nobody is passed.
"""

import math
import statistics

from edge.queueing.presence import End, Presence
from edge.queueing.returning import STAFF_S
from edge.queueing.visits import VisitBook

SPOT_HEIGHTS = 0.5  # body heights: who stays this near to a place has not moved up
LEAST_S = 900.0  # standing there for so long ...
TIMES_WAIT = 8.0  # ... and for so many times as long as those waited who came later and were served
PASSED_BY = 12  # so many of them


def seen_through(stay: Presence, book: VisitBook) -> End | None:
    """Follows where somebody stands; the end of the visit of one who only stands there: lost, no wait is made of it.

    Such a person is staff from now on: returning.is_staff.
    """
    path = stay.path
    if stay.spot is None or math.dist(stay.spot, path.point) > SPOT_HEIGHTS * path.height:
        stay.spot, stay.spot_since_s = path.point, path.seen_s
    if stay.number is None or not _only_stands(stay, book):
        return None
    path.staff_s = STAFF_S
    book.censor(stay.number)
    return End("lost", path.seen_s)


def _only_stands(stay: Presence, book: VisitBook) -> bool:
    """Has somebody not being served stood on one spot while many came later, waited far less and were served?"""
    stood_s = stay.path.seen_s - stay.spot_since_s
    if stood_s < LEAST_S or stay.service_s is not None:
        return False
    passed_s = [
        v.served_s - v.joined_s
        for v in book.closed
        if v.served_s is not None and not v.censored and v.joined_s > stay.spot_since_s
    ]
    return len(passed_s) >= PASSED_BY and stood_s >= TIMES_WAIT * statistics.median(passed_s)
