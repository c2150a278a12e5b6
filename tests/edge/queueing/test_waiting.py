"""Headways, the rate, and the told wait with its interval."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.queueing.waiting import (
    MEMORY_S,
    Headway,
    Rate,
    headways,
    is_free,
    service_rate,
    shape_of,
    state_now,
    tell,
    waiting_since,
)
from edge.vocabulary import Visit


def visit(joined_s: float, served_s: float | None, left_s: float | None = None) -> Visit:
    """A visit that was served when served_s is given, left when only left_s is, else still waiting."""
    outcome = "served" if served_s is not None else "left" if left_s is not None else None
    return Visit("q", (), joined_s, served_s, served_s if left_s is None else left_s, outcome, 0, False)


def spans(visits: list[Visit], now_s: float, **how: object) -> list[tuple[float, float]]:
    """Headways as pairs."""
    return [(h.from_s, h.to_s) for h in headways(visits, now_s, **how)]  # type: ignore[arg-type]


def test_headways_are_counted_while_somebody_waits() -> None:
    """The time to the next departure counts only if somebody was already waiting when the last one departed."""
    busy = [visit(0, 10), visit(1, 30), visit(2, 55)]
    assert spans(busy, 60) == [(10, 30), (30, 55)]
    idle_between = [visit(0, 10), visit(1, 30), visit(40, 55), visit(41, 80)]
    assert spans(idle_between, 90) == [(10, 30), (55, 80)]


def test_a_waiting_one_who_leaves_keeps_the_server_busy_only_until_then() -> None:
    """Somebody who walked away before the next departure proves nothing."""
    assert spans([visit(0, 10), visit(5, None, 20), visit(25, 40)], 50) == []
    assert spans([visit(0, 10), visit(5, None, 45), visit(25, 40)], 50) == [(10, 40)]


def test_those_still_waiting_count() -> None:
    """Open visits keep the server busy too."""
    assert spans([visit(0, 10), visit(20, 30), visit(5, None)], 50) == [(10, 30)]


def test_time_without_pictures_and_old_time_is_left_out() -> None:
    """Headways over a gap in the pictures, or older than the memory, say nothing about now."""
    busy = [visit(0, 10), visit(1, 30), visit(2, 55)]
    assert spans(busy, 60, blind=[(12.0, 14.0)]) == [(30, 55)]
    assert spans(busy, 20 + MEMORY_S) == [(30, 55)]


@settings(deadline=None, max_examples=50)
@given(st.permutations(range(6)))
def test_the_order_of_visits_changes_nothing(order: list[int]) -> None:
    """Headways are a function of the set of visits."""
    visits = [visit(0, 10), visit(1, 30), visit(2, 55), visit(3, None, 20), visit(50, None), visit(51, 70)]
    assert spans([visits[i] for i in order], 80) == spans(visits, 80)


def test_since_when_nobody_departed() -> None:
    """From the last departure, or from the first who waits if that was later; None if nobody waits."""
    assert waiting_since([visit(0, 10), visit(5, None)], 50) == 10
    assert waiting_since([visit(0, 10), visit(25, None)], 50) == 25
    assert waiting_since([visit(0, 10)], 50) is None


def runs(*lasting_s: float) -> list[Headway]:
    """Headways of those lengths, one after another."""
    ends = np.cumsum([0.0, *lasting_s])
    return [Headway(float(a), float(b)) for a, b in pairwise(ends)]


def test_the_rate_is_departures_over_busy_time() -> None:
    """Ten headways of 20 s: 10 departures in 200 s, 20 s usual."""
    rate = service_rate(runs(*[20.0] * 10), None, 200.0)
    assert (rate.departures, rate.busy_s, rate.usual_s, rate.stopped) == (10, 200.0, 20.0, False)


def test_a_stop_is_found_and_left_out() -> None:
    """Four times the usual (a tenth more with ten known) without a departure while somebody waits: stopped.

    The rate is then the one before; a lift of 6 s needs 30 s; a stop that is over stays out of the rate.
    """
    before = runs(*[20.0] * 10)
    assert not service_rate(before, 200.0, 279.0).stopped
    stopped = service_rate(before, 200.0, 289.0)
    assert stopped.stopped
    assert stopped.usual_s == 20.0
    assert not service_rate(runs(*[6.0] * 10), 60.0, 89.0).stopped
    assert service_rate(runs(*[6.0] * 10), 60.0, 91.0).stopped
    after = service_rate(runs(*[6.0] * 10, 180.0, *[6.0] * 10), None, 300.0)
    assert after.usual_s == pytest.approx(6.0)


def test_a_slow_headway_is_felt_before_it_ends() -> None:
    """Time that runs longer than usual makes the usual longer at once, but a usual time changes nothing."""
    before = runs(*[20.0] * 4)
    assert service_rate(before, 80.0, 100.0).usual_s == 20.0
    assert service_rate(before, 80.0, 140.0).usual_s == 30.0


def test_a_young_system_tells_no_wait() -> None:
    """Fewer than two headways: none; never called stopped."""
    for evidence in (runs(), runs(20.0)):
        rate = service_rate(evidence, 0.0, 500.0)
        assert not rate.stopped
        assert tell(1, rate) is None
        assert tell(0, rate) is None


def test_the_wait_is_for_all_ahead_and_oneself() -> None:
    """Five waiting and 20 s each: six departures, 120 s; one in service and nobody waiting: one."""
    rate = Rate(10, 200.0, stopped=False)
    wait = tell(5, rate)
    assert wait is not None
    assert wait.wait_s == 120.0
    assert wait.low_s < 120.0 < (wait.high_s or 0.0)
    one = tell(0, rate)
    assert one is not None
    assert one.wait_s == 20.0
    said = tell(5, rate, 90.0)
    assert said is not None
    assert said.wait_s == 90.0
    assert said.low_s / 90.0 == pytest.approx(wait.low_s / 120.0)


def test_who_finds_a_free_server() -> None:
    """Nobody there, or fewer in service than there are servers; not where nobody knows how many."""
    assert is_free(0, 0, 0)
    assert is_free(0, 1, 2)
    assert not is_free(0, 1, 1)
    assert not is_free(0, 1, 0)
    assert not is_free(1, 0, 3)


def test_the_shape_of_services() -> None:
    """Gamma headways of a known shape: found within a third from 40 of them; two say nothing."""
    rng = np.random.default_rng(3)
    for shape in (1.0, 2.0):
        told = [shape_of(rng.gamma(shape, 20.0, 40).tolist()) for _ in range(200)]
        assert np.mean(told) == pytest.approx(shape, rel=0.33)
    assert shape_of([20.0, 20.0]) == pytest.approx(1.25)
    assert shape_of([20.0] * 40) == 4.0
    assert shape_of([]) == shape_of([0.0, 0.0]) == 1.0


def test_while_the_server_stands_still_the_wait_has_no_upper_end() -> None:
    """Stopped: at least so long."""
    wait = tell(5, Rate(10, 200.0, stopped=True))
    assert wait is not None
    assert (wait.wait_s, wait.high_s, wait.method) == (120.0, None, "at_least")


@settings(deadline=None, max_examples=50)
@given(st.integers(0, 300), st.integers(0, 40), st.floats(0.0, 1e5), st.floats(1.0, 4.0), st.floats(0.0, 1e-3))
def test_a_wait_is_never_negative(waiting: int, departures: int, busy_s: float, shape: float, drift: float) -> None:
    """0 <= low <= wait <= high for any state of the queue."""
    wait = tell(waiting, Rate(departures, busy_s, stopped=False, shape=shape), drift=drift)
    if wait is not None:
        assert wait.high_s is not None
        assert 0.0 <= wait.low_s <= wait.wait_s <= wait.high_s


def test_states() -> None:
    """Nobody: idle, or closed; somebody: serving, or stopped, whatever the hour."""
    running, still = Rate(5, 100.0, stopped=False), Rate(5, 100.0, stopped=True)
    assert state_now(0, running, closed=False) == "idle"
    assert state_now(0, running, closed=True) == "closed"
    assert state_now(3, running, closed=False) == "serving"
    assert state_now(3, still, closed=True) == "stopped"


def test_told_waits_of_a_simulated_queue_are_right() -> None:
    """One server, exponential services, people always waiting: bias under 5 %, intervals hold 72 to 90 %."""
    rng = np.random.default_rng(3)
    errors, inside = [], []
    for _ in range(500):
        served = np.cumsum(rng.exponential(20.0, 60))
        visits = [visit(-1.0, float(s)) for s in served[:30]]
        visits += [visit(-1.0, None)] * 8
        now_s = float(served[29])
        wait = tell(8, service_rate(headways(visits, now_s), now_s, now_s))
        assert wait is not None
        assert wait.high_s is not None
        true_s = float(served[38]) - now_s
        errors.append(wait.wait_s - true_s)
        inside.append(wait.low_s <= true_s <= wait.high_s)
    assert abs(np.mean(errors)) < 9.0
    assert 0.72 <= np.mean(inside) <= 0.90
