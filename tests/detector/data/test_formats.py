"""A user's own data: CrowdHuman, YOLO, MOT, parts of a folder; every fault with its place, all at once."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from detector.data.people_json import write_people_json
from detector.data.pictures import DataError, Picture
from detector.data.readers import read_labels, read_parts


def picture(path: Path, size: tuple[int, int] = (100, 80)) -> Path:
    """A grey picture of (width, height)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.full((size[1], size[0], 3), 90, np.uint8))
    return path


def odgt(folder: Path, *rows: object) -> Path:
    """An .odgt file with its pictures."""
    picture(folder / "Images" / "a,1.jpg")
    path = folder / "annotation_train.odgt"
    path.write_text("\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows), encoding="utf-8")
    return path


def yolo(folder: Path, labels: dict[str, str], part: str = "") -> Path:
    """A folder with images/ and labels/."""
    for name, text in labels.items():
        picture(folder / "images" / part / f"{name}.jpg")
        label = folder / "labels" / part / f"{name}.txt"
        label.parent.mkdir(parents=True, exist_ok=True)
        label.write_text(text, encoding="utf-8")
    return folder


def mot(folder: Path, text: str, frames: int = 3) -> Path:
    """A sequence."""
    for number in range(1, frames + 1):
        picture(folder / "img1" / f"{number:06d}.jpg")
    (folder / "gt").mkdir(parents=True)
    (folder / "gt" / "gt.txt").write_text(text, encoding="utf-8")
    return folder


def test_crowdhuman(tmp_path: Path) -> None:
    """The visible box and the head are the person's; masks and ignored ones are ignore boxes."""
    boxes = [
        {"tag": "person", "vbox": [10, 20, 30, 40], "fbox": [0, 0, 99, 99], "hbox": [12, 20, 5, 6], "extra": {}},
        {"tag": "mask", "vbox": [1, 2, 3, 4], "fbox": [1, 2, 3, 4], "hbox": [1, 2, 1, 1], "extra": {"ignore": 1}},
        {"tag": "person", "vbox": [5, 5, 9, 9], "hbox": [5, 5, 2, 2], "head_attr": {"ignore": 1}},
    ]
    (read,) = read_labels(odgt(tmp_path, {"ID": "a,1", "gtboxes": boxes}))
    assert read.people.boxes.tolist() == [[10, 20, 40, 60], [1, 2, 4, 6], [5, 5, 14, 14]]
    assert read.people.weights.tolist() == [1, 0, 1]
    assert read.people.head_weights.tolist() == [1, 0, 0]
    assert read.people.heads[0].tolist() == [12, 20, 17, 26]
    assert (read.size_px, read.file) == ((100, 80), "Images/a,1.jpg")


def test_yolo(tmp_path: Path) -> None:
    """Shares become pixels, a polygon its bounding box; other classes and unlabelled pictures have nobody."""
    lines = "0 0.5 0.5 0.2 0.5\n3 0.5 0.5 0.2 0.2\n0 0.1 0.1 0.3 0.1 0.3 0.4\n"
    picture(yolo(tmp_path, {"a": lines}) / "images" / "b.jpg")
    first, second = read_labels(tmp_path)
    np.testing.assert_allclose(first.people.boxes, [[40, 20, 60, 60], [10, 8, 30, 32]], atol=1e-4)
    assert len(second.people.boxes) == 0


def test_yolo_data_yaml(tmp_path: Path) -> None:
    """The class called person counts, train and val are parts of their own."""
    yolo(tmp_path, {"a": "1 0.5 0.5 0.2 0.5\n0 0.5 0.5 0.1 0.1"}, "train")
    yolo(tmp_path, {"b": "0 0.5 0.5 0.2 0.5"}, "val")
    (tmp_path / "data.yaml").write_text("train: images/train\nval: images/val\nnames: {0: dog, 1: Person}\n")
    for data in (tmp_path, tmp_path / "data.yaml"):
        train, val = read_parts(data)
        assert [len(p.people.boxes) for p in train + val] == [1, 0]
    (tmp_path / "data.yaml").write_text("train: images/train\nnames: [dog, cat]\n")
    with pytest.raises(DataError, match=r"data\.yaml: no class is called person, there are: dog, cat"):
        read_parts(tmp_path)


def test_mot(tmp_path: Path) -> None:
    """Pixels count from 1; statues, flag 0 and the nearly invisible are ignore boxes, cars are nothing."""
    lines = ["1,1,11,21,30,40,1,1,0.9", "1,2,1,1,5,5,1,7,1", "1,3,1,1,5,5,0,1,1", "1,4,1,1,5,5,1,1,0.1"]
    lines += ["1,5,1,1,5,5,1,3,1", "3,1,11,21,30,40,1,1,0.9"]
    read = read_labels(mot(tmp_path / "MOT17-02", "\n".join(lines)))
    assert [len(p.people.boxes) for p in read] == [4, 0, 1]
    assert read[0].people.boxes[0].tolist() == [10, 20, 40, 60]
    assert read[0].people.weights.tolist() == [1, 0, 0, 0]
    assert [p.people.weights.tolist() for p in read_labels(tmp_path)] == [p.people.weights.tolist() for p in read]


@pytest.mark.parametrize(
    ("make", "messages"),
    [
        (
            lambda d: odgt(d, "{", {"ID": "b", "gtboxes": []}),
            ["2 faults", "line 1: should be", r"line 2 \(b\): no pic"],
        ),
        (
            lambda d: odgt(d, {"ID": "a,1", "gtboxes": [{"tag": "person", "vbox": [1, 2, 0, 4]}]}),
            [r"annotation_train\.odgt: line 1 \(a,1\): gtboxes\[0\]\.vbox: width and height must be above 0"],
        ),
        (
            lambda d: yolo(d, {"a": "0 50 50 20 20\n0 0.5 x 1 1\n0 0.5 0.5 0.2", "b": "0 0.5 0.5 0 0.1"}),
            [
                "4 faults",
                "a.txt line 1: .*pixels",
                "a.txt line 2: should be numbers",
                "a.txt line 3",
                "b.txt line 1: w",
            ],
        ),
        (
            lambda d: mot(d / "s", "1,1,1,1,5,5\n9,2,1,1,5,5\n1,3,1,1,0,5\nx,1"),
            ["3 faults", r"line 2 \(frame 9, track 2\): there is no picture", r"line 3 .*above 0", "line 4: .*numbers"],
        ),
        (lambda d: mot(d / "s", "1,1,1,1,5,5", frames=0), [r"img1: holds no frames named by number"]),
        (lambda d: d, ["holds no labels; name a people json"]),
        (lambda d: picture(d / "a.jpg"), ["is of no format that is known here"]),
    ],
)
def test_every_fault_is_told_with_its_place(tmp_path: Path, make: object, messages: list[str]) -> None:
    """File, line or picture, box, what came: all faults of a file in one message."""
    path = make(tmp_path)  # type: ignore[operator]
    for message in messages:
        with pytest.raises(DataError, match=message):
            read_labels(path)


def test_boxes_of_many_pictures_are_told_together(tmp_path: Path) -> None:
    """A people json: picture and box of each, also of a box outside its picture; the list is cut after twenty."""
    rows = [
        {"file": f"{k}.png", "width": 9, "height": 9, "people": [{"bbox": [20, 0, 5, 5]}, {"bbox": [0, 0, 1, -1]}]}
        for k in range(15)
    ]
    (tmp_path / "a.json").write_text(json.dumps({"images": rows}))
    with pytest.raises(DataError, match=r"30 faults(.|\n)*\(1\.png\): people\[0\]\.bbox: lies outside .*9x9") as caught:
        read_labels(tmp_path / "a.json")
    assert "... and 10 more" in str(caught.value)


def test_a_single_file_gives_its_last_tenth_to_validation(tmp_path: Path) -> None:
    """In one piece: neighbouring frames are nearly the same picture; a folder that says nothing is refused."""
    read = mot(tmp_path / "data" / "s", "\n".join(f"{k},1,1,1,5,5" for k in range(1, 21)), frames=20)
    train, val = read_parts(read)
    assert [len(train), [p.path.stem for p in val]] == [18, ["000019", "000020"]]
    with pytest.raises(DataError, match=r"train\.json: cannot be read; a data folder has one of"):
        read_parts(tmp_path)


def test_a_written_people_json_reads_the_same(drawn: Path, tmp_path: Path) -> None:
    """Written elsewhere, it still finds its pictures; boxes, ignore boxes and heads are as they were."""
    pictures = read_labels(drawn / "train.json")
    write_people_json(tmp_path / "out.json", pictures)
    for old, new in zip(pictures, read_labels(tmp_path / "out.json"), strict=True):
        assert isinstance(new, Picture)
        assert new.path.samefile(old.path)
        assert (new.file, new.size_px, new.source) == (old.file, old.size_px, old.source)
        for name in ("boxes", "weights", "heads", "head_weights"):
            np.testing.assert_allclose(getattr(new.people, name), getattr(old.people, name), atol=0.01)
