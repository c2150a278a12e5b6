"""Average precision with ignore boxes, against a reference with loops and by hand."""

import numpy as np
import pytest

from detector.data.pictures import People, nobody
from detector.evaluation.ap import Scored, average_precision, match


def people(*boxes: tuple[float, float, float, float], ignore: tuple[int, ...] = ()) -> People:
    """People with these boxes; those at the places in `ignore` are ignore boxes."""
    weights = np.array([0.0 if i in ignore else 1.0 for i in range(len(boxes))], np.float32)
    array = np.array(boxes, np.float32).reshape(-1, 4)
    return People(array, weights, np.zeros_like(array), np.zeros(len(boxes), np.float32))


def slow_ap(rows: Scored, count: int) -> float:
    """COCO's definition word by word: for each of 101 recalls the best precision at that recall or beyond."""
    ordered = sorted(rows, reverse=True)
    points = []
    for k in range(1, len(ordered) + 1):
        right = sum(row[1] for row in ordered[:k])
        points.append((right / count, right / k))
    total = 0.0
    for step in range(101):
        total += max((precision for recall, precision in points if recall >= step / 100 - 1e-12), default=0.0)
    return total / 101


@pytest.mark.parametrize("seed", range(5))
def test_equals_the_definition(seed: int) -> None:
    """On random results the area is that of the definition."""
    rng = np.random.default_rng(seed)
    rows = [(float(score), int(rng.random() < score)) for score in rng.random(60)]
    assert average_precision(rows, 53) == pytest.approx(slow_ap(rows, 53), abs=1e-9)


def test_half_of_the_people_found_without_a_fault() -> None:
    """Recall 0.5 at precision 1: 51 of 101 points."""
    assert average_precision([(0.9, 1)], 2) == pytest.approx(51 / 101)


def test_nobody_there_has_no_score() -> None:
    """An empty set is not a number."""
    assert np.isnan(average_precision([(0.5, 0)], 0))


def test_a_second_box_on_a_person_is_wrong() -> None:
    """The better one finds, the other is a fault."""
    boxes = np.array([[0, 0, 10, 10], [0, 0, 10, 9]], np.float32)
    rows, found = match(boxes, np.array([0.5, 0.9], np.float32), people((0, 0, 10, 10)))
    assert rows == [(pytest.approx(0.9), 1), (pytest.approx(0.5), 0)]
    assert found.tolist() == [True]


@pytest.mark.parametrize("box", [(0, 0, 90, 100), (40, 40, 60, 60)], ids=["overlaps", "lies inside"])
def test_ignore_boxes_swallow_what_meets_them(box: tuple[int, int, int, int]) -> None:
    """A detection on or in an ignore box is neither right nor wrong, however many there are."""
    boxes = np.array([box, box], np.float32)
    rows, _ = match(boxes, np.array([0.9, 0.8], np.float32), people((0, 0, 100, 100), ignore=(0,)))
    assert rows == []


def test_a_person_is_preferred_to_an_ignore_box() -> None:
    """A detection that fits both finds the person."""
    truth = people((0, 0, 10, 10), (0, 0, 10, 10), ignore=(0,))
    rows, found = match(np.array([[0, 0, 10, 10]], np.float32), np.array([0.9], np.float32), truth)
    assert rows == [(pytest.approx(0.9), 1)]
    assert found.tolist() == [False, True]


def test_in_an_empty_picture_everything_is_wrong() -> None:
    """Each detection is a fault."""
    rows, _ = match(np.array([[0, 0, 10, 10]], np.float32), np.array([0.9], np.float32), nobody())
    assert [right for _, right in rows] == [0]
