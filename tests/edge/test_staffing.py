"""Advice on servers: against closed forms, and against the simulator that shares no code with it."""

import math

import numpy as np
import pytest

from calibration.simulator.settings import Law, Rate, Scenario, Staffing, Till
from calibration.simulator.visits import simulate_visits
from edge.staffing import Demand, expected, servers_for, what_if


def erlang_c_wait_s(load: float, servers: int, service_s: float) -> float:
    """The textbook's sum."""
    last = load**servers / math.factorial(servers) * servers / (servers - load)
    delayed = last / (sum(load**k / math.factorial(k) for k in range(servers)) + last)
    return delayed * service_s / (servers - load)


@pytest.mark.parametrize(("per_min", "service_s", "servers"), [(1.8, 20.0, 1), (5.0, 30.0, 3), (40.0, 60.0, 45)])
def test_erlang_c(per_min: float, service_s: float, servers: int) -> None:
    """Without giving up the mean wait is Erlang's."""
    wait_s = expected(Demand(per_min, service_s), servers).wait_s
    assert wait_s == pytest.approx(erlang_c_wait_s(per_min / 60 * service_s, servers, service_s), rel=1e-6)


def simulated(per_min: float, service: Law, servers: int, patience: Law | None = None) -> tuple[float, float]:
    """(mean wait before service of those served, share that left) of the simulator's visits depth."""
    end_s = 150 * 3600.0
    till = Till("q", "Q", (0.0, 5.0), (0.0, 1.0))
    scenario = Scenario(
        "t", "T", end_s, (till,), (Rate(end_s, per_min),), service, patience=patience,
        staffing=(Staffing(end_s, servers),),
    )  # fmt: skip
    visits = simulate_visits(scenario, np.random.default_rng(11))
    waits = [v.service_began_s - v.joined_s for v in visits if v.service_began_s is not None]
    waits += [v.left_s - v.joined_s for v in visits if v.left_s is not None]
    return float(np.mean(waits)), float(np.mean([v.outcome == "left" for v in visits]))


@pytest.mark.slow
def test_the_simulator_agrees_on_three_servers() -> None:
    """M/M/3 in the simulator waits as long as the closed form says, within 6 %."""
    wait_s, _ = simulated(4.0, Law("exponential", 30.0), 3)
    assert wait_s == pytest.approx(expected(Demand(4.0, 30.0), 3).wait_s, rel=0.06)


@pytest.mark.slow
def test_the_simulator_agrees_on_people_who_give_up() -> None:
    """M/M/1+M above capacity: the line stays finite, and waits and the share that gives up are Palm's."""
    wait_s, left = simulated(4.5, Law("exponential", 16.0), 1, Law("exponential", 150.0))
    told = expected(Demand(4.5, 16.0, patience_s=150.0), 1)
    assert wait_s == pytest.approx(told.wait_s, rel=0.05)
    assert left == pytest.approx(told.gave_up, rel=0.05)


def test_regular_services_halve_the_wait() -> None:
    """M/D/1 by Allen and Cunneen is exact: half of M/M/1."""
    exponential, constant = (expected(Demand(1.8, 20.0, cv), 1).wait_s for cv in (1.0, 0.0))
    assert constant == pytest.approx(exponential / 2)


@pytest.mark.parametrize(("target_s", "servers"), [(1e9, 3), (30.0, 4), (1.0, 6)])
def test_fewest_servers(target_s: float, servers: int) -> None:
    """The number told keeps the target, one fewer does not; too few servers for the load wait for ever."""
    demand = Demand(5.0, 30.0)
    told = servers_for(demand, target_s)
    assert told is not None
    assert told.servers == servers
    assert told.wait_s <= target_s < expected(demand, servers - 1).wait_s
    assert expected(demand, 2).wait_s == math.inf


def test_no_number_is_enough() -> None:
    """A target that `most` servers miss is told as such, and figures that make no sense are refused."""
    assert servers_for(Demand(600.0, 60.0), 10.0, most=20) is None
    assert expected(Demand(0.0, 60.0), 1).wait_s == 0.0
    with pytest.raises(ValueError, match="no queue"):
        expected(Demand(1.0, 0.0), 1)


def test_a_recorded_day_served_again_as_it_was() -> None:
    """With services always the same, the replay of a day gives that day's own waits, and fewer with one server more."""
    arrivals = [0.0, 1.0, 2.0, 50.0]
    as_it_was = what_if(arrivals, [10.0], 1, target_wait_s=9.5, rng=np.random.default_rng(0), repeats=2)
    assert as_it_was.mean_s == pytest.approx((0 + 9 + 18 + 0) / 4)
    assert (as_it_was.share_over_target, as_it_was.longest_line) == (0.25, 2.0)
    to_the_end = what_if(
        arrivals, [10.0], 1, target_wait_s=9.5, rng=np.random.default_rng(0), repeats=2, own_service=True
    )
    assert to_the_end.mean_s == pytest.approx(as_it_was.mean_s + 10.0)
    assert (to_the_end.share_over_target, to_the_end.longest_line) == (1.0, 2.0)
    more = what_if(arrivals, [10.0], 2, target_wait_s=9.5, rng=np.random.default_rng(0))
    assert more.mean_s == pytest.approx(8 / 4)


def test_a_long_steady_day_agrees_with_the_closed_form() -> None:
    """Poisson arrivals, exponential services, three servers: the replay's mean wait is Erlang's within 10 %."""
    rng = np.random.default_rng(4)
    arrivals = np.cumsum(rng.exponential(12.0, 20_000))
    replayed = what_if(
        arrivals.tolist(), rng.exponential(30.0, 5000).tolist(), 3, target_wait_s=60.0, rng=rng, repeats=2
    )
    assert replayed.mean_s == pytest.approx(expected(Demand(5.0, 30.0), 3).wait_s, rel=0.1)


def test_nothing_to_serve_again_is_refused() -> None:
    """No arrivals, no services or no server is an error in words."""
    with pytest.raises(ValueError, match="at least one"):
        what_if([], [10.0], 1, target_wait_s=1.0, rng=np.random.default_rng(0))
