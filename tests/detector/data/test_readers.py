"""Reading labels: what is right, and every fault in words."""

import json
from pathlib import Path
from typing import Any

import pytest

from detector.data.pictures import DataError
from detector.data.readers import read_labels

GOOD: dict[str, Any] = {"file": "a.png", "width": 100, "height": 80, "people": []}


def write(folder: Path, content: Any) -> Path:
    """A json file."""
    path = folder / "labels.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def test_people_json(tmp_path: Path) -> None:
    """Boxes become corners, ignore boxes weigh nothing, a teacher's head half, a missing head nothing."""
    people = [
        {"bbox": [10, 20, 30, 40], "ignore": 0, "head_bbox": [12, 20, 5, 6], "head_by": "teacher"},
        {"bbox": [1, 2, 3, 4], "ignore": 1, "head_bbox": None, "head_by": None},
    ]
    (picture,) = read_labels(write(tmp_path, {"images": [{**GOOD, "source": "street", "people": people}]}))
    assert picture.people.boxes.tolist() == [[10, 20, 40, 60], [1, 2, 4, 6]]
    assert picture.people.weights.tolist() == [1, 0]
    assert picture.people.heads[0].tolist() == [12, 20, 17, 26]
    assert picture.people.head_weights.tolist() == [0.5, 0]
    assert (picture.source, picture.path, picture.size_px) == ("street", tmp_path / "a.png", (100, 80))


def test_coco_json(tmp_path: Path) -> None:
    """Only persons are read; a crowd is an ignore box; pictures in images/ are found."""
    content = {
        "images": [{"id": 7, "file_name": "a.png", "width": 100, "height": 80}],
        "categories": [{"id": 1, "name": "person"}, {"id": 2, "name": "dog"}],
        "annotations": [
            {"id": 1, "image_id": 7, "category_id": 1, "bbox": [0, 0, 10, 10], "iscrowd": 0},
            {"id": 2, "image_id": 7, "category_id": 2, "bbox": [0, 0, 10, 10]},
            {"id": 3, "image_id": 7, "category_id": 1, "bbox": [5, 5, 50, 50], "iscrowd": 1},
        ],
    }
    (picture,) = read_labels(write(tmp_path, content))
    assert picture.people.weights.tolist() == [1, 0]
    assert picture.path == tmp_path / "images" / "a.png"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "is not JSON"),
        ([], "no list called images"),
        ({"images": [{"file": "a.png"}]}, r"images\[0\].*lacks 'width'"),
        ({"images": [{**GOOD, "people": [{}]}]}, r"images\[0\].*lacks 'bbox'"),
        ({"images": [{**GOOD, "people": [{"bbox": [1, 2, 3]}]}]}, r"a\.png.*people\[0\]\.bbox.*\[1, 2, 3\]"),
        ({"images": [{**GOOD, "people": [{"bbox": [1, 2, 0, 4]}]}]}, "width and height must be above 0"),
        ({"images": [], "annotations": [], "categories": [{"id": 1, "name": "dog"}]}, "person, there are: dog"),
    ],
)
def test_faults_are_told_with_their_place(tmp_path: Path, content: Any, message: str) -> None:
    """File, picture and box, what came and what is wanted."""
    with pytest.raises(DataError, match=message) as caught:
        read_labels(write(tmp_path, content))
    assert "labels.json" in str(caught.value)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    """The message says what kind of file is wanted."""
    with pytest.raises(DataError, match=r"none\.json.*people json or a COCO json"):
        read_labels(tmp_path / "none.json")
