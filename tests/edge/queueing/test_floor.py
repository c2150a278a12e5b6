"""What all cameras share."""

from edge.queueing.floor import Floor
from edge.queueing.visits import VisitBook
from tests.edge.queueing.people import arrive, book_and_floor, path, shape_of
from tests.edge.queueing.scene import lane


def test_a_queues_people_are_found_among_all() -> None:
    """Members and newcomers of that queue, on whatever camera, and nobody of another queue."""
    floor = Floor([VisitBook("q1"), VisitBook("q2")])
    mine = [arrive(floor, path(key=(c, "r", 1)), joined_s=joined) for c, joined in (("c1", 0.0), ("c2", None))]
    arrive(floor, path(key=("c1", "r", 2))).queue = 1
    assert floor.in_queue(0) == mine
    assert len(floor.in_queue(1)) == 1


def test_each_lane_learns_for_itself() -> None:
    """What one lane learns no other lane knows, and it is known for good."""
    _, floor = book_and_floor()
    floor.learned(0, 0).inside.went()
    assert floor.learned(0, 0).inside.gone == 1.0
    assert floor.learned(0, 1).inside.gone == floor.learned(1, 0).inside.gone == 0.0


def test_the_exit_is_a_place_of_its_own() -> None:
    """Those hidden at the service line are known apart from those hidden in the line."""
    _, floor = book_and_floor()
    stay = arrive(floor, path())
    floor.gaps(stay).went()
    stay.at_exit = True
    assert floor.gaps(stay).gone == 0.0
    assert floor.learned(0, 0).inside.gone == 1.0


def test_the_first_of_a_line_is_the_nearest_member() -> None:
    """Nearest to the service line of those who count in the same lane; newcomers and other lanes don't matter."""
    _, floor = book_and_floor()
    shape = shape_of()
    head = arrive(floor, path((0.9, 0.4), key=("c1", "r", 1)))
    second = arrive(floor, path((0.9, 0.5), key=("c1", "r", 2)))
    arrive(floor, path((0.9, 0.32), key=("c1", "r", 3)), joined_s=None)
    arrive(floor, path((0.9, 0.32), key=("c2", "r", 4)))
    assert floor.is_first(head, shape)
    assert not floor.is_first(second, shape)


def test_nobody_is_first_whom_another_camera_sees_or_without_a_service_point() -> None:
    """Another sight of the same visit knows better; without a service point nobody knows who is first."""
    _, floor = book_and_floor()
    head = arrive(floor, path((0.9, 0.4)))
    assert floor.is_first(head, shape_of())
    assert not floor.is_first(head, shape_of(lane(service_line=None)))
    arrive(floor, path(key=("c2", "r", 1)), joined_s=None).number = head.number
    assert not floor.is_first(head, shape_of())
