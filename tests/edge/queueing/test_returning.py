"""Those who come back under another track."""

import pytest

from edge.queueing.floor import Floor
from edge.queueing.paths import Key, Path
from edge.queueing.presence import End, Presence
from edge.queueing.returning import Given, Lost, retrack
from edge.queueing.sight import Seen
from edge.vocabulary import Outcome, Point
from tests.edge.queueing.people import HEIGHT, arrive, book_and_floor, path

NEW: Key = ("c1", "r", 9)


def seen(point: Point, key: Key = NEW) -> Seen:
    """Somebody just found there."""
    return Seen(key, point, HEIGHT, [0.1], False)


def test_a_new_track_beside_somebody_hidden_goes_on_with_the_stay() -> None:
    """The path, the stay and the visit go on under the new track; somebody far away is nobody hidden."""
    book, floor = book_and_floor()
    stay = arrive(floor, path())
    paths: dict[Key, Path] = {stay.path.key: stay.path}
    far = seen((0.5, 0.9), ("c1", "r", 8))
    assert retrack(paths, [stay.path], [far, seen((0.91, 0.6))], floor, at_s=1.0, certain=True) == [far]
    assert list(paths) == list(floor.present) == [NEW]
    assert floor.present[NEW] is stay
    [visit] = book.open_visits()
    assert visit.track_ids == ("c1/r/1", "c1/r/9")
    assert not visit.censored


def test_a_guess_makes_no_wait() -> None:
    """After a gap in the pictures the visit goes on, censored; one not counted yet goes on too."""
    book, floor = book_and_floor()
    member = arrive(floor, path())
    newcomer = arrive(floor, path((0.6, 0.9), key=("c1", "r", 2)), joined_s=None)
    paths = {p.path.key: p.path for p in (member, newcomer)}
    found = [seen((0.9, 0.6)), seen((0.6, 0.9), ("c1", "r", 10))]
    assert retrack(paths, list(paths.values()), found, floor, at_s=5.0, certain=False) == []
    assert book.open_visits()[0].censored
    assert floor.present["c1", "r", 10] is newcomer


def test_somebody_in_no_lane_keeps_the_own_path() -> None:
    """Staff whose track breaks are still staff."""
    _, floor = book_and_floor()
    staff = path()
    staff.staff_s = 60.0
    paths = {staff.key: staff}
    retrack(paths, [staff], [seen((0.9, 0.6))], floor, at_s=1.0, certain=True)
    assert paths[NEW].staff_s == 60.0
    assert not floor.present


def given_up(floor: Floor, outcome: Outcome) -> tuple[Lost, Presence]:
    """Somebody who joined at 2 s, was last seen at 10 s and whose stay has been given up."""
    stay = arrive(floor, path(at_s=10.0), joined_s=2.0)
    assert stay.number is not None
    floor.books[0].close(stay.number, outcome, 10.0)
    del floor.present[stay.path.key]
    lost = Lost()
    lost.add(Given(stay, End(outcome, 10.0), until_s=22.0))
    return lost, stay


@pytest.mark.parametrize("outcome", ["lost", "left"])
def test_who_was_lost_and_comes_back_is_counted_again_with_the_whole_wait(outcome: Outcome) -> None:
    """Nobody appears from nowhere: a stay anew, not counted yet, entered when the first was; the gap is learned."""
    _, floor = book_and_floor()
    lost, stay = given_up(floor, outcome)
    paths: dict[Key, Path] = {}
    lost.find(paths, [seen((0.9, 0.6))], floor, at_s=15.0)
    back = floor.present[NEW]
    assert back is not stay
    assert (back.number, back.entered_s, back.path) == (None, 2.0, paths[NEW])
    assert floor.gaps(stay).returned == 1.0
    lost.find(paths, [seen((0.9, 0.6), ("c1", "r", 10))], floor, at_s=15.0)
    assert list(floor.present) == [NEW], "found once only"


def test_who_was_told_as_served_is_not_counted_again() -> None:
    """The person is known again, and the lane has finished with them."""
    _, floor = book_and_floor()
    lost, stay = given_up(floor, "served")
    paths: dict[Key, Path] = {}
    lost.find(paths, [seen((0.9, 0.6))], floor, at_s=15.0)
    assert not floor.present
    assert paths[NEW].barred == stay.place


def test_a_newcomer_who_comes_back_is_who_came_in_then() -> None:
    """Never counted, given up, found again: the same time of entering; passers-by teach the lane nothing."""
    _, floor = book_and_floor()
    for until_s, found in ((22.0, True), (12.0, False)):
        stay = arrive(floor, path(at_s=10.0), joined_s=None)
        stay.entered_s = 8.0
        del floor.present[stay.path.key]
        lost = Lost()
        lost.add(Given(stay, End("lost", 10.0), until_s=until_s))
        lost.expire(15.0, floor)
        lost.find({}, [seen((0.9, 0.6))], floor, at_s=15.0)
        assert [p.entered_s for p in floor.present.values()] == ([8.0] if found else [])
        assert (floor.gaps(stay).returned, floor.gaps(stay).gone) == (0.0, 0.0)
        floor.present.clear()


def test_others_far_away_are_not_taken_for_the_lost() -> None:
    """Out of reach: still looked for, nothing learned."""
    _, floor = book_and_floor()
    lost, stay = given_up(floor, "lost")
    lost.find({}, [seen((0.5, 0.9))], floor, at_s=15.0)
    assert not floor.present
    assert (floor.gaps(stay).returned, floor.gaps(stay).gone) == (0.0, 0.0)


def test_who_is_never_found_has_gone() -> None:
    """After the last moment it is learned that the person did not come back, once, and nobody is looked for."""
    _, floor = book_and_floor()
    lost, stay = given_up(floor, "lost")
    lost.expire(22.0, floor)
    assert floor.gaps(stay).gone == 0.0
    lost.expire(22.1, floor)
    lost.expire(30.0, floor)
    assert floor.gaps(stay).gone == 1.0
    lost.find({}, [seen((0.9, 0.6))], floor, at_s=22.2)
    assert not floor.present


def test_pictures_that_begin_anew_forget_the_lost() -> None:
    """After clear nobody is found, and nothing is learned of them."""
    _, floor = book_and_floor()
    lost, stay = given_up(floor, "lost")
    lost.clear()
    lost.find({}, [seen((0.9, 0.6))], floor, at_s=11.0)
    lost.expire(99.0, floor)
    assert not floor.present
    assert floor.gaps(stay).gone == 0.0
