"""Changes of pace, and how much a queue's pace tends to change."""

from math import log

import numpy as np
import pytest

from edge.queueing.changes import BELIEF, MEMORY_S, Change, PaceDrift, last_change


def test_a_change_of_pace_is_found() -> None:
    """Three servers become one: after at most six headways of 60 s those of 20 s count no more."""
    rng = np.random.default_rng(2)
    found = 0
    for _ in range(100):
        before, after = rng.gamma(2.0, 10.0, 30), rng.gamma(4.0, 15.0, 6)
        change = last_change((*before.tolist(), *after.tolist()))
        found += change is not None and abs(change.start - 30) <= 3
    assert found >= 80


def test_one_pace_is_left_alone() -> None:
    """Exponential headways without a change: at most one window of ten is cut; too few are never cut."""
    rng = np.random.default_rng(3)
    cut = sum(last_change(tuple(rng.exponential(20.0, 40).tolist())) is not None for _ in range(300))
    assert cut <= 30
    assert last_change((1.0, 1.0, 100.0, 100.0, 100.0)) is None
    assert last_change(()) is None


def test_the_size_of_a_change_is_told() -> None:
    """Ten headways of 20 s, then twelve of 60: the third as index, log 3, and what the fewer are worth."""
    change = last_change((*[20.0] * 10, *[60.0] * 12))
    assert change is not None
    assert (change.start, change.weight) == (10, 10)
    assert change.log_ratio == pytest.approx(log(3.0))
    assert 0.0 < change.noise < 0.1


def a_change(weight: int = 10, log_ratio: float = 1.0) -> Change:
    """As last_change tells it."""
    return Change(10, log_ratio, 0.05, weight)


def test_a_queue_whose_pace_has_changed_drifts_more() -> None:
    """Nothing known: the belief; calm: less and less; a change: much more; after the memory: calm again."""
    drift = PaceDrift()
    assert drift.per_s(0.0) == BELIEF
    drift.note(None, None, 0.0)
    assert drift.per_s(3600.0) < BELIEF
    drift.note(a_change(), 3000.0, 3300.0)
    assert drift.per_s(3600.0) == pytest.approx(0.55 / 4500.0, rel=0.01)
    assert drift.per_s(3001.0 + MEMORY_S) < BELIEF


def test_one_change_counts_once_as_it_was_seen_best() -> None:
    """Seen again with every departure, at nearly the same place: one change, told by most headways on either side."""
    drift = PaceDrift()
    drift.note(None, None, 0.0)
    drift.note(a_change(3, 2.0), 3000.0, 3180.0)
    drift.note(a_change(9, 1.0), 3060.0, 3600.0)
    drift.note(a_change(4, 1.7), 3060.0, 3900.0)  # its other side has slid out of the window
    assert drift.per_s(3900.0) == pytest.approx(0.55 / (3900.0 + 900.0), rel=0.01)
    drift.note(a_change(5, -1.0), 4200.0, 4500.0)
    assert drift.per_s(4500.0) == pytest.approx(1.10 / (4500.0 + 900.0), rel=0.01)


def test_a_clock_set_back_forgets_changes() -> None:
    """What was found in another time says nothing."""
    drift = PaceDrift()
    drift.note(None, None, 5000.0)
    drift.note(a_change(), 8000.0, 8300.0)
    drift.note(None, None, 100.0)
    assert drift.per_s(100.0) == pytest.approx(BELIEF)
