"""Filling of chairs, against the simulator's truth."""

from dataclasses import replace

import numpy as np
import pytest

from calibration.simulator.scenarios import SCENARIOS
from calibration.simulator.world import new_world, step
from edge.chairs import chairs_seen


def test_chairs_of_the_simulated_lift() -> None:
    """Seats, people a chair and the time between chairs are those of the lift that the simulator ran."""
    world = new_world(replace(SCENARIOS["chairlift"], duration_s=400.0), np.random.default_rng(2))
    for k in range(4000):
        step(world, k / 10)
    chairs = chairs_seen([v.served_s for v in world.visits if v.served_s is not None])
    filled = [many for _, many in world.chairs if many]
    assert chairs is not None
    assert chairs.seats == 4
    assert chairs.people == pytest.approx(np.mean(filled), rel=0.1)
    assert chairs.every_s == pytest.approx(9.0, abs=1.0)
    assert 0.3 < chairs.fill <= 1.0


def test_one_by_one_is_no_lift() -> None:
    """A till that serves one person at a time has no chairs; neither has a crowd that streams without a break."""
    assert chairs_seen([20.0 * k for k in range(30)]) is None
    assert chairs_seen([1.0 * k for k in range(300)]) is None
    assert chairs_seen([0.0, 1.0]) is None


@pytest.mark.parametrize("headway_s", [4.0, 8.0, 20.0])
@pytest.mark.parametrize("shape", [1.0, 4.0])
def test_several_tills_are_no_lift(headway_s: float, shape: float) -> None:
    """Departures that only happen to fall together, at random or more evenly, are no chairs."""
    for seed in range(5):
        gaps_s = np.random.default_rng(seed).gamma(shape, headway_s / shape, 600)
        assert chairs_seen(np.cumsum(gaps_s).tolist()) is None


@pytest.mark.parametrize("seats", [1, 2, 4])
def test_full_chairs(seats: int) -> None:
    """A lift that is always full: its seats, its time between chairs; a chair for one is no batch."""
    rng = np.random.default_rng(seats)
    chairs = chairs_seen([9.0 * k + float(rng.uniform(0.0, 1.2)) for k in range(200) for _ in range(seats)])
    if seats == 1:
        assert chairs is None
    else:
        assert chairs is not None
        assert (chairs.seats, chairs.people, chairs.fill) == (seats, seats, 1.0)
        assert chairs.every_s == pytest.approx(9.0, abs=0.3)
