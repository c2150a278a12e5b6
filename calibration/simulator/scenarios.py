"""The places that can be simulated, by name."""

import math

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

SCENARIOS = {s.name: s for s in (CANTEEN, ONE_TILL)}
