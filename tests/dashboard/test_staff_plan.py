"""How many servers: the hours of a day, the next hour, and a day served again."""

from datetime import date

import numpy as np
import pytest

from dashboard import periods
from dashboard.demand import Asked, Pace
from dashboard.staff_plan import MOST, Hour, again, ahead, enough, fewest, hours, with_servers

OF = periods.period("day", date(2025, 6, 4), "UTC")
RNG = np.random.default_rng(2)
EXPONENTIAL = Pace(tuple(float(s) for s in RNG.exponential(40.0, 3000)))


def test_each_hour_gets_the_fewest_that_keep_the_target() -> None:
    """Hours of 30, 90 and 200 people: the target is kept, and one fewer would miss it; other hours are not told."""
    busy = {8: 30, 12: 90, 17: 200}
    arrivals = [OF.start_s + 3600 * (hour + n / many) for hour, many in busy.items() for n in range(many)]
    told = hours(Asked(tuple(arrivals), ()), OF, EXPONENTIAL, 60.0)
    assert {round((hour.start_s - OF.start_s) / 3600): hour.came for hour in told} == busy
    for hour in told:
        assert hour.needed is not None
        assert hour.needed.wait_s <= 60.0
    assert [hour.needed and hour.needed.servers for hour in told] == [1, 2, 3]
    assert with_servers(90, EXPONENTIAL, 1).wait_s > 60.0
    assert with_servers(200, EXPONENTIAL, 2).wait_s > 60.0


def test_a_wait_that_holds_the_own_service_is_longer_by_it() -> None:
    """Where people leave the line when their service is over, waits and the target hold it."""
    in_line = Pace(EXPONENTIAL.services_s, seen=False, in_wait=True)
    short, long = (with_servers(60.0, pace, 1).wait_s for pace in (EXPONENTIAL, in_line))
    assert long == pytest.approx(short + in_line.service_s)
    assert fewest(60.0, EXPONENTIAL, 30.0) is not None
    assert fewest(60.0, in_line, 30.0) is None


def test_the_next_hour_tells_what_one_fewer_and_more_people_mean() -> None:
    """92 people an hour of 40 s are over what one server can do: two; one would let the line grow for ever."""
    constant = Pace((40.0,) * 50)
    told = ahead(92.0, 100.0, constant, 300.0)
    assert told.needed is not None
    assert told.fewer is not None
    assert told.needed_if_more is not None
    assert (told.needed.servers, told.fewer.servers, told.fewer.wait_s) == (2, 1, float("inf"))
    assert told.needed_if_more.servers == 3
    alone = ahead(10.0, None, constant, 300.0)
    assert (alone.needed and alone.needed.servers, alone.fewer, alone.needed_if_more) == (1, None, None)


def test_too_much_for_everybody_is_told() -> None:
    """A demand that MOST servers can't keep up with has no number."""
    assert ahead(MOST * 100.0, None, EXPONENTIAL, 60.0).needed is None
    crowd = Asked(tuple(OF.start_s + n for n in range(3500)), ())
    assert hours(crowd, OF, EXPONENTIAL, 1.0) == (Hour(OF.start_s, 3500, None),)


def test_a_day_served_again_is_the_same_each_time_and_better_with_more() -> None:
    """The same seed gives the same answer; more servers never make the mean wait longer; enough is the fewest good."""
    arrivals = tuple(OF.start_s + float(s) for s in np.sort(RNG.uniform(0, 6 * 3600, 600)))
    asked = Asked(arrivals, ())
    played = again(asked, EXPONENTIAL, range(1, 5), 120.0, seed=9)
    assert played == again(asked, EXPONENTIAL, range(1, 5), 120.0, seed=9)
    means = [one.mean_s for one in played]
    assert means == sorted(means, reverse=True)
    good = enough(played)
    assert good is not None
    assert good.servers == 2
    assert good.share_over_target <= 0.1 < played[0].share_over_target
    assert enough(played[:1]) is None


def test_spread_of_services_reaches_the_formula() -> None:
    """Pace gives mean and spread: constant services have none, exponential ones about their mean."""
    assert Pace((40.0,) * 20).cv == 0.0
    assert EXPONENTIAL.service_s == pytest.approx(40.0, rel=0.05)
    assert EXPONENTIAL.cv == pytest.approx(1.0, abs=0.06)
