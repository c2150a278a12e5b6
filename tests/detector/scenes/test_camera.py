import numpy as np
import pytest

from detector.scenes.camera import Camera


@pytest.mark.parametrize(
    "camera", [Camera(), Camera(yaw_deg=25, pitch_deg=40, x_m=1.5, y_m=-2, height_m=3.4)], ids=["plain", "turned"]
)
def test_floor_to_picture_and_back(camera):
    """A point of the floor goes to the picture and back to itself."""
    floor = np.random.default_rng(0).uniform([-3, 3], [3, 9], (50, 2))
    pixels = camera.project(np.column_stack([floor, np.zeros(50)]))
    assert camera.floor_point(pixels) == pytest.approx(floor, abs=1e-9)


def test_clip_matrix_agrees_with_project():
    """OpenGL's matrix puts a point on the pixel that project says."""
    camera = Camera(yaw_deg=-10)
    point = np.array([0.7, 5.0, 1.2])
    x, y, _, w = camera.clip_matrix() @ np.append(point, 1)
    pixel = (np.array([x, -y]) / w + 1) / 2 * [camera.width_px, camera.height_px]
    assert pixel == pytest.approx(camera.project(point), abs=1e-3)


def test_nothing_behind_the_camera():
    """What is behind the camera has no pixel, and what is above the horizon no floor."""
    assert np.isnan(Camera().project(np.array([0.0, -3.0, 1.0]))).all()
    assert np.isnan(Camera().floor_point(np.array([640.0, 0.0]))).all()
