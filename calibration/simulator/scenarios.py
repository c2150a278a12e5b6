"""The places that can be simulated, by name."""

import math
from dataclasses import replace

from calibration.simulator.settings import Law, Lift, Passing, Rate, Scenario, Section, Staffing, Till, View
from detector.scenes.camera import Camera


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

# A steward beside each line walks into it once a minute; the colleagues at the tills stand outside, as everywhere.
STAFF = replace(
    CANTEEN, name="staff", title="Staff among the people", duration_s=1200.0, arrivals=(Rate(1200.0, 5.0),),
    tills=(replace(LEFT_TILL, steward_m=(2.2, -0.95)), replace(RIGHT_TILL, steward_m=(2.2, 0.95))), passing=(),
)  # fmt: skip

# Half of those who come are two, three or four; they stand side by side, and now and then a friend joins them later.
GROUPS = replace(
    CANTEEN, name="groups", title="Groups and friends", duration_s=1200.0, arrivals=(Rate(1200.0, 3.0),),
    tills=(replace(LEFT_TILL, abreast=2, half_width_m=0.75), replace(RIGHT_TILL, abreast=2, half_width_m=0.75)),
    passing=(), groups=(0.5, 0.3, 0.12, 0.08), friends=0.4,
)  # fmt: skip

# One long line: its head on one camera, its end on another. The lanes meet; or they overlap by two metres.
LONG_TILL = Till(
    "till-1", "Till 1", (0.0, 5.0), (0.0, 1.0), length_m=10.0,
    sections=(Section("tills", -0.6, 4.2), Section("hall", 4.2, 10.0)),
)  # fmt: skip
TWO_CAMERAS = replace(
    ONE_TILL, name="two-cameras", title="One line on two cameras", duration_s=1200.0, arrivals=(Rate(1200.0, 4.2),),
    service=Law("lognormal", 14.0, 0.5), tills=(LONG_TILL,), entry_m=(0.5, 18.0), passing=(),
    views=(View("tills", Camera()), View("hall", Camera(x_m=3.4, y_m=6.4, yaw_deg=28.0))),
)  # fmt: skip
TWO_CAMERAS_OVERLAP = replace(
    TWO_CAMERAS, name="two-cameras-overlap", title="One line, two cameras that both see its middle",
    tills=(replace(LONG_TILL, sections=(Section("tills", -0.6, 6.0), Section("hall", 4.0, 10.0))),),
)  # fmt: skip

# Chairs for four every nine seconds; groups stand four abreast, those who come alone have a line of their own.
HIGH = Camera(height_m=4.5, pitch_deg=24.0, horizontal_fov_deg=84.0)
GROUP_LANE = Till("groups", "Groups", (-1.2, 7.0), (0.0, 1.0), length_m=8.0, half_width_m=1.4, abreast=4)
SINGLES_LANE = Till("singles", "Singles", (1.6, 7.0), (0.0, 1.0), length_m=8.0, half_width_m=0.55)
CHAIRLIFT = replace(
    ONE_TILL, name="chairlift", title="Chairlift", duration_s=1200.0, entry_m=(0.6, 17.5), passing=(), staff=False,
    tills=(GROUP_LANE, SINGLES_LANE), lift=Lift(4, 9.0), camera=HIGH, service=Law("constant", 9.0),
    arrivals=(Rate(300.0, 7.0), Rate(1200.0, 5.0)), groups=(0.3, 0.3, 0.2, 0.2),
)  # fmt: skip
CHAIRLIFT_STOP = replace(
    CHAIRLIFT, name="chairlift-stop", title="Chairlift that stops for three minutes", stops=((480.0, 660.0),),
)  # fmt: skip

# One line to counters that stand beyond it; two of three are away for the middle third.
STAFFING = replace(
    ONE_TILL, name="staffing", title="Three servers, one, three", duration_s=3600.0, passing=(), staff=False,
    tills=(replace(LEFT_TILL, head_m=(-0.3, 6.4), axis=(0.0, 1.0), length_m=7.0, counters=3),), entry_m=(0.4, 15.5),
    arrivals=(Rate(3600.0, 1.6),), service=Law("lognormal", 60.0, 0.5),
    staffing=(Staffing(1200.0, 3), Staffing(2400.0, 1), Staffing(3600.0, 3)),
)  # fmt: skip

SCENARIOS = {
    s.name: s
    for s in (
        CANTEEN, ONE_TILL, CANTEEN_BELL, THREE_TILLS, ABANDONMENT, PASSERS_BY, STAFF, GROUPS, TWO_CAMERAS,
        TWO_CAMERAS_OVERLAP, CHAIRLIFT, CHAIRLIFT_STOP, STAFFING,
    )
}  # fmt: skip


def lasting(scenario: Scenario, seconds: float) -> Scenario:
    """The scenario for so long: beyond its own end people go on to come as they did last."""
    *before, last = scenario.arrivals
    if seconds > scenario.duration_s:
        last = replace(last, until_s=max(last.until_s, seconds))
    return replace(scenario, duration_s=seconds, arrivals=(*before, last))
