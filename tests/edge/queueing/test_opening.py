"""Open or closed, from what is seen."""

from edge.queueing.opening import CLOSED_S, UNSTAFFED_S, Opening
from tests.edge.queueing.scene import lane, tracks

STAFF = (((0.8, 0.2), (0.9, 0.2), (0.9, 0.5), (0.8, 0.5)),)
BEHIND = {7: (1088.0, 250.0)}  # a foot in the staff area


def after(opening: Opening, seconds: float, from_s: float = 0.0, *, inside: int = 0, known: bool = True) -> bool:
    """Closed, after so many seconds like that?"""
    closed = False
    for s in range(int(seconds) + 1):
        closed = opening.closed(from_s + s, inside, known=known)
    return closed


def test_half_an_hour_without_anybody_closes() -> None:
    """Not a second sooner; the first person opens."""
    opening = Opening([lane()])
    assert not after(opening, CLOSED_S - 1)
    assert after(opening, 1, CLOSED_S - 1)
    assert not opening.closed(CLOSED_S + 1, 1, known=True)
    assert not opening.closed(CLOSED_S + 2, 0, known=True)


def test_time_that_nobody_saw_neither_closes_nor_opens() -> None:
    """A dark camera all night: an open counter stays as it was, a closed one too."""
    opening = Opening([lane()])
    assert not after(opening, 3 * CLOSED_S, known=False)
    assert after(opening, CLOSED_S, 3 * CLOSED_S)
    assert after(opening, CLOSED_S, 4 * CLOSED_S, known=False)


def test_staff_behind_the_counter_keep_it_open() -> None:
    """Nobody queues for an hour, a colleague is there: idle. The colleague goes: closed after five minutes."""
    opening = Opening([lane(staff_area=STAFF)])
    for s in range(0, 3600, 10):
        opening.saw(tracks(float(s), BEHIND))
        assert not opening.closed(float(s), 0, known=True)
    assert not after(opening, UNSTAFFED_S - 2, 3591)
    assert after(opening, UNSTAFFED_S, 3591 + UNSTAFFED_S - 2)
    opening.saw(tracks(5000.0, BEHIND))
    assert not opening.closed(5000.0, 0, known=True)


def test_only_feet_in_its_own_staff_area_count() -> None:
    """A passer-by, another camera's people, and people who are not seen now keep nothing open."""
    opening = Opening([lane(staff_area=STAFF)])
    closed = False
    for s in range(int(UNSTAFFED_S) + 2):
        opening.saw(tracks(float(s), {1: (200.0, 600.0)}))
        opening.saw(tracks(float(s), BEHIND, camera="c2"))
        hidden = tracks(float(s), BEHIND)
        hidden.observed[:] = False
        opening.saw(hidden)
        closed = opening.closed(float(s), 0, known=True)
    assert closed


def test_a_clock_set_back_begins_anew() -> None:
    """Not closed at once, nor never."""
    opening = Opening([lane()])
    assert after(opening, CLOSED_S, 10_000.0)
    assert not opening.closed(0.0, 0, known=True)
    assert after(opening, CLOSED_S, 1.0)
