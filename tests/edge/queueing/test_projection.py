"""From picture to floor and into another picture, against simulated cameras."""

import math

import numpy as np
import pytest

from detector.scenes.camera import Camera
from edge.queueing.paths import Path
from edge.queueing.projection import apart_m, homography, on_floor, seen_from
from edge.vocabulary import Point, Polygon

NEAR, FAR = Camera(), Camera(x_m=3.4, y_m=6.4, yaw_deg=28.0)
AREA_M = ((-0.5, 8.0), (0.5, 8.0), (0.5, 11.0), (-0.5, 11.0))


def picture(camera: Camera, floor: tuple[Point, ...]) -> Polygon:
    """Floor points in metres as fractions of the camera's picture."""
    pixels = camera.project(np.array([(x, y, 0.0) for x, y in floor]))
    return tuple((float(x / camera.width_px), float(y / camera.height_px)) for x, y in pixels)


def marks(camera: Camera) -> np.ndarray:
    """(3, 3): the camera's homography from four marks in front of it."""
    turn = math.radians(camera.yaw_deg)
    right, ahead = np.array([math.cos(turn), math.sin(turn)]), np.array([-math.sin(turn), math.cos(turn)])
    floor = [np.array([camera.x_m, camera.y_m]) + x * right + y * ahead for x, y in ((-2, 4), (2, 4), (2, 9), (-2, 9))]
    points = tuple((float(x), float(y)) for x, y in floor)
    return homography(picture(camera, points), points)


def path(camera: str, point: Point) -> Path:
    """Somebody who stands there, fractions of the picture."""
    return Path((camera, "r", 1), 0.0, point, height=0.2, distance=[0.0])


@pytest.mark.parametrize("camera", [NEAR, FAR])
def test_four_marks_give_the_whole_floor(camera: Camera) -> None:
    """Any other point of the floor that a simulated camera sees is found to a centimetre."""
    grounds = {"c": marks(camera)}
    for spot in ((0.3, 9.0), (-0.8, 11.5), (0.0, 13.0)):
        [at] = picture(camera, (spot,))
        found = on_floor(path("c", at), grounds)
        assert found is not None
        assert math.dist(found, spot) < 0.01


def test_marks_that_determine_nothing_are_refused() -> None:
    """Four marks on one line in the picture: LinAlgError."""
    with pytest.raises(np.linalg.LinAlgError):
        homography(((0.1, 0.5), (0.2, 0.5), (0.3, 0.5), (0.4, 0.5)), ((0, 0), (1, 0), (1, 1), (0, 1)))


def test_distances_are_metres_between_any_two_cameras() -> None:
    """One person as two cameras see it is nobody's neighbour: 0 m; two people 1.5 m apart are that."""
    grounds = {"near": marks(NEAR), "far": marks(FAR)}
    a, b = path("near", picture(NEAR, ((0.0, 9.0),))[0]), path("far", picture(FAR, ((0.0, 9.0),))[0])
    c = path("far", picture(FAR, ((0.0, 10.5),))[0])
    assert apart_m(a, b, grounds) == pytest.approx(0.0, abs=0.01)
    assert apart_m(a, c, grounds) == pytest.approx(1.5, abs=0.01)


def test_without_marks_no_distance_is_known() -> None:
    """A camera without floor marks, or a foot at its horizon: None."""
    level = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, -2.0, 1.0]])  # horizon at y = 0.5
    assert apart_m(path("a", (0.5, 0.9)), path("b", (0.5, 0.9)), {"a": marks(NEAR)}) is None
    assert on_floor(path("a", (0.3, 0.5)), {"a": level}) is None


def test_a_lane_is_found_in_another_cameras_picture() -> None:
    """A lane drawn on one camera lies where the other camera sees the same floor."""
    found = seen_from(picture(FAR, AREA_M), marks(FAR), marks(NEAR))
    assert np.array(found) == pytest.approx(np.array(picture(NEAR, AREA_M)), abs=2e-3)


def test_what_lies_behind_a_camera_is_cut_off() -> None:
    """A lane that runs on behind a camera is cut there, one wholly behind is not there, nor a line half behind."""
    area = ((-0.5, 3.0), (0.5, 3.0), (0.5, 11.0), (-0.5, 11.0))  # FAR stands at y = 6.4
    seen = seen_from(picture(NEAR, area), marks(NEAR), marks(FAR))
    floor = np.array([(*p, 1.0) for p in seen]) @ marks(FAR).T
    metres = floor[:, :2] / floor[:, 2:]
    assert len(seen) >= 3
    assert metres[:, 1].max() == pytest.approx(11.0, abs=0.05)
    assert metres[:, 1].min() > 3.0, "the near end is cut"
    assert np.array(picture(FAR, tuple(map(tuple, metres)))) == pytest.approx(np.array(seen), abs=1e-6), "all in front"
    behind = ((-0.5, 1.5), (0.5, 1.5), (0.5, 3.0), (-0.5, 3.0))
    assert seen_from(picture(NEAR, behind), marks(NEAR), marks(FAR)) == ()
    assert seen_from(picture(NEAR, ((0.0, 3.0), (0.0, 11.0))), marks(NEAR), marks(FAR)) == ()
