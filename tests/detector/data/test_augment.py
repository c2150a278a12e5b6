"""Augmentation: boxes go where their pixels go."""

import math

import numpy as np
import pytest

from detector.data.augment import Augmentation, Source, compose
from detector.data.pictures import People

GREEN = (10, 250, 10)
MILD = Augmentation(colour=0.0)


def source(box: tuple[int, int, int, int] = (60, 30, 100, 110)) -> Source:
    """A dark picture with one bright green person whose head is annotated."""
    image = np.full((160, 200, 3), 30, np.uint8)
    x1, y1, x2, y2 = box
    image[y1:y2, x1:x2] = GREEN
    boxes = np.array([box], np.float32)
    heads = np.array([[x1, y1, x2, y1 + 20]], np.float32)
    return image, People(boxes, np.ones(1, np.float32), heads, np.ones(1, np.float32))


def is_green(image: np.ndarray) -> np.ndarray:
    """(H, W) bool: the person's colour, also where two pixels were mixed."""
    return (image[..., 1] > 140) & (image[..., 0] < 110)


@pytest.mark.parametrize("count", [1, 4])
def test_boxes_follow_their_pixels(count: int) -> None:
    """Through scale, aspect, flip, shift and mosaic: each box is full of its person, and no person is outside a box."""
    for seed in range(25):
        sample = compose([source()] * count, (208, 128), MILD, np.random.default_rng(seed))
        assert sample.image.shape == (128, 208, 3)
        boxes = sample.people.boxes
        assert ((boxes >= 0) & (boxes <= [208, 128, 208, 128])).all()
        green = is_green(sample.image)
        for x1, y1, x2, y2 in boxes[(boxes[:, 2:] - boxes[:, :2]).min(1) > 6]:
            assert green[math.ceil(y1) + 1 : int(y2) - 1, math.ceil(x1) + 1 : int(x2) - 1].mean() > 0.95
        for x1, y1, x2, y2 in boxes:
            green[max(int(y1) - 1, 0) : math.ceil(y2) + 1, max(int(x1) - 1, 0) : math.ceil(x2) + 1] = False
        assert green.sum() <= 4 * count  # a sliver thinner than a pixel has no box


def test_a_person_nearly_outside_is_neither_right_nor_wrong() -> None:
    """Less than a quarter left: an ignore box."""
    settings = Augmentation(scale_low=1.0, scale_high=1.0, aspect=0.0, shift=0.0, colour=0.0)
    left = source((-38, 30, 2, 110))
    sample = compose([left], (200, 160), settings, np.random.default_rng(0))
    assert sample.people.weights.tolist() == [0.0]


def test_the_same_generator_gives_the_same_sample() -> None:
    """Chance comes from the generator alone."""
    a, b = (compose([source()] * 4, (208, 128), Augmentation(), np.random.default_rng(5)) for _ in range(2))
    assert np.array_equal(a.image, b.image)
    assert np.array_equal(a.people.boxes, b.people.boxes)
