"""Waits of those who find a free server."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from edge.queueing.free import KEPT, FreeWaits
from edge.queueing.waiting import Wait

Draw = Callable[[int], NDArray[np.float64]]


def test_a_young_queue_tells_nothing_to_wait() -> None:
    """Before the first is known: 0, up to what one departure may take at the present pace; then what that one took."""
    free = FreeWaits()
    assert free.tell(35.0) == Wait(0.0, 0.0, 35.0, "free")
    free.learn(20.0)
    told = free.tell(35.0)
    assert told.wait_s == 20.0
    assert told.low_s < 10.0
    assert told.high_s is not None
    assert told.high_s > 40.0


def test_what_it_takes_is_learned() -> None:
    """The walk and one's own service: the mean of those who found it free, the latest count."""
    free = FreeWaits()
    for _ in range(KEPT):
        free.learn(500.0)
    for k in range(KEPT):
        free.learn(10.0 + k)
    assert free.tell(0.0).wait_s == pytest.approx(25.5)


def test_one_who_stays_to_talk_is_left_out() -> None:
    """Five of 20 s and one of ten minutes: what it takes is 20 s."""
    free = FreeWaits()
    for real_s in (20.0, 20.0, 600.0, 20.0, 20.0, 20.0):
        free.learn(real_s)
    assert free.usual_s == 20.0


def covered(durations_s: Draw, known: int) -> float:
    """How often one more duration lies in the interval that so many before it gave, of 1500 times."""
    inside = []
    for _ in range(1500):
        free = FreeWaits()
        *before, new = durations_s(known + 1)
        for real_s in before:
            free.learn(float(real_s))
        told = free.tell(0.0)
        assert told.high_s is not None
        inside.append(told.low_s <= new <= told.high_s)
    return float(np.mean(inside))


@pytest.mark.parametrize("known", [1, 2, 4, 8])
def test_the_interval_of_a_few_is_that_of_their_law(known: int) -> None:
    """Exponential durations, few known: one more lies inside in 80 % of cases."""
    rng = np.random.default_rng(6)
    assert covered(lambda n: rng.exponential(20.0, n), known) == pytest.approx(0.8, abs=0.03)


@pytest.mark.parametrize(("known", "share"), [(9, 8 / 10), (16, 15 / 17), (KEPT, 27 / 33)])
def test_the_interval_holds_whatever_the_law(known: int, share: float) -> None:
    """One more of any law lies between two of those known as often as orders say: 80 % or a little more."""
    rng = np.random.default_rng(5)
    assert covered(lambda n: rng.lognormal(3.0, 0.7, n), known) == pytest.approx(share, abs=0.025)


def test_no_wait_is_shorter_than_without_anybody_ahead() -> None:
    """Three servers, one person: the pace of all says 20 s, but one's own service takes 60."""
    free = FreeWaits()
    for real_s in (50.0, 60.0, 70.0):
        free.learn(real_s)
    told = free.at_least(Wait(20.0, 5.0, 40.0, "rate"))
    assert (told.wait_s, told.low_s, told.method) == (60.0, 5.0, "rate")
    assert told.high_s == free.tell(0.0).high_s
    longer = Wait(90.0, 40.0, 160.0, "rate")
    assert free.at_least(longer) == longer
