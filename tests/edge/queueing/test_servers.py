"""The number of servers, against the simulator's truth."""

from dataclasses import replace

import numpy as np
import pytest

from calibration.simulator.scenarios import ONE_TILL
from calibration.simulator.settings import Law, Rate, Staffing
from calibration.simulator.visits import simulate_visits
from edge.queueing.servers import servers_seen
from edge.vocabulary import Visit


def seen(servers: int, at_s: float, *, service_line: bool = False) -> list[Visit]:
    """Visits of a busy line with so many servers, as a lane with a service area (or only a line) shows them."""
    scenario = replace(
        ONE_TILL, duration_s=3600.0, arrivals=(Rate(3600.0, 1.05 * servers),), service=Law("lognormal", 60.0, 0.5),
        staffing=(Staffing(3600.0, servers),),
    )  # fmt: skip
    out = []
    for v in simulate_visits(scenario, np.random.default_rng(servers)):
        left_s = v.served_s if v.served_s is not None and v.served_s <= at_s else None
        served_s = left_s if service_line else v.service_began_s
        outcome = None if left_s is None else "served"
        if v.joined_s <= at_s:
            out.append(Visit("q", (), v.joined_s, served_s, left_s, outcome, 0, censored=False))
    return out


@pytest.mark.parametrize("servers", [1, 2, 3, 5])
def test_servers_are_found_where_service_is_seen(servers: int) -> None:
    """After an hour of a busy line the number of servers is theirs."""
    assert servers_seen(seen(servers, 3600.0), 3600.0) == servers


def test_nothing_is_told_of_what_is_not_seen() -> None:
    """With a service line alone nobody is seen in service, and of a line where nobody waited nothing is known."""
    assert servers_seen(seen(3, 3600.0, service_line=True), 3600.0) == 0
    assert servers_seen([], 100.0) == 0
    assert servers_seen([Visit("q", (), 0.0, 0.0, 500.0, "served", 0, censored=False)], 600.0) == 0
