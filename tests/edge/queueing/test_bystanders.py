"""Those who stand in a lane and do not queue, and those who only seem to."""

import pytest

from edge.counter import Counter, Tick
from edge.queueing.bystanders import LEAST_S, PASSED_BY, TIMES_WAIT, seen_through
from edge.queueing.presence import Presence
from edge.queueing.returning import is_staff
from edge.queueing.visits import VisitBook
from tests.edge.queueing.people import HEIGHT, arrive, book_and_floor, path
from tests.edge.queueing.scene import Walk, every, lengths, play, readings, site, stand, visits, walk

WAIT_S = 60.0


def standing(passed: int, *, stood_s: float = LEAST_S, wait_s: float = WAIT_S) -> tuple[Presence, VisitBook]:
    """A member who has stood there since 10 s, and so many who came later and have been served since."""
    book, floor = book_and_floor()
    stay = arrive(floor, path(at_s=10.0), joined_s=10.0)
    assert seen_through(stay, book) is None
    for k in range(passed):
        number = book.join(20.0 + k, ["c1/r/9"], censored=False)
        book.close(number, "served", 20.0 + k + wait_s)
    stay.path.seen_s = 10.0 + stood_s
    return stay, book


def test_who_stands_there_while_everybody_else_is_served_is_not_in_the_line() -> None:
    """A dozen served who came later, a quarter of an hour on one spot: out of the count, without a wait, staff now."""
    stay, book = standing(PASSED_BY)
    end = seen_through(stay, book)
    assert end is not None
    assert (end.outcome, end.at_s) == ("lost", 10.0 + LEAST_S)
    assert is_staff(stay.path)
    assert book.open_visits()[0].censored


@pytest.mark.parametrize(
    "case",
    [(PASSED_BY - 1, LEAST_S, WAIT_S), (PASSED_BY, LEAST_S - 1.0, WAIT_S), (30, LEAST_S, LEAST_S / TIMES_WAIT + 1)],
)
def test_less_than_that_takes_nobody_out(case: tuple[int, float, float]) -> None:
    """Passed by fewer, for less long, or where everybody waits long: still in the line."""
    passed, stood_s, wait_s = case
    stay, book = standing(passed, stood_s=stood_s, wait_s=wait_s)
    assert seen_through(stay, book) is None
    assert not is_staff(stay.path)


def test_who_moves_up_or_is_being_served_stays() -> None:
    """A step of more than half a body begins the time anew; who stands in the service area is being served."""
    stay, book = standing(PASSED_BY)
    stay.service_s = 20.0
    assert seen_through(stay, book) is None
    stay, book = standing(PASSED_BY)
    stay.path.point = (stay.path.point[0], stay.path.point[1] - 0.6 * HEIGHT)
    assert seen_through(stay, book) is None
    assert stay.spot_since_s == 10.0 + LEAST_S


def customers(until_s: float) -> dict[int, Walk]:
    """One every fifty seconds, forty seconds in the lane."""
    times = range(20, int(until_s) - 60, 50)
    return {100 + t: walk((t, 500, 760), (t + 6, 500, 400), (t + 38, 500, 240), (t + 42, 500, 100)) for t in times}


def watched(people: dict[int, Walk], until_s: float) -> list[Tick]:
    """A picture every two seconds."""
    return play(Counter(site(fps=0.5)), people, every(2.0, until_s))


def test_a_worker_in_the_lane_goes_out_of_the_length() -> None:
    """A quarter of an hour beside the line: one more in the length, nobody then; the book balances, all are served."""
    worker = walk((4, 900, 760), (10, 900, 500), (1000, 900, 500))
    ticks = watched({1: worker, **customers(1000.0)}, 1000.0)
    told = lengths(ticks)
    assert min(n or 0 for n in told[20:900]) == 1
    assert min(n or 0 for n in told[930:]) == 0
    ended = visits(ticks)
    assert [(v.outcome, v.censored) for v in ended if v.outcome != "served"] == [("lost", True)]
    assert all(r.length == r.joined - r.served - r.left - r.lost for r in readings(ticks))
    assert readings(ticks)[-1].joined == 1 + len(customers(1000.0))


def test_a_line_that_stands_still_loses_nobody() -> None:
    """Busy for five minutes, then nobody is served for a quarter of an hour: all who wait are still there."""
    waiting = {k: stand(500 + 60 * k, 400 + 40 * k, 300.0) for k in range(5)}
    ticks = watched({**customers(300.0), **waiting}, 1230.0)
    assert set(lengths(ticks)[320:]) == {5}
