"""Who began in the middle of a queue is whoever was lost there: joining times stay whole though tracks break.

Nobody appears in the middle of a line. A track that begins there is somebody whose own track broke, on this camera or
on another, and no camera saw who. But there is one lost for each found, and lines are first in, first out. Where
several cameras look on, who joined first of those lost is taken for the first found. On one camera the place tells
(returning.py), and where it does not, the one behind: who stands before somebody has joined before. Where the other is
still looked for when somebody is found, that is made good once the other is given up.
"""

from collections.abc import Iterable, Sequence

from edge.queueing.floor import Floor, Gone
from edge.queueing.lanes import LaneShape
from edge.queueing.presence import End, Presence

REMEMBER_S = 300.0  # who was lost longer ago has gone


def from_nowhere(floor: Floor, stay: Presence) -> bool:
    """Did a stay of a queue on several cameras begin in its middle, without another camera to say since when?"""
    last_lane = floor.several.get(stay.queue)
    if last_lane is None or stay.at_start:
        return False
    first_s = stay.path.first_s
    return stay.apart or stay.entered_s == first_s or stay.lane < last_lane


def _before_s(floor: Floor, stay: Presence, shapes: Sequence[LaneShape]) -> float | None:
    """When somebody who began inside must have joined at the latest, by the one behind; None: nothing is known.

    One behind whom others have passed says nothing: friends come between, and who only stands there lets all by.
    """
    if stay.queue in floor.several or stay.at_start or stay.entered_s != stay.path.first_s:
        return None
    behind = floor.next_behind(stay, shapes[stay.place])
    if behind is None or behind[0].number is None:
        return None
    book = floor.books[stay.queue]
    theirs = book.open[behind[0].number]
    passed = any(v.joined_s > theirs.joined_s for v in book.closed if v.outcome == "served")
    return None if theirs.censored or passed or theirs.joined_s >= stay.entered_s else theirs.joined_s


def adopt(floor: Floor, stays: Iterable[Presence], shapes: Sequence[LaneShape], now_s: float) -> None:
    """Those about to be counted who began in the middle have waited since one of those lost joined.

    Those lost long ago have gone, and so have all of a queue in which nobody is any more. Before the one behind, but
    none lost who had joined before that: since that one joined.
    """
    inside = {p.queue for p in floor.present.values()}
    floor.gone[:] = [g for g in floor.gone if abs(now_s - g.lost_s) <= REMEMBER_S and g.queue in inside]
    for stay in stays:
        mine = [g for g in floor.gone if g.queue == stay.queue]
        found = next((g for g in mine if g.joined_s == stay.entered_s), None)  # by place: returning.py
        before_s = _before_s(floor, stay, shapes)
        if found is None and from_nowhere(floor, stay):
            before = (g for g in mine if g.lane >= stay.lane and g.joined_s < stay.entered_s)
            found = min(before, key=lambda g: g.joined_s, default=None)
            stay.unexplained = found is None
        elif found is None and before_s is not None:
            found = max((g for g in mine if g.joined_s <= before_s), key=lambda g: g.joined_s, default=None)
            stay.entered_s, stay.unexplained = before_s, found is None
        if found is not None:
            floor.gone.remove(found)
            stay.entered_s, stay.at_start = found.joined_s, found.censored


def give_way(floor: Floor, stay: Presence, end: End, now_s: float) -> None:
    """Somebody is about to be given up as lost: whoever was found meanwhile goes on with the visit instead.

    The two change places, so that no time changes that the book has told.
    """
    if end.outcome != "lost" or stay.number is None:
        return
    book, number = floor.books[stay.queue], stay.number
    mine = book.open[number]
    others = [p for p in floor.in_queue(stay.queue) if p.number != number]
    later = {p.number for p in others if p.number is not None and p.unexplained and p.lane <= stay.lane}
    heirs = [(joined_s, n) for n in later if (joined_s := book.open[n].joined_s) > mine.joined_s]
    if not heirs:
        stay.entered_s = mine.joined_s
        floor.gone.append(Gone(stay.queue, stay.lane, mine.joined_s, mine.censored, now_s))
        return
    stay.entered_s, stay.number = min(heirs)
    sights = [p for p in others if p.number == stay.number]
    book.follow(number, sights[0].path.names[-1])
    for sight in sights:
        sight.number, sight.unexplained, sight.entered_s = number, False, mine.joined_s
