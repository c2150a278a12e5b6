"""How long to wait before a camera is tried again."""

from collections.abc import Iterator
from itertools import chain, repeat

FIRST_S = 0.5
AWAY_S = 4.0  # at most, for a camera that doesn't answer: it must be seen again within 10 s of its return
WRONG_S = 30.0  # at most, where somebody must change something first
GOOD_LIFE_S = 10.0  # a connection that gave pictures for so long starts the ladder anew


class Retry:
    """The ladder of one camera.

    A camera that is away is tried often, which costs it nothing; one that refuses the password ever more seldom, since
    many lock an account, or this box's address, after some tries: 1 s five times, 5 s five times, 10 s ten times, 60 s.
    """

    def __init__(self) -> None:
        self._kind = ""
        self._steps: Iterator[float] = iter(())

    def wait_s(self, kind: str, good_s: float) -> float:
        """Seconds to wait after a SourceError of that kind; `good_s`: how long pictures came before it."""
        ladder = _ladder(kind)
        if ladder != self._kind or good_s >= GOOD_LIFE_S:
            self._kind = ladder
            self._steps = _steps(ladder)
        return next(self._steps)


def _ladder(kind: str) -> str:
    if kind in ("auth_failed", "untrusted"):
        return "auth"
    return "wrong" if kind in ("not_found", "unreadable") else "away"


def _steps(ladder: str) -> Iterator[float]:
    if ladder == "auth":
        return chain(repeat(1.0, 5), repeat(5.0, 5), repeat(10.0, 10), repeat(60.0))
    return _doubling(WRONG_S if ladder == "wrong" else AWAY_S)


def _doubling(most_s: float) -> Iterator[float]:
    wait_s = FIRST_S
    while True:
        yield wait_s
        wait_s = min(2 * wait_s, most_s)
