"""Keeps single people out of the durable rows (site file, [privacy] min_people); no I/O, no clock.

A row "served at 07:02 after 3 minutes" and a till's receipt of 07:02 tell of one person. So what happened to people is
held back, in memory alone, until it has happened to enough of them in a queue (those who were served, who joined, who
left: each kind for itself); then their rows go out together, with one time, in an order that says nothing, durations to
5 s. Minutes keep counting everybody.
"""

import logging
from collections.abc import Iterable

from edge.messages import QueueEvent

HELD_S = 3600.0  # then too few have come for too long: their rows are never told
ROUND_S = 5.0
_DURATIONS = ("wait_s", "stay_s", "told_s", "told_low_s", "told_high_s")

_log = logging.getLogger(__name__)


class Crowd:
    """The people of one box that are not told of yet.

    Attributes:
        withheld: events that were never told, too few within an hour of each other.
    """

    def __init__(self, min_people: int) -> None:
        """`min_people` below 2: everything is told at once and as it is."""
        self._least = min_people
        self._groups: dict[tuple[str, str], list[QueueEvent]] = {}  # of a queue and a kind of event
        self.withheld = 0

    def told(self, events: Iterable[QueueEvent], now_s: float) -> list[QueueEvent]:
        """What may be told at media time `now_s` of what has happened; alerts tell of nobody."""
        if self._least < 2:
            return list(events)
        out: list[QueueEvent] = []
        for event in events:
            if event.kind == "alert":
                out.append(event)
            else:
                self._groups.setdefault((event.queue, event.kind), []).append(event)
        for (queue, kind), group in self._groups.items():
            self._drop(f"{queue}, {kind}", group, sum(event.pts_s < now_s - HELD_S for event in group))
            if len(group) >= self._least:
                out += _together(group)
                group.clear()
        return out

    def end(self) -> None:
        """The box's counter ends: who is held back now is not told of."""
        for (queue, kind), group in self._groups.items():
            self._drop(f"{queue}, {kind}", group, len(group))

    def _drop(self, what: str, group: list[QueueEvent], count: int) -> None:
        if count:
            del group[:count]
            self.withheld += count
            _log.info("queue %s: %d events of fewer than %d people are not told", what, count, self._least)


def _together(events: list[QueueEvent]) -> list[QueueEvent]:
    newest = max(events, key=lambda event: event.at)
    at = newest.at.replace(second=int(newest.at.second // ROUND_S * ROUND_S), microsecond=0)
    same = {"at": at, "pts_s": newest.pts_s // ROUND_S * ROUND_S}
    out = [event.model_copy(update=same | _rounded(event)) for event in events]
    return sorted(out, key=lambda event: event.to_json())


def _rounded(event: QueueEvent) -> dict[str, float]:
    durations = {name: getattr(event, name) for name in _DURATIONS}
    return {name: round(s / ROUND_S) * ROUND_S for name, s in durations.items() if s is not None}
