from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from calibration.simulator.laws import draw, poisson_times
from calibration.simulator.scenarios import SCENARIOS
from calibration.simulator.settings import Law, Rate, Scenario, Till
from calibration.simulator.visits import counts, length_at, simulate_visits

TILL = Till("q", "Q", (0.0, 5.0), (0.0, 1.0))


def one_server(service: Law, *, per_min: float, hours: float, patience: Law | None = None) -> Scenario:
    seconds = hours * 3600
    return Scenario("t", "T", seconds, (TILL,), (Rate(seconds, per_min),), service, patience=patience)


def mean_delay_s(scenario: Scenario, seed: int) -> float:
    visits = simulate_visits(scenario, np.random.default_rng(seed))
    return float(np.mean([v.service_began_s - v.joined_s for v in visits if v.service_began_s is not None]))


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "factor"), [("exponential", 1.0), ("constant", 0.5)], ids=["M/M/1", "M/D/1"])
def test_mean_delay(kind, factor):
    """The mean delay before service is the closed form's at a load of 0.6, within 5 %."""
    service_s, load = 20.0, 0.6
    scenario = one_server(Law(kind, service_s), per_min=60 * load / service_s, hours=500)
    expected_s = factor * load / (1 - load) * service_s
    assert mean_delay_s(scenario, 7) == pytest.approx(expected_s, rel=0.05)


@pytest.mark.slow
def test_erlang_delay_pollaczek_khinchine():
    """For any law of service the mean delay follows Pollaczek and Khinchine, here Erlang of four stages."""
    service_s, load, stages = 15.0, 0.6, 4.0
    scenario = one_server(Law("erlang", service_s, stages), per_min=60 * load / service_s, hours=400)
    expected_s = load * service_s * (1 + 1 / stages) / (2 * (1 - load))
    assert mean_delay_s(scenario, 3) == pytest.approx(expected_s, rel=0.06)


def test_same_seed_same_visits():
    """The same seed gives the same visits, another seed others."""
    scenario = one_server(Law("lognormal", 20.0, 0.5), per_min=2.0, hours=1, patience=Law("exponential", 200.0))
    runs = [simulate_visits(scenario, np.random.default_rng(seed)) for seed in (1, 1, 2)]
    assert runs[0] == runs[1] != runs[2]


def test_nobody_is_lost():
    """Joined minus served minus left is the number in the queue at every sample."""
    scenario = one_server(Law("exponential", 25.0), per_min=3.0, hours=1, patience=Law("exponential", 90.0))
    visits = simulate_visits(scenario, np.random.default_rng(5))
    assert {v.outcome for v in visits} == {"served", "left", "inside"}
    for at_s in np.arange(0.0, 3600.0, 7.3):
        joined = sum(v.joined_s <= at_s for v in visits)
        gone = sum(v.ended_s is not None and v.ended_s <= at_s for v in visits)
        assert joined - gone == length_at(visits, "q", at_s)


def test_counts_are_uncertain_near_changes():
    """A row within a second of somebody's coming or going is not certain, the others are."""
    scenario = one_server(Law("constant", 30.0), per_min=1.0, hours=0.2)
    visits = simulate_visits(scenario, np.random.default_rng(4))
    changes = [t for v in visits for t in (v.joined_s, v.ended_s) if t is not None]
    for row in counts(visits, ["q"], 600.0):
        assert row.certain == (min(abs(t - row.pts_s) for t in changes) >= 1.0)


@pytest.mark.parametrize(
    "law", [Law("exponential", 9), Law("erlang", 9, 3), Law("lognormal", 9, 0.6), Law("constant", 9)]
)
def test_laws_keep_their_mean(law):
    """Every law's draws have the mean that its name says."""
    rng = np.random.default_rng(0)
    assert np.mean([draw(law, rng) for _ in range(20_000)]) == pytest.approx(9, rel=0.03)


def test_rate_changes():
    """Arrivals follow the rate of their time: none where it is zero, and the mean number where it is not."""
    times = np.array(poisson_times((Rate(600, 0), Rate(60_600, 6)), np.random.default_rng(2)))
    assert times.min() >= 600
    assert len(times) == pytest.approx(6000, rel=0.05)


def test_chairs_take_their_seats_and_groups_stay_together():
    """Without motion too: four a chair at most, none while the lift stands, and who came together goes together."""
    scenario = SCENARIOS["chairlift-stop"]
    visits = simulate_visits(scenario, np.random.default_rng(3))
    seats = Counter(v.served_s for v in visits if v.served_s is not None)
    assert max(seats.values()) == 4
    assert not any(480.0 <= at_s < 660.0 for at_s in seats)
    together = {}
    for v in visits:
        if v.queue == "groups" and v.served_s is not None:
            together.setdefault(v.joined_s, set()).add(v.served_s)
    assert len(together) > 40
    assert all(len(times) == 1 for times in together.values())


def test_groups_come_in_their_shares_and_friends_later():
    """Without motion too: about twice as many people as arrivals, and some who came alone beside an earlier group."""
    scenario = replace(SCENARIOS["groups"], duration_s=36_000.0, arrivals=(Rate(36_000.0, 1.0),))
    visits = simulate_visits(scenario, np.random.default_rng(3))
    plain = simulate_visits(replace(scenario, groups=(), friends=0.0), np.random.default_rng(3))
    sizes = Counter(Counter(v.joined_s for v in visits).values())
    assert sizes[2] / sum(sizes.values()) == pytest.approx(0.25, abs=0.06)  # of arrivals 0.3; friends count as alone
    assert sum(sizes.values()) - len(plain) == pytest.approx(0.5 * 0.4 * len(plain), rel=0.25)
