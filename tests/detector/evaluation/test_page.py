"""The page of an evaluation."""

from pathlib import Path

import numpy as np

from detector.data.readers import read_labels
from detector.evaluation.evaluate import evaluate
from detector.evaluation.page import draw, write_page
from detector.runtime.detections import Detections
from detector.runtime.fake import FakeDetector


def test_the_worst_pictures_come_first_in_one_file(drawn: Path, tmp_path: Path) -> None:
    """Whoever is missed makes a picture bad; the page needs no other file and tells every figure."""
    pictures = read_labels(drawn / "val.json")
    result = evaluate(FakeDetector({}), pictures, threshold=0.4, progress=False)
    write_page(tmp_path / "new" / "p.html", result, pictures, name="<n>", threshold=0.4, table=["AP50 0.000"])
    text = (tmp_path / "new" / "p.html").read_text(encoding="utf-8")
    most = max(pictures, key=lambda p: len(p.people.boxes))
    assert text.count("<img") == 4
    assert text.index(f"{len(most.people.boxes)} missed, 0 wrong") == min(
        text.index(f"{len(p.people.boxes)} missed") for p in pictures
    )
    assert "&lt;n&gt;" in text
    assert 'src="data:' in text
    assert "http" not in text
    assert result.mr2 == 1.0


def test_colours_tell_found_missed_and_wrong(drawn: Path) -> None:
    """Green where a person was found, red where one was missed, orange where nobody is."""
    picture = next(p for p in read_labels(drawn / "val.json") if len(p.people.boxes) > 1)
    first = picture.people.boxes[0]
    boxes = np.stack([first, np.array([0, 60, 8, 70], np.float32)])
    seen = Detections(0.0, picture.size_px, boxes, np.array([0.9, 0.8], np.float32))
    image = draw(np.zeros((72, 100, 3), np.uint8), picture, seen, 0.4)
    colours = {tuple(c) for c in image.reshape(-1, 3).tolist()}
    assert {(0, 190, 0), (230, 30, 30), (255, 150, 0)} <= colours
