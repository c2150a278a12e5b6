"""Told waits from joining to the score, and what is remembered."""

import numpy as np
import pytest

from edge.queueing.teller import PENDING_KEPT, TICKS_KEPT, Moment, WaitTeller
from edge.queueing.visits import VisitBook
from edge.queueing.waiting import Wait


class Lane:
    """A book and a teller, moved on second by second."""

    def __init__(self) -> None:
        self.book, self.teller = VisitBook("q"), WaitTeller()
        self.numbers: list[int] = []

    def join(self, at_s: float) -> None:
        """Somebody joins."""
        self.numbers.append(self.book.join(at_s, (), censored=False))

    def end(self, at_s: float, outcome: str = "served") -> None:
        """The first in the line goes."""
        self.book.close(self.numbers.pop(0), outcome, at_s)  # type: ignore[arg-type]

    def tick(self, now_s: float, *, known: bool = True) -> Wait | None:
        """A reading."""
        visits = [*self.book.closed, *self.book.open_visits()]
        return self.teller.tell(Moment(now_s, visits, 0, known), *self.book.drain())[1]


def steady(lane: Lane, from_s: float, many: int, *, headway_s: float = 20.0, length: int = 5) -> list[Wait | None]:
    """One joins and one is served every headway_s, the line is always `length` long; a reading a second."""
    while len(lane.numbers) < length:
        lane.join(from_s)
    told = []
    for k in range(1, int(many * headway_s) + 1):
        if k % headway_s == 0:
            lane.end(from_s + k)
            lane.join(from_s + k)
        told.append(lane.tick(from_s + k))
    return told


def test_a_served_visit_is_scored_by_what_it_was_told() -> None:
    """Regular services: after a while the told wait is right within a headway, and the queue's own errors say so."""
    lane = Lane()
    told = steady(lane, 0.0, 60)
    assert told[-1] is not None
    assert abs(told[-1].wait_s - 100.0) <= 20.0
    errors = lane.teller.ledger.errors
    assert errors is not None
    assert errors.n >= 40
    assert errors.mae_s <= 20.0


def test_a_free_server_is_known_from_the_data() -> None:
    """Two served at once while others waited: later, with one served and nobody waiting, the other one is free."""
    book, teller = VisitBook("q"), WaitTeller()
    waits: dict[float, Wait | None] = {}
    people = [book.join(0.0, (), censored=False) for _ in range(8)]
    for k, number in enumerate(people):
        book.serve(number, 60.0 * (k // 2))
    for k, number in enumerate(people[:7]):
        book.close(number, "served", 60.0 * (k // 2 + 1) - 1.0)
    visits = [*book.closed, *book.open_visits()]
    for servers in (0, 1):
        waits[servers] = teller.tell(Moment(245.0, visits, servers, known=True), [], [])[1]
    assert waits[0] is not None
    assert (waits[0].method, waits[0].wait_s) == ("free", 0.0)
    assert waits[1] is None or waits[1].method != "free"


def test_those_who_left_or_were_lost_are_not_scored() -> None:
    """Nobody knows how long they would have waited."""
    lane = Lane()
    steady(lane, 0.0, 10)
    before = lane.teller.ledger.errors
    for outcome in ("left", "lost"):
        lane.end(201.0, outcome)
    lane.tick(202.0)
    assert lane.teller.ledger.errors == before


def test_a_stop_is_told_as_at_least_and_teaches_nothing() -> None:
    """While the server stands still the wait has no upper end; who waited through it moves no end."""
    lane = Lane()
    steady(lane, 0.0, 30, headway_s=6.0)
    errors, ends = lane.teller.ledger.errors, (lane.teller.ends.low, lane.teller.ends.high)
    told = [lane.tick(180.0 + k) for k in range(1, 180)]
    assert told[-1] is not None
    assert (told[-1].method, told[-1].high_s) == ("at_least", None)
    assert told[-1].wait_s < 60.0
    for k in range(3):
        lane.end(360.0 + 6 * k)
        lane.tick(360.5 + 6 * k)
    now = lane.teller.ledger.errors
    assert errors is not None
    assert now is not None
    assert now.n == errors.n + 3
    assert (lane.teller.ends.low, lane.teller.ends.high) == ends
    after = lane.tick(379.0)
    assert after is not None
    assert after.method != "at_least"
    assert after.wait_s < 40.0


def test_readings_in_between_change_nothing() -> None:
    """One reading a second, or one only where something happens: the same waits at the same moments."""
    often, seldom, rng = Lane(), Lane(), np.random.default_rng(8)
    joins = np.cumsum(rng.exponential(20.0, 80))
    ends = np.cumsum(rng.exponential(21.0, 80)) + 60.0
    happens = {float(np.ceil(t)) for t in (*joins, *ends)}
    for second in range(1, 1200):
        for lane in (often, seldom):
            for at_s in joins[(joins > second - 1) & (joins <= second)]:
                lane.join(float(at_s))
            for at_s in ends[(ends > second - 1) & (ends <= second)]:
                if lane.numbers:
                    lane.end(float(at_s))
        told = often.tick(float(second))
        if second in happens or second + 1.0 in happens:
            assert seldom.tick(float(second)) == told
    assert often.teller.ledger.errors == seldom.teller.ledger.errors


def test_nothing_is_told_while_the_line_is_not_known() -> None:
    """No wait without pictures; afterwards it goes on."""
    lane = Lane()
    steady(lane, 0.0, 10)
    assert lane.tick(201.0, known=False) is None
    assert lane.tick(202.0) is not None


def test_memory_is_bounded() -> None:
    """Thousands who join and never end, and as many readings: what is kept has its bounds."""
    lane = Lane()
    steady(lane, 0.0, 5)
    for k in range(3000):
        if len(lane.numbers) > 20:
            lane.numbers.pop()  # forgotten by the lane, so never scored
            lane.book.open.popitem()
        lane.join(200.0 + k)
        lane.tick(200.5 + k)
    assert len(lane.teller._pending) <= PENDING_KEPT
    assert len(lane.teller._told) <= TICKS_KEPT


def test_time_that_goes_back_is_forgotten() -> None:
    """A clock that jumps back by an hour: no told wait of the future is found by a newcomer, none is negative."""
    lane = Lane()
    steady(lane, 3600.0, 10)
    told = lane.tick(10.0)
    assert told is None or told.wait_s >= 0.0
    assert all(t.at_s <= 10.0 for t in lane.teller._told)


def test_a_change_of_pace_begins_a_new_regime() -> None:
    """Another estimator speaks; the pace becomes three times slower: the rate speaks again, of the new pace."""
    lane = Lane()
    steady(lane, 0.0, 30)
    lane.teller.ledger.speaker = "head"
    told = steady(lane, 600.0, 12, headway_s=60.0)
    assert {t.method for t in told[-60:] if t is not None} == {"rate"}
    assert told[-1] is not None
    assert told[-1].wait_s == pytest.approx(360.0, abs=10.0)  # five in the line, and oneself


def test_an_empty_line_tells_what_it_takes_there() -> None:
    """One at a time, each alone and served after 12 s: at first nothing is told to wait, then those 12 s."""
    lane, told = Lane(), []
    for k in range(8):
        lane.tick(100.0 * k)
        lane.join(100.0 * k + 0.5)
        lane.end(100.0 * k + 12.5)
        told.append(lane.tick(100.0 * k + 13.0))
    assert [t and (t.method, t.wait_s) for t in told] == [("free", 12.0)] * 8
    errors = lane.teller.ledger.errors
    assert errors is not None
    assert (errors.n, errors.too_short) == (8, 1 / 8)


def test_a_newcomer_is_weighed_in_before_counting() -> None:
    """An empty line, a known pace of 20 s: one who stands there with probability 0.6 is 12 s more to wait."""
    book, teller = VisitBook("q"), WaitTeller()
    for k in range(6):
        book.close(book.join(0.0, (), censored=False), "served", 20.0 * (k + 1))
    teller.free.learn(30.0)
    alone, joined_by = (
        teller.tell(Moment(130.0, tuple(book.closed), 0, known=True, coming=p), [], [])[1] for p in (0.0, 0.6)
    )
    assert alone is not None
    assert joined_by is not None
    assert alone.wait_s == 30.0
    assert joined_by.wait_s == pytest.approx(42.0)
    assert (alone.low_s, joined_by.method) == (joined_by.low_s, "free")


def test_a_change_of_pace_widens_the_interval_of_later_waits() -> None:
    """A line at one pace: told less surely where the pace has just been another one."""
    calm, moved = Lane(), Lane()
    steady(moved, 0.0, 15, headway_s=80.0)
    told = [steady(calm, 0.0, 60)[-1], steady(moved, 1200.0, 40)[-1]]
    width = [(t.high_s - t.low_s) / t.wait_s for t in told if t is not None and t.high_s is not None]
    assert width[1] > 2.0 * width[0]


def test_a_crowd_that_came_at_once_teaches_nothing_of_an_empty_line() -> None:
    """Eight who count later than they joined were all told an empty line; only the first of them found one."""
    lane = Lane()
    lane.tick(0.0)
    for k in range(8):
        lane.join(0.1 * (k + 1))
    lane.tick(6.0)
    for k in range(8):
        lane.end(20.0 * (k + 1))
        lane.tick(20.0 * (k + 1) + 0.5)
    assert lane.tick(170.0) is not None
    assert lane.teller.free.usual_s == pytest.approx(19.9)
    errors = lane.teller.ledger.errors
    assert errors is not None
    assert errors.n == 8
