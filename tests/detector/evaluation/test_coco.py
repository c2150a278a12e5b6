"""Our AP50 beside the library's, and how much of a person is hidden."""

from pathlib import Path

import numpy as np
import pytest

from detector.data.pictures import People, Picture, people_of
from detector.evaluation.ap import average_precision, match
from detector.evaluation.coco import coco_precision
from detector.evaluation.occlusion import hidden_shares
from detector.runtime.detections import Detections


def random_set(rng: np.random.Generator, ignored: float) -> tuple[list[Picture], dict[str, Detections]]:
    """Forty pictures of up to nine people, found with errors and among false boxes."""
    pictures, seen = [], {}
    for index in range(40):
        corners = rng.uniform(0, 300, (int(rng.integers(0, 10)), 2))
        boxes = np.concatenate([corners, corners + rng.uniform(20, 120, corners.shape)], 1).astype(np.float32)
        weights = (rng.random(len(boxes)) >= ignored).astype(np.float32)
        people = People(boxes, weights, np.zeros_like(boxes), np.zeros_like(weights))
        pictures.append(Picture(f"{index}", Path("none"), (480, 480), "all", people))
        near = boxes + rng.normal(0, 6, boxes.shape)
        other = rng.uniform(0, 300, (int(rng.integers(0, 6)), 2))
        false = np.concatenate([other, other + rng.uniform(20, 120, other.shape)], 1)
        found = np.concatenate([near, false]).astype(np.float32)
        scores = rng.random(len(found)).astype(np.float32)  # no ties: ours puts the right one first
        seen[f"{index}"] = Detections(0.0, (480, 480), found, scores)
    return pictures, seen


def ours(pictures: list[Picture], seen: dict[str, Detections]) -> float:
    """AP50 by detector.evaluation.ap."""
    rows = [row for p in pictures for row in match(seen[p.file].boxes, seen[p.file].scores, p.people)[0]]
    return average_precision(rows, sum(int((p.people.weights > 0).sum()) for p in pictures))


@pytest.mark.parametrize(("ignored", "tolerance"), [(0.0, 0.002), (0.3, 0.02)])
def test_our_ap50_is_the_librarys(ignored: float, tolerance: float) -> None:
    """Equal but for ties where nothing is ignored; close where ignore boxes swallow by slightly other rules."""
    for seed in range(5):
        pictures, seen = random_set(np.random.default_rng(seed), ignored)
        result = coco_precision(pictures, seen)
        assert result is not None
        assert result[1] == pytest.approx(ours(pictures, seen), abs=tolerance)
        assert 0 < result[0] < result[1]


def test_nothing_found_and_nobody_there() -> None:
    """No detection: 0; no person: NaN."""
    person = people_of([([0.0, 0.0, 10.0, 20.0], 1.0, None, 0.0)])
    pictures = [Picture("a", Path("a"), (50, 50), "all", person)]
    assert coco_precision(pictures, {}) == (0.0, 0.0)
    assert np.isnan(
        coco_precision([Picture("a", Path("a"), (50, 50), "all", person.take(np.array([False])))], {})
    ).all()


def test_who_stands_lower_hides() -> None:
    """Half covered by a nearer person, not by a farther one; two that cover the same count once."""
    boxes = np.array([[0, 0, 20, 40], [10, 0, 30, 50], [10, 0, 30, 60], [200, 0, 220, 90]], np.float32)
    np.testing.assert_allclose(hidden_shares(boxes), [0.5, 1.0, 0.0, 0.0], atol=0.07)
    assert len(hidden_shares(np.zeros((0, 4), np.float32))) == 0
