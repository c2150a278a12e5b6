"""The visit book of one queue: who joined, and how each visit ended.

At every moment joined - served - left - lost = people in the book. A visit that has been counted as joined stays in
until it ends in exactly one of the three ways, and nothing is ever taken back.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from edge.vocabulary import Outcome, Visit

_NAMES_KEPT = 64  # tracks that one visit was made of
_CLOSED_KEPT = 256  # finished visits that later questions (people ahead, headways) may need


@dataclass(slots=True)
class OpenVisit:
    """A visit that goes on. Times in media seconds."""

    number: int
    joined_s: float
    censored: bool
    ahead_on_joining: int
    served_s: float | None = None
    track_ids: deque[str] = field(default_factory=lambda: deque(maxlen=_NAMES_KEPT))


@dataclass(frozen=True)
class Totals:
    """Counts since the book was opened."""

    joined: int = 0
    served: int = 0
    left: int = 0
    lost: int = 0

    @property
    def inside(self) -> int:
        """People in the queue: those who joined and whose visit has not ended."""
        return self.joined - self.served - self.left - self.lost


class VisitBook:
    """All visits of one queue: open ones, the latest finished ones, totals, and what is new since the last `drain`."""

    def __init__(self, queue_id: str) -> None:
        self.queue_id = queue_id
        self.open: dict[int, OpenVisit] = {}
        self.closed: deque[Visit] = deque(maxlen=_CLOSED_KEPT)
        self._counts = dict.fromkeys(("joined", "served", "left", "lost"), 0)
        self._next = 1
        self._joined_news: list[Visit] = []
        self._closed_news: list[Visit] = []

    @property
    def totals(self) -> Totals:
        """Counts since the book was opened."""
        return Totals(**self._counts)

    def join(self, joined_s: float, track_ids: Iterable[str], *, censored: bool) -> int:
        """Opens a visit, joined at that (possibly past) moment, and returns its number.

        Simultaneous visits are to be opened in their order from the service point: who is opened first is ahead.
        """
        ahead = sum(v.joined_s <= joined_s for v in self.open.values())
        ahead += sum(v.joined_s <= joined_s < (v.left_s or 0.0) for v in self.closed)
        visit = OpenVisit(self._next, joined_s, censored, ahead)
        visit.track_ids.extend(track_ids)
        self.open[visit.number] = visit
        self._next += 1
        self._counts["joined"] += 1
        self._joined_news.append(self._as_visit(visit))
        return visit.number

    def follow(self, number: int, track_id: str, *, certain: bool = True) -> None:
        """The visit goes on under another track; where that is a guess no wait is made of it (censored)."""
        visit = self.open[number]
        visit.track_ids.append(track_id)
        visit.censored = visit.censored or not certain

    def censor(self, number: int) -> None:
        """No wait is made of this visit."""
        self.open[number].censored = True

    def serve(self, number: int, served_s: float) -> None:
        """Service of this visit began; it stays in the book until it is closed."""
        visit = self.open[number]
        visit.served_s = max(served_s, visit.joined_s)

    def close(self, number: int, outcome: Outcome, left_s: float) -> None:
        """Ends a visit. A served visit whose service start was not seen gets `left_s` for it."""
        visit = self.open.pop(number)
        left_s = max(left_s, visit.joined_s)
        if outcome == "served" and visit.served_s is None:
            visit.served_s = left_s
        if outcome != "served":
            visit.served_s = None
        done = self._as_visit(visit, outcome, max(left_s, visit.served_s or left_s))
        self._counts[outcome] += 1
        self.closed.append(done)
        self._closed_news.append(done)

    def drain(self) -> tuple[list[Visit], list[Visit]]:
        """(visits opened, visits finished) since the last call."""
        news = (self._joined_news, self._closed_news)
        self._joined_news, self._closed_news = [], []
        return news

    def open_visits(self) -> list[Visit]:
        """Visits that go on, oldest first."""
        return [self._as_visit(v) for v in self.open.values()]

    def forget_order(self) -> None:
        """The clock jumped: finished visits can't be compared with new ones any more."""
        self.closed.clear()

    def _as_visit(self, v: OpenVisit, outcome: Outcome | None = None, left_s: float | None = None) -> Visit:
        return Visit(
            queue_id=self.queue_id,
            track_ids=tuple(v.track_ids),
            joined_s=v.joined_s,
            served_s=v.served_s,
            left_s=left_s,
            outcome=outcome,
            ahead_on_joining=v.ahead_on_joining,
            censored=v.censored,
        )
