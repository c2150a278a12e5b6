"""Told waits of simulated visits: the bench's way is the counter's, and its promises hold on a few seeds."""

from dataclasses import replace

import numpy as np
import pytest

from calibration.simulator.laws import draw
from calibration.simulator.settings import Law, Rate, Scenario, Staffing, Till
from calibration.simulator.visits import TrueVisit, done_at, servers_at, simulate_visits
from calibration.simulator.wait_scenarios import BELL, LIFT, STOP_S, WAIT_SCENARIOS
from calibration.waits import COMPARED, LAST_TEN, Told, tell_all

TILL = Till("q", "Q", (0.0, 5.0), (0.0, 1.0))
BUSY = Scenario("t", "T", 3600.0, (TILL,), (Rate(3600.0, 20.0),), Law("exponential", 20.0))


def told_of(scenario: Scenario, seed: int, **how: float) -> list[Told]:
    """Everybody in all queues of one run."""
    visits = simulate_visits(scenario, np.random.default_rng(seed))
    return [t for till in scenario.tills for t in tell_all([v for v in visits if v.queue == till.queue], **how)]


def mae(told: list[Told], name: str | None = None) -> float:
    """Mean absolute error, seconds: of what was told, or of one estimator alone."""
    return float(np.mean([abs((t.wait.wait_s if name is None else t.others_s[name]) - t.real_s) for t in told]))


def test_a_line_of_regular_services_is_told_exactly() -> None:
    """Somebody joins and is served every 10 s in a line of five: after the first few the error is under a service."""
    visits = [TrueVisit("q", 10.0 * k, 10.0 * k + 55.0, None, "served") for k in range(60)]
    told = tell_all(visits)
    assert {t.real_s for t in told} == {55.0}
    assert mae([t for t in told if t.joined_s > 120.0]) < 10.0
    assert set(told[-1].others_s) == set(COMPARED)


def test_nobody_is_told_what_came_later() -> None:
    """Cutting off the future changes no told wait of before."""
    visits = simulate_visits(replace(BELL, duration_s=2400.0), np.random.default_rng(1))
    visits = [v for v in visits if v.queue == "till-1"]
    cut_s = 1800.0

    def until_cut(v: TrueVisit) -> TrueVisit:
        return v if v.ended_s is None or v.ended_s < cut_s else replace(v, served_s=None, outcome="inside")

    before = tell_all([until_cut(v) for v in visits if v.joined_s < cut_s])
    whole = {t.joined_s: t for t in tell_all(visits)}
    assert len(before) > 20
    assert all(whole[t.joined_s] == t for t in before)


def test_people_who_do_not_count_yet_are_ahead_all_the_same() -> None:
    """With min_stay_s the newest are expected, not counted: told on average as if all counted at once (else -4 s)."""
    busy = replace(WAIT_SCENARIOS["one"], duration_s=2400.0)
    seen, late = (np.mean([t.wait.wait_s for t in told_of(busy, 2, min_stay_s=s)]) for s in (0.0, 5.0))
    assert abs(late - seen) < 0.03 * seen


def test_a_rush_is_told_far_better_than_by_the_last_ten_waits() -> None:
    """Canteen bell, one seed: at most a quarter of the mean wait wrong, and half of the rolling mean's error."""
    told = told_of(BELL, 0)
    assert mae(told) <= 0.25 * np.mean([t.real_s for t in told])
    assert mae(told) <= 0.5 * mae(told, LAST_TEN)


@pytest.mark.slow
def test_after_a_stop_the_wait_is_soon_right() -> None:
    """Lift, one seed, those who join in the ten minutes after the stop: far better than a five-minute window."""
    told = [t for t in told_of(replace(LIFT, duration_s=5000.0), 0) if STOP_S[1] <= t.joined_s <= STOP_S[1] + 600.0]
    assert len(told) > 50
    assert mae(told) <= 60.0
    assert mae(told, "five_minutes") > 2.0 * mae(told)


@pytest.mark.parametrize("name", sorted(WAIT_SCENARIOS))
def test_the_scenarios_are_two_hours_of_people_who_wait(name: str) -> None:
    """Each has people in every queue, some of them served; the same seed gives the same visits."""
    scenario = WAIT_SCENARIOS[name]
    visits = simulate_visits(scenario, np.random.default_rng(3))
    assert visits == simulate_visits(scenario, np.random.default_rng(3))
    assert {v.queue for v in visits} == {till.queue for till in scenario.tills}
    assert sum(v.served_s is not None for v in visits) > 100


def test_nobody_departs_during_a_stop() -> None:
    """Services that were begun end later by the whole of it; those begun within it wait for its end."""
    scenario = replace(BUSY, stops=((600.0, 780.0),))
    served = [v.served_s for v in simulate_visits(scenario, np.random.default_rng(1)) if v.served_s is not None]
    assert not [t for t in served if 600.0 < t < 780.0]
    assert [t for t in served if t < 600.0]
    assert [t for t in served if t > 780.0]
    assert done_at(scenario, 590.0, 20.0) == 790.0
    assert done_at(scenario, 700.0, 20.0) == 800.0
    assert done_at(scenario, 500.0, 20.0) == 520.0


def test_more_servers_serve_more() -> None:
    """Three servers, one, three, people always waiting: departures in each third are as three to one to three."""
    staffing = (Staffing(1200.0, 3), Staffing(2400.0, 1), Staffing(3600.0, 3))
    scenario = replace(BUSY, staffing=staffing)
    assert [servers_at(scenario, t) for t in (0.0, 1199.0, 1200.0, 2400.0, 5000.0)] == [3, 3, 1, 3, 3]
    served = np.array([v.served_s for v in simulate_visits(scenario, np.random.default_rng(2)) if v.served_s])
    thirds = [int(((served > a) & (served <= a + 1200.0)).sum()) for a in (0.0, 1200.0, 2400.0)]
    assert thirds[0] == pytest.approx(180, rel=0.2)
    assert thirds[1] == pytest.approx(60, rel=0.3)
    assert thirds[2] == pytest.approx(180, rel=0.2)


def test_one_server_is_as_before() -> None:
    """Without staffing a service begins when the one before is done or its person comes, and is drawn in order."""
    visits = simulate_visits(BUSY, np.random.default_rng(9))
    _, service_rng, _ = np.random.default_rng(9).spawn(3)
    free_s = 0.0
    for v in visits[:50]:
        free_s = max(free_s, v.joined_s) + draw(BUSY.service, service_rng)
        assert v.served_s == pytest.approx(free_s)
