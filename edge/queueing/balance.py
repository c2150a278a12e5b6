"""joined - served - left - lost = people in the queue, checked at every reading against the people themselves.

Each visit that is open in the book has somebody in a lane who stands for it, and nobody in a lane stands for a visit
that is over. Where that does not hold, a person would stay in the count for ever, or be missing from it: the count has
drifted. It is set right at once, and told.
"""

from collections.abc import Iterable

from edge.queueing.presence import Presence
from edge.queueing.visits import VisitBook

TEXT = "the count has drifted and was set right"
OVER_S = 60.0  # right for so long: over


class Balance:
    """The check of one queue over time."""

    def __init__(self) -> None:
        self.drifted = False
        self._wrong_s = 0.0

    def check(self, book: VisitBook, people: Iterable[Presence], now_s: float) -> str | None:
        """Sets right what does not hold; the alarm to be told now, None: nothing new.

        A visit that nobody stands for is lost. Somebody who stands for a visit that is over is counted anew.
        """
        if self._set_right(book, list(people), now_s) or book.totals.inside != len(book.open):
            self._wrong_s = now_s
            first, self.drifted = not self.drifted, True
            return TEXT if first else None
        if self.drifted and not 0.0 <= now_s - self._wrong_s < OVER_S:
            self.drifted = False
            return f"over: {TEXT}"
        return None

    @staticmethod
    def _set_right(book: VisitBook, people: list[Presence], now_s: float) -> bool:
        over = [p for p in people if p.number is not None and p.number not in book.open]
        for stay in over:
            stay.number, stay.guest = None, False
        held = {p.number for p in people}
        alone = [number for number in book.open if number not in held]
        for number in alone:
            book.close(number, "lost", now_s)
        return bool(over or alone)
