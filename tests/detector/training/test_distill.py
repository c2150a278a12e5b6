"""What a teacher sees beyond the labels."""

import json
from pathlib import Path

import numpy as np
import pytest

from detector.data.pictures import DataError, People, Picture
from detector.training.distill import add_teacher, read_teacher


def picture() -> Picture:
    """One labelled person."""
    people = People(
        np.array([[10, 10, 30, 60]], np.float32),
        np.ones(1, np.float32),
        np.zeros((1, 4), np.float32),
        np.zeros(1, np.float32),
    )
    return Picture("a.png", Path("a.png"), (100, 80), "drawn", people)


def test_only_unlabelled_people_are_added() -> None:
    """A sure one becomes a soft label, an unsure one an ignore box, a double of a label and a weak one nothing."""
    boxes = np.array([[11, 11, 31, 61], [50, 10, 70, 60], [75, 10, 95, 60], [0, 60, 9, 79]], np.float32)
    seen = add_teacher(picture(), boxes, np.array([0.9, 0.6, 0.3, 0.1], np.float32), sure=0.45, maybe=0.25)
    assert seen.people.boxes[1:].tolist() == boxes[1:3].tolist()
    np.testing.assert_allclose(seen.people.weights, [1.0, 0.6, 0.0])
    assert (seen.people.head_weights == 0).all()


def test_a_file_of_something_else_is_told(tmp_path: Path) -> None:
    """The message names the file and how to make a right one."""
    path = tmp_path / "t.json"
    path.write_text(json.dumps({"a.png": {"scores": [1]}}), encoding="utf-8")
    with pytest.raises(DataError, match=r"t\.json.*--detections-out"):
        read_teacher(path)
