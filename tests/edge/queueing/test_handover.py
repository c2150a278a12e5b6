"""From one camera to the next."""

import pytest

from edge.queueing.floor import Floor
from edge.queueing.handover import exchanged, from_other_camera, out_of_sight, set_aside
from edge.queueing.lanes import zone
from edge.queueing.presence import Presence
from tests.edge.queueing.people import arrive, book_and_floor, path, place_of, shape_of

HOLD_S = place_of().settings.hold_s
BEHIND = zone(((0.25, 0.95), (0.75, 0.95), (0.75, 1.0), (0.25, 1.0)), 1.0)


def gone(floor: Floor, track: int, *, joined_s: float = 0.0, at_s: float = 10.0, lane_at: int = 1) -> Presence:
    """A member whom the camera of the back lane has not seen since."""
    stay = arrive(floor, path(key=("c2", "r", track), at_s=at_s), joined_s=joined_s, lane_at=lane_at)
    stay.hidden = True
    return stay


def test_who_begins_in_the_nearer_lane_is_who_has_just_gone_from_the_farther() -> None:
    """The frontmost of those gone: of one lane the one who joined first; the visit goes on under the new track."""
    book, floor = book_and_floor()
    gone(floor, 2, joined_s=3.0)
    first = gone(floor, 1, joined_s=1.0)
    new = path(at_s=11.0)
    assert from_other_camera(floor, new, place_of()) is first
    assert list(floor.present) == [("c2", "r", 2)]
    assert book.open_visits()[1].track_ids == ("c2/r/1", "c1/r/1")


@pytest.mark.parametrize(("late_s", "found"), [(-0.1, False), (0.0, True), (HOLD_S + 1.0, True), (HOLD_S + 1.1, False)])
def test_who_is_on_the_way_for_too_long_does_not_come_any_more(late_s: float, found: bool) -> None:
    """Within hold_s and a second after the farther camera's last sight, and not before it."""
    _, floor = book_and_floor()
    stay = gone(floor, 1)
    assert from_other_camera(floor, path(at_s=10.0 + late_s), place_of()) is (stay if found else None)


def test_nobody_is_taken_who_is_not_on_the_way() -> None:
    """In sight, on the same camera, in the same lane, in another queue, or seen by another camera: no one of them."""
    _, floor = book_and_floor()
    gone(floor, 1).hidden = False
    gone(floor, 2, lane_at=0)
    gone(floor, 3).queue = 1
    other = gone(floor, 4)
    arrive(floor, path(key=("c3", "r", 1)), joined_s=None).number = other.number
    same = arrive(floor, path(key=("c1", "r", 5), at_s=10.0), lane_at=1)
    same.hidden = True
    before = dict(floor.present)
    assert from_other_camera(floor, path(at_s=10.5), place_of()) is None
    assert floor.present == before


def test_who_stepped_out_is_on_the_way_though_in_sight() -> None:
    """Over the border of the farther lane, still seen there: taken over, also by the camera that borrowed the lane."""
    _, floor = book_and_floor()
    stay = gone(floor, 1)
    stay.hidden, stay.out_since_s = False, 9.5
    assert from_other_camera(floor, path(at_s=10.0), place_of()) is stay
    lent = gone(floor, 2, lane_at=0)
    lent.borrowed = True
    assert from_other_camera(floor, path(at_s=10.0), place_of()) is lent


def test_over_the_seam_only_tracks_go_back() -> None:
    """A member's track in the next lane behind, or off a borrowed lane, has left without the person."""
    _, floor = book_and_floor()
    stay = arrive(floor, path((0.5, 0.97)))
    assert out_of_sight(stay, BEHIND)
    assert not out_of_sight(stay, None)
    stay.path.point = (0.5, 0.5)
    assert not out_of_sight(stay, BEHIND)
    stay.borrowed = True
    assert out_of_sight(stay, None)
    stay.number = None
    assert not out_of_sight(stay, None), "not counted yet: no visit to be kept"


def test_who_is_set_aside_stands_hidden_at_the_last_place_inside() -> None:
    """A path of its own at the last place in the lane; the track that went on is nobody's."""
    _, floor = book_and_floor()
    stay = arrive(floor, path((0.9, 0.6)))
    stay.in_s, stay.in_point, stay.out_since_s = 4.0, (0.9, 0.9), 5.0
    stay.path.seen_s, stay.path.point = 6.0, (0.9, 1.2)
    kept = set_aside(floor, stay, ("c1", "r", -1), [shape_of().area])
    assert kept is stay.path
    assert (kept.seen_s, kept.point, kept.velocity()) == (4.0, (0.9, 0.9), (0.0, 0.0))
    assert kept.distance == [pytest.approx(0.05)]
    assert (stay.hidden, stay.out_since_s) == (True, None)
    assert list(floor.present) == [("c1", "r", -1)]


def test_nobody_is_set_aside_whom_another_camera_sees() -> None:
    """The other sight goes on with the visit; this one has ended."""
    _, floor = book_and_floor()
    stay = arrive(floor, path())
    other = arrive(floor, path(key=("c2", "r", 1)), joined_s=None)
    other.number = stay.number
    assert set_aside(floor, stay, ("c1", "r", -1), []) is None
    assert list(floor.present.values()) == [other]


def walked_out(floor: Floor) -> Presence:
    """A member last inside at 10 s, whose track has gone over the side."""
    stay = arrive(floor, path((0.9, 0.6)), joined_s=2.0)
    stay.in_s, stay.in_point, stay.out_since_s = 10.0, (0.9, 0.6), 10.2
    return stay


@pytest.mark.parametrize(
    ("at_s", "x", "found"),
    [(10.4, 0.92, True), (9.5, 0.92, True), (8.5, 0.92, False), (11.5, 0.92, False), (10.4, 0.7, False)],
    ids=["just then", "a moment before", "before", "later", "elsewhere"],
)
def test_a_track_that_walks_out_with_somebody_else_leaves_the_visit_behind(at_s: float, x: float, found: bool) -> None:
    """A newcomer who appears in the lane at the place and moment is the member: the visit goes on, nobody left."""
    book, floor = book_and_floor()
    walked_out(floor)
    new = arrive(floor, path((x, 0.6), key=("c1", "r", 7), at_s=at_s), joined_s=None)
    new.entered_s = at_s
    assert exchanged(floor, floor.present["c1", "r", 1]) is found
    if found:
        assert list(floor.present.values()) == [new]
        assert (new.number, new.entered_s) == (1, 2.0)
        assert book.open_visits()[0].track_ids == ("c1/r/1", "c1/r/7")
    else:
        assert new.number is None
        assert len(floor.present) == 2


def test_who_came_in_or_counts_already_is_nobody_else() -> None:
    """One who walked into the lane, a member, or somebody of another lane or camera is not the member who left."""
    _, floor = book_and_floor()
    stay = walked_out(floor)
    came_in = arrive(floor, path((0.9, 0.6), key=("c1", "r", 7), at_s=10.0), joined_s=None)
    came_in.entered_s = 10.4
    arrive(floor, path((0.9, 0.6), key=("c1", "r", 8), at_s=10.4), joined_s=10.4)
    other = arrive(floor, path((0.9, 0.6), key=("c2", "r", 9), at_s=10.4), joined_s=None)
    other.entered_s = 10.4
    assert not exchanged(floor, stay)
    assert len(floor.present) == 4
