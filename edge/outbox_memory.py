"""Rows that wait in memory until the outbox file can be written: bounded, minutes given up before events."""

from collections import deque


class Waiting:
    """A short queue of (kind, body).

    Attributes:
        lost: rows given up because the queue was full and not yet told to the file as a gap.
    """

    def __init__(self, max_rows: int) -> None:
        self._rows: deque[tuple[str, str]] = deque()
        self._max_rows = max_rows
        self._held = 0
        self.lost = 0
        self._new_losses = 0

    def __len__(self) -> int:
        return len(self._rows)

    def add(self, kind: str, body: str) -> None:
        """Adds a row; when full the oldest minute that is not held is given up, or else the oldest row."""
        self._rows.append((kind, body))
        if len(self._rows) > self._max_rows:
            free = range(self._held, len(self._rows))
            del self._rows[next((i for i in free[:-1] if self._rows[i][0] == "minute"), self._held)]
            self.lost += 1
            self._new_losses += 1

    def head(self, limit: int) -> list[tuple[str, str]]:
        """The oldest rows."""
        return [self._rows[i] for i in range(min(limit, len(self._rows)))]

    def hold(self, rows: int) -> None:
        """The oldest `rows` may be in the file already: they are not given up until that is known."""
        self._held = rows

    def taken(self, rows: int, lost: int) -> None:
        """The oldest `rows` and the note of `lost` ones are in the file now."""
        for _ in range(rows):
            self._rows.popleft()
        self._held = 0
        self.lost -= lost

    def count_new_losses(self) -> int:
        """Rows given up since the last call."""
        losses, self._new_losses = self._new_losses, 0
        return losses
