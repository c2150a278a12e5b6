"""The places that can be simulated, by name."""

import math
from dataclasses import replace

from calibration.simulator.settings import Law, Passing, Rate, Scenario, Till


def _axis(x: float, y: float) -> tuple[float, float]:
    size = math.hypot(x, y)
    return (x / size, y / size)


LEFT_TILL = Till("till-1", "Till 1", (-2.9, 4.9), _axis(0.5, 0.866), server_side=-1)
RIGHT_TILL = Till("till-2", "Till 2", (3.0, 5.3), _axis(-0.33, 0.944), server_side=1)

# From the door between the lines out past the camera; the other way; along the back to the food counter.
THROUGH = Passing(((0.35, 13.6), (0.55, 9.5), (0.1, 4.0), (0.1, 0.9)), 1.3)
BACK = Passing(((0.9, 0.9), (0.75, 5.0), (0.65, 9.5), (0.3, 13.6)), 0.7)
ACROSS = Passing(((8.2, 9.9), (3.0, 11.3), (-5.0, 10.75), (-8.2, 10.4)), 0.8)

CANTEEN = Scenario(
    name="canteen", title="Canteen", duration_s=160.0, tills=(LEFT_TILL, RIGHT_TILL), entry_m=(0.0, 13.6),
    arrivals=(Rate(12.0, 6.0), Rate(78.0, 12.0), Rate(96.0, 4.0)),
    service=Law("erlang", 10.5, 6.0), passing=(THROUGH, BACK, ACROSS),
)  # fmt: skip

ONE_TILL = Scenario(
    name="one-till", title="One till", duration_s=600.0, tills=(LEFT_TILL,), entry_m=(0.0, 13.6),
    arrivals=(Rate(600.0, 2.6),), service=Law("lognormal", 16.0, 0.5), passing=(THROUGH,),
)  # fmt: skip

# An hour each, for the estimators of waits: visits and detections; the lines outgrow what one picture holds.
MIDDLE_TILL = Till("till-2", "Till 2", (0.2, 5.0), (0.0, 1.0), server_side=1)
FAR_RIGHT_TILL = Till("till-3", "Till 3", (3.6, 5.4), _axis(-0.2, 0.98), server_side=1)


def _pulses(until_s: float, every_s: float, *, quiet_per_min: float, bell_per_min: float) -> tuple[Rate, ...]:
    """A bell rings every every_s, and people come for four minutes."""
    rates = []
    at_s = 0.0
    while at_s < until_s:
        rates += [
            Rate(min(at_s + every_s - 240, until_s), quiet_per_min),
            Rate(min(at_s + every_s, until_s), bell_per_min),
        ]
        at_s += every_s
    return tuple(rates)


CANTEEN_BELL = replace(
    CANTEEN, name="canteen-bell", title="Canteen with a bell", duration_s=7200.0, service=Law("lognormal", 20.0, 0.4),
    arrivals=_pulses(7200.0, 1500.0, quiet_per_min=2.0, bell_per_min=14.0),
)  # fmt: skip

THREE_TILLS = replace(
    CANTEEN, name="three-tills", title="Three tills", duration_s=3600.0, arrivals=(Rate(3600.0, 7.5),),
    tills=(replace(LEFT_TILL, length_m=3.8), MIDDLE_TILL, FAR_RIGHT_TILL), service=Law("lognormal", 18.0, 0.5),
    passing=(),
)  # fmt: skip

ABANDONMENT = replace(
    ONE_TILL, name="abandonment", title="People who give up", duration_s=3600.0, arrivals=(Rate(3600.0, 4.5),),
    patience=Law("exponential", 150.0), passing=(),
)  # fmt: skip

PASSERS_BY = replace(
    CANTEEN, name="passers-by", title="Many pass, few queue", duration_s=1200.0, arrivals=(Rate(1200.0, 2.5),),
    passing=tuple(replace(p, per_min=3 * p.per_min) for p in (THROUGH, BACK, ACROSS)),
)  # fmt: skip

SCENARIOS = {s.name: s for s in (CANTEEN, ONE_TILL, CANTEEN_BELL, THREE_TILLS, ABANDONMENT, PASSERS_BY)}
