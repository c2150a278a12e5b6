"""Where people stand, seen or inferred."""

import numpy as np

from detector.runtime.detections import Detections
from edge.ground import bottom_cut, bottom_hidden, ground_points, remember
from edge.settings import CameraSettings
from edge.tracking import Tracker

SIZE = (1000, 800)
NOTHING = np.full((1, 2), np.nan)
BOX = np.array([[400.0, 200.0, 480.0, 420.0]])


def test_a_whole_box_stands_on_its_bottom_middle():
    """Nothing is inferred where nothing is hidden, whatever is known."""
    known = np.array([[300.0, 200.0]])
    np.testing.assert_allclose(ground_points(BOX, known, np.array([False]), SIZE), [[0.44, 0.525]])


def test_hidden_feet_are_inferred_from_the_own_height():
    """A box that lost its feet behind somebody stands where the known height ends."""
    known = np.array([[300.0, 205.0]])
    np.testing.assert_allclose(ground_points(BOX, known, np.array([True]), SIZE), [[0.44, 0.625]])


def test_without_evidence_nothing_is_inferred():
    """Nothing known, a box as high as known, or a person who walked far: the plain bottom middle."""
    for known in (NOTHING, np.array([[225.0, 200.0]]), np.array([[300.0, 20.0]])):
        np.testing.assert_allclose(ground_points(BOX, known, np.array([True]), SIZE), [[0.44, 0.525]])


def test_ground_points_stay_inside_the_picture():
    """A person cut by the lower border stands just inside it, so a lane that ends there holds the person."""
    box = np.array([[-30.0, 500.0, 20.0, 830.0]])
    point = ground_points(box, np.array([[400.0, 480.0]]), bottom_cut(box, SIZE), SIZE)
    assert ((point > 0) & (point < 1)).all()
    assert point[0, 1] > 0.999


def test_hidden_is_whose_feet_are_behind_somebody_lower():
    """The one behind is hidden by the one in front, not the other way round; neighbours hide nobody."""
    boxes = np.array([[400, 200, 480, 420], [410, 260, 500, 520], [600, 250, 680, 530]], float)
    assert bottom_hidden(boxes).tolist() == [True, False, False]
    assert bottom_hidden(boxes[:1]).tolist() == [False]


def test_only_whole_boxes_are_remembered():
    """The memory follows whole boxes and keeps still for cut ones."""
    assert remember(NOTHING, BOX, np.array([True]), 0.2).tolist() == [[220.0, 200.0]]
    assert np.isnan(remember(NOTHING, BOX, np.array([False]), 0.2)).all()
    after = remember(np.array([[300.0, 200.0]]), BOX, np.array([True]), 1.0)
    assert 220 < after[0, 0] < 300


def test_a_person_behind_another_keeps_the_own_place():
    """Seen whole, then from the waist up behind somebody who steps in front: the ground point stays."""
    camera = CameraSettings("c", "c", "test://", "test://")
    tracker = Tracker(camera, run="r")
    whole, cut = [400, 200, 480, 420], [400, 200, 480, 320]
    front = [395, 300, 495, 560]
    for k in range(10):
        first = tracker.update(Detections(k / 5, SIZE, np.array([whole], np.float32), np.array([0.9], np.float32)))
    for k in range(10, 25):
        boxes = np.array([cut, front], np.float32)
        tracks = tracker.update(Detections(k / 5, SIZE, boxes, np.array([0.8, 0.9], np.float32)))
    assert abs(tracks.ground[tracks.track_ids == 1][0, 1] - first.ground[0, 1]) < 0.02
    assert tracks.boxes[tracks.track_ids == 1][0, 3] < 330
