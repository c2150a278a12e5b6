"""What is told live: the newest of each topic, health when it changes, everything again on a new connection."""

from collections.abc import Callable

import pytest

from edge.live_board import LiveBoard
from edge.messages import CameraHealth, utc


class Clock:
    """A clock that is moved by hand."""

    now_s = 100.0

    def __call__(self) -> float:
        """Monotonic seconds."""
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    """At second 100."""
    return Clock()


@pytest.fixture
def health() -> Callable[..., CameraHealth]:
    """`health(state="ok", ...)`."""

    def make(**changes: object) -> CameraHealth:
        figures: dict[str, object] = {
            "site": "s", "camera": "c1", "at": utc(1e9), "state": "ok", "detail": "", "picture": "ok",
            "frames_in_per_s": 25.0, "frames_out_per_s": 5.0, "age_s": 0.1, "latency_s": 0.1, "dropped": 0,
            "restarts": 0, "runtime": "fake", "model_sha256": "", "width": 640, "height": 360,
        }  # fmt: skip
        return CameraHealth.model_validate({**figures, **changes})

    return make


def test_only_the_newest_is_told_and_once(clock: Clock) -> None:
    """Of two readings between two looks the second goes out, with what is left of its life."""
    board = LiveBoard(clock)
    board.put("a", b"1")
    board.put("a", b"2")
    clock.now_s += 4.0
    (told,) = board.due()
    assert (told.payload, told.qos, told.expiry_s) == (b"2", 0, 26)
    assert board.due() == []


def test_what_is_too_old_is_not_told_again(clock: Clock) -> None:
    """On a new connection everything young goes out again; after its 30 s a reading is not told any more."""
    board = LiveBoard(clock)
    board.put("a", b"1")
    board.due()
    board.begin()
    assert [one.payload for one in board.due()] == [b"1"]
    clock.now_s += 30.0
    board.begin()
    assert board.due() == []


def test_health_is_told_on_change_and_every_30_s(clock: Clock, health: Callable[..., CameraHealth]) -> None:
    """Rates alone are no news; a state is."""
    board = LiveBoard(clock)
    assert board.put_health(health())
    assert len(board.due()) == 1
    assert not board.put_health(health(frames_in_per_s=24.0))
    assert board.due() == []
    assert board.put_health(health(state="lost"))
    assert len(board.due()) == 1
    clock.now_s += 30.0
    (told,) = board.due()
    assert (told.qos, told.expiry_s) == (1, None)
