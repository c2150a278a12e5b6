"""How many servers a line has: from visits alone."""

from collections.abc import Iterable, Sequence

from edge.queueing.waiting import MEMORY_S
from edge.vocabulary import Visit

LEAST_BUSY_S = 60.0  # of somebody waiting, before a number is told
SHARE = 0.1  # so much of that time must see a number of people served at once


def servers_seen(visits: Iterable[Visit], now_s: float) -> int:
    """People served at once while somebody waited, over the last half hour; 0: not known.

    Service lasts from served_s to left_s, which are apart only where a lane has a service area: with a service line
    alone nobody is seen in service. While somebody waits, all servers work but for the moments of walking up, so the
    number is the largest that a tenth of this time has seen; one seen more shortly is a crowd in passing. Fails where
    people stay beside the till after they have been served (too many), and where nobody ever waits (0).
    """
    changes: list[tuple[float, int, int]] = []  # when, change of those waiting, of those served
    since_s = now_s - MEMORY_S
    for v in visits:
        left_s = now_s if v.left_s is None else v.left_s
        if left_s < since_s or v.joined_s > now_s:
            continue
        waits_until_s = left_s if v.served_s is None else min(v.served_s, now_s)
        changes += [(max(v.joined_s, since_s), 1, 0), (max(waits_until_s, since_s), -1, 0)]
        if v.served_s is not None and v.served_s < now_s:
            changes += [(max(v.served_s, since_s), 0, 1), (min(left_s, now_s), 0, -1)]
    return _usual(sorted(changes))


def _usual(changes: Sequence[tuple[float, int, int]]) -> int:
    lasting_s: dict[int, float] = {}
    waiting = served = 0
    last_s = changes[0][0] if changes else 0.0
    for at_s, more_waiting, more_served in changes:
        if waiting > 0:
            lasting_s[served] = lasting_s.get(served, 0.0) + at_s - last_s
        last_s = at_s
        waiting, served = waiting + more_waiting, served + more_served
    whole_s = sum(lasting_s.values())
    if whole_s < LEAST_BUSY_S:
        return 0
    return max((n for n in lasting_s if sum(s for m, s in lasting_s.items() if m >= n) >= SHARE * whole_s), default=0)
