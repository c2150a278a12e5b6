"""The places that estimators of the wait are judged by: two hours each, at the visits depth only."""

from dataclasses import replace

from calibration.simulator.scenarios import CANTEEN_BELL, ONE_TILL, THREE_TILLS
from calibration.simulator.settings import Law, Rate, Scenario, Staffing

TWO_HOURS_S = 7200.0
STOP_S = (3600.0, 3780.0)  # the lift's: three minutes

BELL = replace(CANTEEN_BELL, duration_s=TWO_HOURS_S)

ONE = replace(ONE_TILL, duration_s=TWO_HOURS_S, arrivals=(Rate(TWO_HOURS_S, 3.2),))  # load 0.85

THREE = replace(THREE_TILLS, duration_s=TWO_HOURS_S, arrivals=(Rate(TWO_HOURS_S, 8.5),))  # load 0.85

# A gate lets one person a time through, ten a minute; a rush at nine makes a line of about fifty.
LIFT = replace(
    ONE_TILL, name="chairlift-stop", title="A lift that stops for three minutes", duration_s=TWO_HOURS_S,
    arrivals=(Rate(900.0, 13.0), Rate(TWO_HOURS_S, 9.8)), service=Law("lognormal", 6.0, 0.5), stops=(STOP_S,),
)  # fmt: skip

# Two of three servers are away for the middle third: the line grows to some twenty-five people.
STAFFING = replace(
    ONE_TILL, name="staffing", title="Three servers, one, three", duration_s=TWO_HOURS_S,
    arrivals=(Rate(TWO_HOURS_S, 1.6),), service=Law("lognormal", 60.0, 0.5),
    staffing=(Staffing(2400.0, 3), Staffing(4800.0, 1), Staffing(TWO_HOURS_S, 3)),
)  # fmt: skip

ABANDONMENT = replace(
    ONE_TILL, name="abandonment", title="People who give up", duration_s=TWO_HOURS_S,
    arrivals=(Rate(TWO_HOURS_S, 4.5),), patience=Law("exponential", 150.0),
)  # fmt: skip

WAIT_SCENARIOS: dict[str, Scenario] = {
    "bell": BELL,
    "one": ONE,
    "three": THREE,
    "lift": LIFT,
    "staffing": STAFFING,
    "abandonment": ABANDONMENT,
}
