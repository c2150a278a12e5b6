"""The simulator and the advice against Ciw, a simulator that shares nothing with them: tests/bench/ciw_oracle.py."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from calibration.simulator.settings import Law, Rate, Scenario, Staffing, Till
from calibration.simulator.visits import TrueVisit, simulate_visits
from calibration.waits import tell_all
from edge.chairs import chairs_seen
from edge.staffing import Demand, expected

CIW: dict[str, Any] = json.loads(Path(__file__).with_name("ciw.json").read_text(encoding="utf-8"))
TILL = Till("q", "Q", (0.0, 5.0), (0.0, 1.0))
HOURS = 400


@pytest.mark.parametrize("told", CIW["steady"], ids=["M/M/1", "M/M/3", "M/M/3 busy", "M/M/1+M"])
def test_the_advice_is_what_ciw_finds(told: dict[str, float]) -> None:
    """Mean wait and share that gives up of Erlang C and A: within 5 % of 400 simulated hours."""
    demand = Demand(told["per_min"], told["service_s"], patience_s=told["patience_s"] or None)
    ours = expected(demand, int(told["servers"]))
    assert ours.wait_s == pytest.approx(told["wait_s"], rel=0.05)
    assert ours.gave_up == pytest.approx(told["gave_up"], rel=0.05)


@pytest.mark.slow
@pytest.mark.parametrize("told", CIW["steady"], ids=["M/M/1", "M/M/3", "M/M/3 busy", "M/M/1+M"])
def test_the_simulator_is_what_ciw_finds(told: dict[str, float]) -> None:
    """The visits depth: mean wait of all who came within 7 %, share that gave up within 5 %."""
    end_s, patience_s = HOURS * 3600.0, told["patience_s"]
    scenario = Scenario(
        "t", "T", end_s, (TILL,), (Rate(end_s, told["per_min"]),), Law("exponential", told["service_s"]),
        patience=Law("exponential", patience_s) if patience_s else None,
        staffing=(Staffing(end_s, int(told["servers"])),),
    )  # fmt: skip
    visits = simulate_visits(scenario, np.random.default_rng(11))
    waits = [v.service_began_s - v.joined_s for v in visits if v.service_began_s is not None]
    left = [v.left_s - v.joined_s for v in visits if v.left_s is not None]
    assert np.mean(waits + left) == pytest.approx(told["wait_s"], rel=0.07)
    assert len(left) / len(visits) == pytest.approx(told["gave_up"], rel=0.05)


def lift() -> list[TrueVisit]:
    """An hour of Ciw's lift: chairs of four every eight seconds, 95 % of the seats taken."""
    return [TrueVisit("q", a, b, None, "served") for a, b in CIW["lift"]["visits"]]


def test_a_lifts_chairs_are_found() -> None:
    """Seats, time between chairs, and people on a chair that takes anybody."""
    visits = lift()
    departures = [v.served_s for v in visits if v.served_s is not None]
    chairs = chairs_seen(departures)
    assert chairs is not None
    assert (chairs.seats, chairs.every_s) == (CIW["lift"]["seats"], CIW["lift"]["every_s"])
    assert chairs.people == pytest.approx(np.mean(list(Counter(departures).values())))


@pytest.mark.slow
def test_waits_for_a_lift_are_told() -> None:
    """Batches: told right within a tenth of a chair's time on average, and the interval holds."""
    told = tell_all(lift())
    assert len(told) > 1500
    real = np.array([t.real_s for t in told])
    off = np.array([t.wait.wait_s for t in told]) - real
    assert abs(off.mean()) < 0.1 * CIW["lift"]["every_s"]
    assert np.abs(off).mean() < 0.18 * real.mean()
    assert 0.72 <= np.mean([t.covered for t in told]) <= 0.90
    assert np.mean(off < 0) <= 0.60
