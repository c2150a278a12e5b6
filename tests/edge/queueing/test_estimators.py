"""Each estimator against waits worked out by hand, and the change of pace."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.queueing import estimators
from edge.queueing.estimators import ESTIMATORS, Line
from edge.queueing.waiting import Headway, Rate, at_this_pace, last_stop_s
from edge.vocabulary import Visit


def visit(
    joined_s: float, served_s: float | None = None, left_s: float | None = None, *, censored: bool = False
) -> Visit:
    """A visit that was served when served_s is given, left when only left_s is, else still waiting."""
    outcome = "served" if served_s is not None else "left" if left_s is not None else None
    return Visit("q", (), joined_s, served_s, served_s if left_s is None else left_s, outcome, 0, censored)


def line(*visits: Visit, usual_s: float = 20.0, idle_from_s: float | None = None, headways_s: tuple = ()) -> Line:
    """A line at 100 s, ten departures known."""
    return Line(100.0, visits, Rate(10, 10 * usual_s, stopped=False), headways_s, idle_from_s)


SERVED, LATER, FIRST, SECOND = visit(10.0, 70.0), visit(15.0, 90.0), visit(60.0), visit(80.0)


def test_last_served_is_the_wait_of_who_went_last() -> None:
    """The latest departure counts, in any order of visits; nobody, or one who was there at the start, says nothing."""
    assert estimators.last_served(line(LATER, SERVED, FIRST)) == 75.0
    assert estimators.last_served(line(SERVED, LATER, FIRST)) == 75.0
    assert estimators.last_served(line(FIRST)) is None
    assert estimators.last_served(line(visit(10.0, 70.0, censored=True))) is None


def test_the_head_has_waited_so_long() -> None:
    """Who joined first of those waiting; unknown for one who was there at the start."""
    assert estimators.head(line(SERVED, SECOND, FIRST)) == 40.0
    assert estimators.head(line(SERVED)) is None
    assert estimators.head(line(visit(0.0, censored=True), FIRST)) is None


def test_curves_need_no_identity() -> None:
    """Exchanging who of two was served changes nothing: the oldest entry that has no exit counts."""
    right, exchanged = line(visit(10.0, 70.0), visit(40.0)), line(visit(40.0, 70.0), visit(10.0))
    assert estimators.curves(right) == estimators.curves(exchanged) == 60.0
    assert estimators.curves(line(SERVED)) is None


def test_the_running_service_counts_for_what_is_left_of_it() -> None:
    """Two waiting, 20 s each, the service 15 s old: of headways of 20 s and 25 s there are 5 and 10 s left."""
    assert estimators.rate(line(FIRST, SECOND)) == 60.0
    left_s = (5.0 + 10.0 + 20.0) / 3.0
    told_s = estimators.rate(line(FIRST, SECOND, idle_from_s=85.0, headways_s=(20.0, 25.0, 10.0)))
    assert told_s == pytest.approx(40.0 + left_s)


@pytest.mark.parametrize("shape", [1.0, 2.5, 4.0])
def test_what_is_left_of_a_service_is_that_of_its_law(shape: float) -> None:
    """The residual of a gamma law against its own draws; of the exponential (shape 1) the mean at any age."""
    drawn_s = np.random.default_rng(4).gamma(shape, 20.0 / shape, 200_000)
    for age_s in (0.0, 10.0, 30.0):
        left_s = drawn_s[drawn_s > age_s] - age_s
        assert estimators.residual_s(age_s, 20.0, shape) == pytest.approx(left_s.mean(), rel=0.05)
    assert estimators.residual_s(1e4, 20.0, shape) == pytest.approx(20.0 / shape)


def test_those_expected_are_ahead_too() -> None:
    """Half a person more, by what is known of newcomers, is half a headway more, with patience and without."""
    left = visit(0.0, None, 100.0)
    for estimator in (estimators.rate, estimators.patience):
        now = line(left, FIRST, SECOND)
        more = replace(now, coming=0.5)
        assert estimator(more) == pytest.approx(estimator(now) + 10.0, rel=0.03)
    assert estimators.head(replace(line(FIRST), coming=3.0)) == estimators.head(line(FIRST))


def test_who_goes_on_the_same_chair_costs_no_time() -> None:
    """Chairs of four every 80 s: four to seven ahead are, on average, one chair before one's own; one ahead is none."""
    told_s = [
        estimators.rate(replace(line(*(visit(float(k)) for k in range(ahead))), together=4.0)) for ahead in range(4, 8)
    ]
    assert np.mean([s for s in told_s if s is not None]) == pytest.approx(20.0 + 80.0)
    assert estimators.rate(replace(line(FIRST), together=4.0)) == 20.0


def test_those_who_give_up_shorten_the_wait() -> None:
    """One left in 280 s of waiting, 20 s a service: of two ahead the first is served, the other may leave too."""
    left, two = visit(0.0, None, 100.0), (visit(0.0), visit(20.0))
    told_s = estimators.patience(line(left, *two))
    assert told_s == pytest.approx(20.0 + 20.0 + 1.0 / (1 / 20 + 1 / 280))
    served_now = Visit("q", (), 0.0, 90.0, None, None, 0, False)
    told_s = estimators.patience(line(left, *two, served_now))
    assert told_s == pytest.approx(20.0 + 1.0 / (1 / 20 + 1 / 370) + 1.0 / (1 / 20 + 2 / 370))
    assert estimators.patience(line(FIRST, SECOND)) is None


def test_who_waited_through_a_stop_says_nothing() -> None:
    """Delays with a stop in them are no delays of now; the rate, and those who joined after it, still speak."""
    stopped = Line(100.0, (SERVED, FIRST, SECOND), Rate(10, 200.0, stopped=False), (), None, stop_s=65.0)
    assert estimators.last_served(stopped) is estimators.head(stopped) is estimators.curves(stopped) is None
    assert estimators.rate(stopped) == 60.0
    after = Line(100.0, (SERVED, SECOND), Rate(10, 200.0, stopped=False), (), None, stop_s=65.0)
    assert estimators.head(after) == estimators.curves(after) == 20.0


def test_impatience_against_a_simulated_line() -> None:
    """Exponential services and patience, ten ahead: within 5 % of the mean wait of those who stay."""
    rng, service_s, patience_s = np.random.default_rng(5), 20.0, 150.0
    waits = []
    for _ in range(4000):
        gone_s, at_s = rng.exponential(patience_s, 9), 0.0
        at_s += rng.exponential(service_s)  # the one being served now
        for patient_s in gone_s:
            at_s += rng.exponential(service_s) if patient_s > at_s else 0.0
        waits.append(at_s + rng.exponential(service_s))
    waited = tuple(visit(float(a)) for a in range(10)) + tuple(visit(0.0, None, 15.0) for _ in range(7))
    exposure_s = sum(100.0 - a for a in range(10)) + 7 * 15.0
    assert exposure_s / 7 == pytest.approx(patience_s, rel=0.02)
    assert estimators.patience(line(*waited)) == pytest.approx(float(np.mean(waits)), rel=0.05)


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.tuples(st.floats(0, 99), st.floats(0, 99), st.sampled_from(["served", "left", None])), max_size=12),
    st.randoms(use_true_random=False),
)
def test_no_estimator_depends_on_the_order_of_visits(rows: list, shuffle) -> None:  # type: ignore[no-untyped-def]
    """Any visits in any order: the same numbers, none negative."""
    made = {
        "served": lambda a, b: visit(min(a, b), max(a, b)),
        "left": lambda a, b: visit(min(a, b), None, max(a, b)),
        None: lambda a, _: visit(a),
    }
    visits = [made[what](a, b) for a, b, what in rows]
    shuffled = list(visits)
    shuffle.shuffle(shuffled)
    for estimator in ESTIMATORS.values():
        told_s = estimator(line(*visits))
        assert estimator(line(*shuffled)) == pytest.approx(told_s)
        assert told_s is None or told_s >= 0.0


def test_a_stop_that_is_over_is_remembered_and_left_out() -> None:
    """Its end is told; the pace is of the others, in their order."""
    lasting_s = [6.0, 7.0, 6.5, 7.5, 180.0, 6.0, 8.0]
    ends = np.cumsum([0.0, *lasting_s]).tolist()
    runs = [Headway(a, b) for a, b in pairwise(ends)]
    assert at_this_pace(runs) == [6.0, 7.0, 6.5, 7.5, 6.0, 8.0]
    assert last_stop_s(runs) == pytest.approx(207.0)
    assert last_stop_s(runs[:4]) is None
