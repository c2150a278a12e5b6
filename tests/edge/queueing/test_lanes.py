"""Geometry of lanes against closed forms."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.queueing.lanes import border_crossing, crossing, lane_shape, service_line, signed_distance, zone
from tests.edge.queueing.scene import AREA, lane

SQUARE = np.array([[0.0, 0.0], [2.0, 0.0], [2.0, 2.0], [0.0, 2.0]])
HOOK = np.array([[0.0, 0.0], [3.0, 0.0], [3.0, 1.0], [1.0, 1.0], [1.0, 3.0], [0.0, 3.0]])
coordinate = st.floats(-5.0, 5.0)


@pytest.mark.parametrize(
    ("point", "distance"),
    [((1.0, 1.0), 1.0), ((0.5, 1.0), 0.5), ((3.0, 1.0), -1.0), ((3.0, 3.0), -(2.0**0.5)), ((2.0, 1.0), 0.0)],
)
def test_distance_from_a_square(point: tuple[float, float], distance: float) -> None:
    """Inside is positive, outside negative, corners count by the straight line."""
    assert signed_distance(np.array([point]), SQUARE)[0] == pytest.approx(distance)


def test_the_notch_of_a_hook_is_outside() -> None:
    """A polygon that is not convex keeps its notch out."""
    assert signed_distance(np.array([[2.0, 2.0], [0.5, 2.0], [2.0, 0.5]]), HOOK).tolist() == [-1.0, 0.5, 0.5]


@settings(deadline=None, max_examples=50)
@given(coordinate, coordinate, st.booleans())
def test_drawing_direction_and_mirroring_change_nothing(x: float, y: float, turned: bool) -> None:
    """Clockwise or not, and seen in a mirror, a place is as far from the border as before."""
    polygon = HOOK[::-1] if turned else HOOK
    here = signed_distance(np.array([[x, y]]), HOOK)[0]
    assert signed_distance(np.array([[x, y]]), polygon)[0] == pytest.approx(here)
    mirrored = signed_distance(np.array([[-x, y]]), polygon * (-1.0, 1.0))[0]
    assert abs(mirrored) == pytest.approx(abs(here))
    if abs(here) > 1e-9:
        assert mirrored == pytest.approx(here)


@settings(deadline=None, max_examples=50)
@given(st.floats(0.0, 1.0), st.floats(-3.0, 3.0))
def test_a_step_over_a_segment_is_met_where_it_is(share: float, across: float) -> None:
    """The fraction of the step at which it meets a segment is the one it was made with."""
    at = crossing((across, -share), (across, 1.0 - share), (-4.0, 0.0), (4.0, 0.0))
    assert at == pytest.approx(share, abs=1e-9)


def test_steps_beside_a_segment_or_along_it_do_not_meet_it() -> None:
    """Beside its ends, parallel to it, and standing still: no crossing."""
    assert crossing((5.0, -1.0), (5.0, 1.0), (-4.0, 0.0), (4.0, 0.0)) is None
    assert crossing((0.0, 0.0), (1.0, 0.0), (-4.0, 0.0), (4.0, 0.0)) is None
    assert crossing((0.0, 0.0), (0.0, 0.0), (-4.0, 0.0), (4.0, 0.0)) is None


def test_the_last_meeting_with_the_border_counts() -> None:
    """A step through a whole lane leaves it at the far side."""
    border = tuple((float(x), float(y)) for x, y in SQUARE)
    assert border_crossing((-1.0, 1.0), (3.0, 1.0), border) == pytest.approx(0.75)


def test_depth_of_a_zone() -> None:
    """A zone knows how deep it is: half the width of a square."""
    unit = zone(((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)), 1.0)
    assert unit.depth == pytest.approx(0.5, abs=0.03)


@pytest.mark.parametrize("ends", [((0.25, 0.30), (0.75, 0.30)), ((0.75, 0.30), (0.25, 0.30))])
def test_the_lane_is_on_the_positive_side_of_its_service_line(ends: tuple[tuple[float, float], ...]) -> None:
    """However the line is drawn, the lane's own people are on the positive side."""
    line = service_line(ends, zone(AREA, 16 / 9), 16 / 9)
    assert line is not None
    assert line.side((0.9, 0.6)) == pytest.approx(0.3)
    assert line.side((0.9, 0.2)) == pytest.approx(-0.1)


def test_a_line_without_length_is_none() -> None:
    """Two equal points make no line."""
    assert service_line(((0.5, 0.5), (0.5, 0.5)), zone(AREA, 1.0), 1.0) is None


def test_order_is_by_distance_from_service() -> None:
    """Distance to the service line, else to the service area, else to the next lane, else unknown."""
    by_line = lane_shape(lane(), None, 1.0)
    assert by_line.distance_to_service((0.5, 0.5)) == pytest.approx(0.2)
    by_area = lane_shape(lane(service_line=None, service_area=AREA), None, 1.0)
    assert by_area.distance_to_service((0.5, 0.2)) == pytest.approx(0.1)
    farther = lane_shape(lane(service_line=None), lane(), 1.0)
    assert farther.distance_to_service((0.5, 0.2)) == pytest.approx(0.1)
    assert lane_shape(lane(service_line=None), None, 1.0).distance_to_service((0.5, 0.2)) is None
