"""Waits of those who find a free server."""

import numpy as np
import pytest

from edge.queueing.free import KEPT, LEAST, FreeWaits
from edge.queueing.waiting import Wait


def test_a_young_queue_tells_nothing_to_wait() -> None:
    """Before LEAST are known: 0, up to what one departure may take at the present pace."""
    free = FreeWaits()
    for _ in range(LEAST - 1):
        free.learn(20.0)
    assert free.tell(35.0) == Wait(0.0, 0.0, 35.0, "free")


def test_what_it_takes_is_learned() -> None:
    """The walk and one's own service: the median of those who found it free, the latest count."""
    free = FreeWaits()
    for _ in range(KEPT):
        free.learn(500.0)
    for k in range(KEPT):
        free.learn(10.0 + k)
    assert free.tell(0.0).wait_s == pytest.approx(25.5)


@pytest.mark.parametrize(("known", "share"), [(9, 8 / 10), (16, 15 / 17), (KEPT, 27 / 33)])
def test_the_interval_holds_whatever_the_law(known: int, share: float) -> None:
    """One more of any law lies between two of those known as often as orders say: 80 % or a little more."""
    rng, inside = np.random.default_rng(5), []
    for _ in range(1500):
        free = FreeWaits()
        *before, new = rng.lognormal(3.0, 0.7, known + 1)
        for real_s in before:
            free.learn(float(real_s))
        wait = free.tell(0.0)
        assert wait.high_s is not None
        inside.append(wait.low_s <= new <= wait.high_s)
    assert np.mean(inside) == pytest.approx(share, abs=0.025)


def test_no_wait_is_shorter_than_without_anybody_ahead() -> None:
    """Three servers, one person: the pace of all says 20 s, but one's own service takes 60."""
    free = FreeWaits()
    for real_s in (50.0, 60.0, 70.0):
        free.learn(real_s)
    told = free.at_least(Wait(20.0, 5.0, 40.0, "rate"))
    assert (told.wait_s, told.low_s, told.high_s, told.method) == (60.0, 5.0, 70.0, "rate")
    longer = Wait(90.0, 40.0, 160.0, "rate")
    assert free.at_least(longer) == longer
