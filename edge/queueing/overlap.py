"""Views that overlap: who is seen by two cameras at once is one person of the queue.

Somebody whom one camera finds where another sees a member of the same queue is that member: both sights share one
visit, which lasts as long as one of them does. The sight that opened the visit is its host; the others are guests, and
belong to the host that is nearest on the floor: a track that jumps from one person to the next takes no visit along.
Cameras without floor marks are not compared.
"""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from scipy.optimize import linear_sum_assignment

from edge.queueing.lanes import Array
from edge.queueing.presence import Presence
from edge.queueing.projection import apart_m
from edge.queueing.visits import VisitBook

SAME_M = 0.9  # sights of one person are this near each other; people in a line stand 0.6 to 1 m apart
APART_M = 2.0  # so far apart, they were two people
STAYS_M = 0.4  # a guest goes to another host only when that is nearer by this
LEAST_S = 1.0  # in the lane, before somebody is compared
HAND_MPS, HAND_MOST_M = 0.6, 2.0  # a host unseen for a while may be so much farther away by every second, and at most


def link(
    mine: Iterable[Presence],
    others: Sequence[Presence],
    grounds: Mapping[str, Array],
    *,
    now_s: float,
    books: Sequence[VisitBook],
) -> None:
    """Gives those of one camera who are not counted yet, and its guests, the visits of the hosts that stand there.

    The cheapest assignment as a whole (Hungarian method), so no two of `mine` get one visit. Guests far from every
    host are people of their own again, as of now.
    """
    hosts = [o for o in others if o.number is not None and not o.guest]
    mine = list(mine)
    _promote(mine, others)
    unseen, mine = [p for p in mine if p.guest and p.hidden], [p for p in mine if not p.hidden]
    free = [p for p in mine if p.guest or (p.number is None and (p.at_start or now_s - p.entered_s >= LEAST_S))]
    held = {(p.queue, p.number) for p in mine if p.number is not None and not p.guest}
    apart = np.array([[_apart(p, h, grounds) for h in hosts] for p in free]).reshape(len(free), len(hosts))
    reach = np.array([_reach_m(h, now_s) for h in hosts])
    same = np.array([[p.number == h.number for h in hosts] for p in free], bool).reshape(apart.shape)
    barred = np.array([(h.queue, h.number) in held for h in hosts], bool)
    cost = np.where((apart <= reach) & ~barred, apart - STAYS_M * same, np.inf)
    rows, columns = linear_sum_assignment(np.where(np.isfinite(cost), cost, 1e6))
    pairs = {int(i): int(j) for i, j in zip(rows, columns, strict=True) if np.isfinite(cost[i, j])}
    given = {(hosts[j].queue, hosts[j].number) for j in pairs.values()}
    for i, stay in enumerate(free):
        if i in pairs:
            _join(stay, hosts[pairs[i]], books)
        elif stay.guest and ((stay.queue, stay.number) in given or not (same[i] & (apart[i] <= APART_M)).any()):
            _unlink(stay, now_s)
    newcomers = [o for o in others if o.number is None and not o.hidden]
    _share_start([p for p in free if p.number is None], newcomers, grounds)
    for stay in unseen:
        if (stay.queue, stay.number) in given:
            _unlink(stay, now_s)


def _unlink(stay: Presence, now_s: float) -> None:
    """A person of one's own, as of now."""
    stay.number, stay.guest, stay.at_start, stay.entered_s, stay.apart = None, False, False, now_s, True


def _share_start(mine: Sequence[Presence], others: Sequence[Presence], grounds: Mapping[str, Array]) -> None:
    """Two sights of a newcomer whom no camera counts yet: both have been there since the earlier of the two."""
    apart = np.array([[_apart(p, o, grounds) for o in others] for p in mine]).reshape(len(mine), len(others))
    near = apart <= SAME_M
    rows, columns = linear_sum_assignment(np.where(near, apart, 1e6))
    for i, j in zip(rows.tolist(), columns.tolist(), strict=True):
        if near[i, j]:
            mine[i].entered_s = others[j].entered_s = min(mine[i].entered_s, others[j].entered_s)


def _join(stay: Presence, host: Presence, books: Sequence[VisitBook]) -> None:
    if stay.number != host.number and host.number is not None:
        books[host.queue].follow(host.number, stay.path.names[-1])
    stay.number, stay.guest = host.number, True


def _promote(mine: Iterable[Presence], others: Iterable[Presence]) -> None:
    """A guest whose host is there no more is the host."""
    hosts = {(o.queue, o.number) for o in others if not o.guest}
    for stay in mine:
        stay.guest = stay.guest and (stay.queue, stay.number) in hosts


def _apart(stay: Presence, host: Presence, grounds: Mapping[str, Array]) -> float:
    distance = apart_m(stay.path, host.path, grounds) if stay.queue == host.queue else None
    return np.inf if distance is None else distance


def _reach_m(host: Presence, now_s: float) -> float:
    away_s = max(now_s - host.path.seen_s, 0.0) if host.hidden else 0.0
    return min(SAME_M + HAND_MPS * away_s, HAND_MOST_M)


def other_sights(stay: Presence, everybody: Iterable[Presence]) -> list[Presence]:
    """The same visit as other cameras see it."""
    if stay.number is None:
        return []
    return [p for p in everybody if p is not stay and p.number == stay.number and p.queue == stay.queue]
