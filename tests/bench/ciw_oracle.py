"""Queues as another simulator sees them: writes what tests/calibration/simulator/test_oracle.py compares with.

Ciw (MIT) installs a package named `tests` beside itself, which would hide ours, so it gets an environment of its own:

usage: uv run --isolated --no-project --with ciw==3.2.7 tests/bench/ciw_oracle.py > tests/calibration/simulator/ciw.json
"""

import json
import sys

import ciw
from ciw.dists import Deterministic, Exponential

HOURS = 400
LIFT_S = 3600.0


def steady(per_min: float, service_s: float, servers: int, patience_s: float | None = None) -> dict[str, float]:
    """Poisson arrivals and exponential services: mean wait of all who came (seconds), share that gave up."""
    network = ciw.create_network(
        arrival_distributions=[Exponential(per_min / 60.0)],
        service_distributions=[Exponential(1.0 / service_s)],
        number_of_servers=[servers],
        reneging_time_distributions=None if patience_s is None else [Exponential(1.0 / patience_s)],
    )
    ciw.seed(7)
    run = ciw.Simulation(network)
    run.simulate_until_max_time(HOURS * 3600.0)
    rows = run.get_all_records(only=["service", "renege"])
    waits = [r.waiting_time for r in rows]
    return {
        "per_min": per_min, "service_s": service_s, "servers": servers, "patience_s": patience_s or 0.0,
        "wait_s": sum(waits) / len(waits), "gave_up": sum(r.record_type == "renege" for r in rows) / len(rows),
    }  # fmt: skip


def lift(per_min: float, seats: int, every_s: float) -> dict[str, object]:
    """A chair with so many seats every so many seconds takes those who wait: (joined, passed the gate) of each."""
    network = ciw.create_network(
        arrival_distributions=[Exponential(per_min / 60.0)],
        service_distributions=[Deterministic(0.5)],
        number_of_servers=[ciw.Slotted(slots=[every_s], slot_sizes=[seats])],
    )
    ciw.seed(3)
    run = ciw.Simulation(network)
    run.simulate_until_max_time(LIFT_S)
    rows = sorted((r.arrival_date, r.service_start_date) for r in run.get_all_records(only=["service"]))
    return {
        "per_min": per_min, "seats": seats, "every_s": every_s,
        "visits": [[round(a, 2), round(b, 2)] for a, b in rows],
    }  # fmt: skip


if __name__ == "__main__":
    found = {
        "version": ciw.__version__,
        "steady": [steady(1.8, 20.0, 1), steady(4.0, 30.0, 3), steady(8.5, 18.0, 3), steady(4.5, 16.0, 1, 150.0)],
        "lift": lift(28.5, 4, 8.0),
    }
    json.dump(found, sys.stdout, separators=(",", ":"))
    sys.stdout.write("\n")
