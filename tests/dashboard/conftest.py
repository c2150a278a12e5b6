"""What the store's tests share: a wall clock that stands."""

import pytest

NOW_S = 1_780_000_000.0


class Clock:
    """The collector's wall clock."""

    now_s = NOW_S

    def __call__(self) -> float:
        """Seconds since 1970."""
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    """A clock that stands."""
    return Clock()
