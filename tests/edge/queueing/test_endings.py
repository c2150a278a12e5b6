"""How stays end, and for how long somebody hidden is believed to be there."""

import pytest

from edge.counter import Counter, Tick
from edge.queueing.endings import CLOSED_UP_ODDS, FRESH_S, UP_HEIGHTS, odds_behind
from edge.vocabulary import Point
from tests.edge.queueing.people import HEIGHT, arrive, book_and_floor, path, shape_of
from tests.edge.queueing.scene import Walk, every, lengths, play, readings, site, stand, visits, walk

FAR = stand(100, 600, 0, 1.0)  # the camera's first pictures are over when others come


def hides(who: Walk, from_s: float, to_s: float) -> Walk:
    """The same person, not seen meanwhile."""

    def where(t_s: float) -> Point | None:
        return None if from_s < t_s < to_s else who(t_s)

    return where


@pytest.mark.parametrize(
    ("up", "seen_s", "odds"),
    [
        (0.0, 3.0, CLOSED_UP_ODDS),
        (0.9 * UP_HEIGHTS, 3.0, CLOSED_UP_ODDS),
        (1.1 * UP_HEIGHTS, 3.0, 1.0),
        (-1.0, 3.0, CLOSED_UP_ODDS),
        (0.0, 2.9 - FRESH_S, 1.0),
    ],
    ids=["stands", "trembles", "moved up", "stepped back", "not seen either"],
)
def test_who_stands_still_behind_speaks_for_the_one_in_front(up: float, seen_s: float, odds: float) -> None:
    """People close up: only one who is seen and has not moved up says that the place in front is taken."""
    _, floor = book_and_floor()
    shape = shape_of()
    stay = arrive(floor, path((0.9, 0.40)))
    behind = arrive(floor, path((0.9, 0.55), key=("c1", "r", 2)))
    arrive(floor, path((0.9, 0.70), key=("c1", "r", 3)))
    stay.follower = floor.next_behind(stay, shape)
    assert stay.follower is not None
    assert stay.follower[0] is behind
    behind.path.point, behind.path.seen_s = (0.9, 0.55 - up * HEIGHT), seen_s
    assert odds_behind(stay, shape, 3.0) == odds


def test_the_last_of_a_line_has_nobody_to_speak_for_it() -> None:
    """Nobody behind: no evidence."""
    _, floor = book_and_floor()
    stay = arrive(floor, path())
    stay.follower = floor.next_behind(stay, shape_of())
    assert stay.follower is None
    assert odds_behind(stay, shape_of(), 3.0) == 1.0


def two(first: Walk, second: Walk, until_s: float) -> list[Tick]:
    """Two people come one after the other."""
    return play(Counter(site()), {1: first, 2: second, 9: FAR}, every(0.2, until_s))


HEAD = walk((1, 640, 760), (9, 640, 270), (40, 640, 270), (44, 640, 100))


def test_the_head_hidden_while_the_next_one_stands_is_still_there() -> None:
    """Not seen for eight seconds at the service line, the next one does not move up: one visit with its whole wait."""
    second = walk((5, 640, 760), (13, 640, 400), (60, 640, 400))
    ticks = two(hides(HEAD, 20, 28), second, 50)
    assert set(lengths(ticks)[20:40]) == {2}
    [visit] = visits(ticks)
    assert visit.outcome == "served"
    assert visit.served_s == pytest.approx(40 + 4 * (270 - 216) / 170, abs=0.2)


def test_the_head_whose_place_is_taken_was_served() -> None:
    """Vanished at the service line; by the time it is given up the next one stands in the same place: served."""
    second = walk((5, 640, 760), (13, 640, 400), (31, 640, 400), (32.5, 640, 269), (60, 640, 269))
    ticks = two(hides(HEAD, 30, 99), second, 50)
    [visit] = visits(ticks)
    assert (visit.outcome, visit.left_s) == ("served", 30.0)
    assert lengths(ticks)[34] == 1


def test_nobody_is_held_for_ever() -> None:
    """The next one stands on though the head never comes back: given up after four times hold_s."""
    second = walk((5, 640, 760), (13, 640, 400), (80, 640, 400))
    told = lengths(two(hides(HEAD, 30, 99), second, 50))
    assert told[41] == 2
    assert told[43] == 1


def test_a_newcomer_hidden_before_being_counted_joined_when_coming() -> None:
    """Four seconds in the line, hidden for six, then back under another track: joined as of the step inside."""
    come = walk((1, 640, 760), (5, 640, 560))
    ticks = two(come, stand(645, 558, 11, 60), 40)
    [event] = [e for t in ticks for e in t.events if e.kind == "joined"]
    assert event.pts_s == pytest.approx(1 + 4 * (760 - 684) / 200, abs=0.2)
    last = readings(ticks)[-1]
    assert (last.length, last.joined, last.lost) == (1, 1, 0)
