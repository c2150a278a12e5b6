import numpy as np
import pytest

from detector.scenes.body import load_bodies, skinned
from detector.scenes.boxes import boxed, mask_box
from detector.scenes.camera import Camera
from detector.scenes.poses import PAYING, STANDING, Pose, arc, blended, rotations, walking
from detector.scenes.render import Figure, Renderer, stand
from detector.scenes.room import canteen
from detector.scenes.wardrobe import random_style

CAMERA = Camera(width_px=640, height_px=360)


@pytest.fixture(scope="module")
def bodies():
    return load_bodies()


@pytest.fixture(scope="module")
def renderer():
    return Renderer(CAMERA, canteen([]))


def figure(body, pose, x_m, y_m):
    return Figure(body, pose, random_style(np.random.default_rng(1)), x_m, y_m, -1.2)


@pytest.mark.slow
def test_boxes_are_the_masks_extents(bodies, renderer):
    """A figure that nothing hides has the box of its pixels, within a pixel, in every pose."""
    for k, pose in enumerate((*STANDING, PAYING, walking(1.0, 1.0), walking(4.0, 0.5))):
        drawn = renderer.draw([figure(bodies[k], pose, 0.4 * k - 1.2, 5.0)])
        (boxes,) = boxed(drawn)
        assert np.abs(np.subtract(boxes.whole, boxes.seen)).max() <= 1.0


def test_the_nearer_one_hides(bodies, renderer):
    """Of two figures in one direction the farther keeps its whole box and loses pixels, the nearer loses none."""
    near, far = figure(bodies[0], STANDING[0], 0.0, 4.0), figure(bodies[1], STANDING[0], 0.05, 7.0)
    alone = [boxed(renderer.draw([f]))[0] for f in (near, far)]
    together = boxed(renderer.draw([far, near]))
    assert together[1].seen_px == alone[0].seen_px
    assert together[0].seen_px < 0.6 * alone[1].seen_px
    assert together[0].whole == pytest.approx(alone[1].whole)


def test_drawing_repeats(bodies, renderer):
    """The same figures give the same picture."""
    figures = [figure(bodies[k], STANDING[k], k - 1.0, 5.0) for k in range(3)]
    first, second = renderer.draw(figures), renderer.draw(figures)
    assert (first.image == second.image).all()
    assert (first.marks == second.marks).all()


def test_feet_stand_at_the_place(bodies):
    """A standing figure's soles are on the floor around its place and its head is upright above."""
    for body in bodies:
        points, _ = stand(figure(body, STANDING[0], 1.0, 6.0))
        assert points[:, 2].min() == pytest.approx(0.0, abs=1e-9)
        assert np.hypot(*(points[points[:, 2] < 0.1, :2].mean(0) - [1.0, 6.0])) < 0.15
        assert 1.45 < points[:, 2].max() < 2.05


def test_rest_pose_is_untouched(bodies):
    """Without rotations skinning gives the rest pose back."""
    points, _ = skinned(bodies[0], {})
    rest = bodies[0].vertices - [0, 0, bodies[0].vertices[:, 2].min()]
    assert points == pytest.approx(rest, abs=1e-9)


def test_turns_are_rotations(bodies):
    """Every bone's turn is orthogonal, so that no limb shrinks."""
    for turn in rotations(bodies[3], blended(Pose(), walking(2.0, 1.0), 0.5)).values():
        assert turn @ turn.T == pytest.approx(np.eye(3), abs=1e-9)
    assert arc(np.array([1.0, 0, 0]), np.array([0, 2.0, 0])) @ [1, 0, 0] == pytest.approx([0, 1, 0])


def test_mask_box():
    """The box of a mask ends one past its last pixel, and an empty mask has none."""
    mask = np.zeros((8, 9), bool)
    mask[2:4, 3:7] = True
    assert mask_box(mask) == (3, 2, 7, 4)
    assert mask_box(np.zeros((3, 3), bool)) is None
