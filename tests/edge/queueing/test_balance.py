"""The count against the people themselves."""

from edge.queueing.balance import OVER_S, TEXT, Balance
from edge.queueing.paths import Path
from edge.queueing.presence import Presence
from edge.queueing.visits import VisitBook


def line(many: int) -> tuple[VisitBook, list[Presence]]:
    """A book and those who stand for its visits."""
    book, people = VisitBook("q"), []
    for k in range(many):
        path = Path(("c1", "r", k), 0.0, (0.5, 0.1 * k), height=0.2, distance=[0.1])
        people.append(Presence(path, 0, 0, 0, 0.0, number=book.join(float(k), (), censored=False)))
    return book, people


def test_nothing_is_told_while_it_holds() -> None:
    """People join, some are served: no alarm, nothing changed."""
    book, people = line(5)
    book.close(1, "served", 10.0)
    balance = Balance()
    assert [balance.check(book, people[1:], float(s)) for s in range(20)] == [None] * 20
    assert not balance.drifted
    assert book.totals.inside == len(book.open) == 4


def test_a_visit_nobody_stands_for_is_lost_and_told() -> None:
    """It would stay in the count for ever. Told once, and once more when all has held for a minute."""
    book, people = line(3)
    balance = Balance()
    told = [balance.check(book, people[:2], 10.0 + s) for s in range(int(OVER_S) + 5)]
    assert [t for t in told if t] == [TEXT, f"over: {TEXT}"]
    assert told[0] == TEXT
    assert (book.totals.lost, book.totals.inside, len(book.open)) == (1, 2, 2)


def test_who_stands_for_a_visit_that_is_over_is_counted_anew() -> None:
    """That person would be missing from the count."""
    book, people = line(2)
    book.close(1, "left", 5.0)
    balance = Balance()
    assert balance.check(book, people, 6.0) == TEXT
    assert people[0].number is None
    assert balance.drifted


def test_a_wrong_total_is_told_for_as_long_as_it_is_wrong() -> None:
    """Totals that do not add up can't be set right: the alarm goes on."""
    book, people = line(2)
    book._counts["joined"] += 1
    balance = Balance()
    told = [balance.check(book, people, float(s)) for s in range(200)]
    assert [t for t in told if t] == [TEXT]
    assert balance.drifted


def test_a_clock_set_back_ends_the_alarm() -> None:
    """Not an alarm for the next hour because the clock was set back by one."""
    book, people = line(2)
    balance = Balance()
    assert balance.check(book, people[:1], 5000.0) == TEXT
    assert balance.check(book, people[:1], 1400.0) == f"over: {TEXT}"
