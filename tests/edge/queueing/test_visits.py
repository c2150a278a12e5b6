"""The visit book."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.queueing.visits import VisitBook
from edge.vocabulary import Outcome


@settings(deadline=None, max_examples=50)
@given(st.lists(st.tuples(st.sampled_from(["join", "served", "left", "lost", "serve"]), st.integers(0, 5))))
def test_the_books_always_balance(moves: list[tuple[str, int]]) -> None:
    """Whatever happens, joined - served - left - lost is the number of open visits."""
    book = VisitBook("q")
    for t_s, (move, which) in enumerate(moves):
        if move == "join":
            book.join(t_s - which, ["c/r/1"], censored=False)
        elif book.open:
            number = list(book.open)[which % len(book.open)]
            if move == "serve":
                book.serve(number, float(t_s))
            else:
                book.close(number, move, t_s - which)  # type: ignore[arg-type]
        assert book.totals.inside == len(book.open) == len(book.open_visits())
    for visit in book.closed:
        assert visit.left_s is not None
        assert visit.left_s >= visit.joined_s
        assert (visit.served_s is not None) == (visit.outcome == "served")
        if visit.served_s is not None:
            assert visit.joined_s <= visit.served_s <= visit.left_s


def test_people_ahead_are_those_who_joined_before_and_were_still_there() -> None:
    """A visit counted late is put at its own moment: who left since was ahead, who left before was not."""
    book = VisitBook("q")
    first = book.join(0.0, [], censored=True)
    second = book.join(0.0, [], censored=True)
    book.close(first, "served", 10.0)
    late = book.join(9.0, [], censored=False)
    later = book.join(11.0, [], censored=False)
    ahead = [book.open[n].ahead_on_joining for n in (second, late, later)]
    assert ahead == [1, 2, 2]


def test_news_are_told_once() -> None:
    """Drain gives every opened and every finished visit exactly once."""
    book = VisitBook("q")
    number = book.join(1.0, ["c/r/1"], censored=False)
    opened, finished = book.drain()
    assert [v.joined_s for v in opened] == [1.0]
    assert finished == []
    book.close(number, "left", 4.0)
    opened, finished = book.drain()
    assert opened == []
    assert [(v.outcome, v.left_s, v.track_ids) for v in finished] == [("left", 4.0, ("c/r/1",))]
    assert book.drain() == ([], [])


@pytest.mark.parametrize("outcome", ["left", "lost"])
def test_only_the_served_have_a_service_time(outcome: Outcome) -> None:
    """Somebody who left or was lost has no served_s, even if service seemed to begin."""
    book = VisitBook("q")
    number = book.join(1.0, [], censored=False)
    book.serve(number, 2.0)
    book.close(number, outcome, 4.0)
    assert book.closed[0].served_s is None


def test_a_guess_makes_a_visit_censored() -> None:
    """A visit that goes on under a guessed track gives no wait any more."""
    book = VisitBook("q")
    number = book.join(1.0, ["c/r/1"], censored=False)
    book.follow(number, "c/r/2")
    assert not book.open[number].censored
    book.follow(number, "c/s/1", certain=False)
    assert book.open[number].censored
    assert book.open_visits()[0].track_ids == ("c/r/1", "c/r/2", "c/s/1")


def test_a_long_visit_keeps_few_names() -> None:
    """A visit whose track breaks for ever takes no more memory."""
    book = VisitBook("q")
    number = book.join(0.0, [], censored=False)
    for k in range(1000):
        book.follow(number, f"c/r/{k}")
    assert len(book.open[number].track_ids) <= 64
