"""What a day asked of servers, from the visits of simulated queues whose services are known."""

from pathlib import Path

import numpy as np
import pytest

from calibration.simulator.settings import Law, Rate, Scenario, Staffing, Till
from calibration.simulator.visits import simulate_visits
from dashboard.demand import FEW, Ended, busy_gaps_s, last_day_s, pace, read_asked
from dashboard.reading import open_store
from tests.dashboard.fill import SITE, new_store
from tests.dashboard.test_past import filled, minute, served


def queue(servers: int, per_min: float, service: Law, *, seen: bool) -> list[Ended]:
    """Those served in eight hours of a simulated queue; unseen services: people leave the line when theirs ends."""
    end_s = 8 * 3600.0
    till = Till("q", "Q", (0.0, 5.0), (0.0, 1.0))
    scenario = Scenario(
        "t", "T", end_s, (till,), (Rate(end_s, per_min),), service, staffing=(Staffing(end_s, servers),)
    )  # fmt: skip
    visits = simulate_visits(scenario, np.random.default_rng(5))
    ended = []
    for visit in visits:
        if visit.service_began_s is not None and visit.served_s is not None:
            stay_s = visit.served_s - visit.joined_s
            wait_s = visit.service_began_s - visit.joined_s if seen else stay_s
            ended.append(Ended(visit.served_s, wait_s, stay_s))
    return sorted(ended, key=lambda one: one.at_s)


@pytest.mark.parametrize(("servers", "per_min"), [(1, 1.8), (2, 3.6), (3, 5.4)])
def test_the_pace_of_a_server_whose_service_is_not_seen(servers: int, per_min: float) -> None:
    """From departures alone one server's mean service is found within 10 %, however many serve."""
    found = pace(queue(servers, per_min, Law("exponential", 30.0), seen=False), servers)
    assert found is not None
    assert (found.seen, found.in_wait) == (False, True)
    assert found.service_s == pytest.approx(30.0, rel=0.1)
    assert found.cv == pytest.approx(1.0, abs=0.2)


def test_the_pace_of_a_server_whose_service_is_seen() -> None:
    """Where visits show the service, it is that, and the number of servers changes nothing."""
    ended = queue(2, 3.6, Law("exponential", 30.0), seen=True)
    found, other = pace(ended, 2), pace(ended, 1)
    assert found is not None
    assert found == other
    assert found.seen
    assert found.service_s == pytest.approx(30.0, rel=0.1)


def test_only_gaps_while_all_are_at_work_count() -> None:
    """A gap before which the line was empty is no service; with two at work it takes two people throughout."""
    ended = [Ended(10.0, 9.0, 9.0), Ended(40.0, 5.0, 5.0), Ended(50.0, 20.0, 20.0), Ended(62.0, 25.0, 25.0)]
    assert busy_gaps_s(ended, 1) == [10.0, 12.0]
    assert busy_gaps_s(ended, 2) == [10.0]
    assert busy_gaps_s([Ended(10.0), Ended(20.0), Ended(30.0)], 1) == []
    assert busy_gaps_s(ended, 9) == []


def test_a_pause_is_no_service_and_few_services_tell_nothing() -> None:
    """A till that stands still for ten minutes is not a service of ten minutes; too few gaps give no pace."""
    at_s, ended = 0.0, []
    for n in range(60):
        at_s += 600.0 if n == 30 else 20.0
        ended.append(Ended(at_s, 300.0, 700.0 if n >= 30 else at_s))
    ended = [Ended(e.at_s, e.stay_s, e.stay_s) for e in ended]
    found = pace(ended, 1)
    assert found is not None
    assert found.service_s == pytest.approx(20.0)
    assert pace(ended[:FEW], 1) is None
    assert pace([], 1) is None


def test_a_day_is_read_from_the_store(quick_path: Path) -> None:
    """Arrivals and departures of one queue in the span, and the last hour in which somebody came."""
    events = [served(1000.0 + 60 * n, 30.0, n) | {"stay_s": 40.0} for n in range(3)]
    events += [served(990.0, 1.0, 90) | {"kind": "joined", "wait_s": None}]
    events += [served(5000.0, 1.0, 91) | {"kind": "joined"}, served(1001.0, 1.0, 92) | {"queue": "p"}]
    filled(quick_path / "s", [minute(3600.0), minute(7200.0, joined=0)], events).close()
    db = open_store(quick_path / "s")
    asked = read_asked(db, SITE, "q", 900.0, 4000.0)
    assert asked.arrivals_s == (990.0,)
    assert asked.ended == tuple(Ended(1000.0 + 60 * n, 30.0, 40.0) for n in range(3))
    assert asked.waits_s == [30.0] * 3
    assert last_day_s(db, SITE, "q", 90_000.0) == 3600.0
    assert last_day_s(db, SITE, "none", 90_000.0) is None
    db.close()
    new_store(quick_path / "empty").close()
