"""Composed lines of people."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from detector.data.lines import CutOut, read_cutouts, with_line
from detector.data.pictures import nobody, people_of
from detector.data.readers import read_labels
from detector.training.checkpoint import TrainingError
from detector.training.recipes import RECIPES
from detector.training.run import Run, open_data

RED = (250, 10, 10)


def cutout() -> CutOut:
    """A red person of 20x80 with a head."""
    return CutOut(np.full((80, 20, 3), RED, np.uint8), np.full((80, 20), 255, np.uint8), (5.0, 0.0, 10.0, 14.0))


def test_boxes_hold_what_is_seen_of_a_line() -> None:
    """On an empty picture every red pixel is in a box, every real box is edged by red, and some people overlap."""
    crowded = 0
    for seed in range(20):
        picture = np.zeros((240, 320, 3), np.uint8)
        image, people = with_line((picture, nobody()), [cutout()], np.random.default_rng(seed))
        assert not picture.any()  # the source stays
        red = image[..., 0] > 60
        left = red.copy()
        for x1, y1, x2, y2 in people.boxes.astype(int):
            inside = red[y1:y2, x1:x2]
            assert inside[0].any()
            assert inside[-1].any()
            left[max(y1 - 1, 0) : y2 + 1, max(x1 - 1, 0) : x2 + 1] = False
        assert left.mean() < 0.002  # slivers of people who are nearly hidden
        assert set(people.weights.tolist()) <= {0.0, 1.0}
        crowded += len(people.boxes) >= 3
    assert crowded > 10


def test_a_thing_hides_people_from_the_hip_down() -> None:
    """With things some boxes end higher than without, on the thing's edge; no box holds more than what is seen."""
    shorter = 0
    for seed in range(20):
        picture = np.full((240, 320, 3), 30, np.uint8)
        _, whole = with_line((picture, nobody()), [cutout()], np.random.default_rng(seed))
        image, people = with_line((picture, nobody()), [cutout()], np.random.default_rng(seed), things=1.0)
        red = image[..., 0] > 60
        for x1, y1, x2, y2 in people.boxes.astype(int):
            assert red[y1:y2, x1:x2][0].any()
            assert red[y1:y2, x1:x2][-1].any()
        shorter += bool(people.boxes[:, 3].min(initial=240) < whole.boxes[:, 3].min(initial=240) - 8)
        assert len(people.boxes) <= len(whole.boxes)
    assert shorter >= 10


def test_no_thing_is_made_of_people() -> None:
    """In a picture that one person fills there is no piece for a thing: the line stands free."""
    picture = np.full((240, 320, 3), 30, np.uint8)
    full = people_of([([0.0, 0.0, 320.0, 240.0], 1.0, None, 0.0)])
    for seed in range(5):
        free, _ = with_line((picture, full), [cutout()], np.random.default_rng(seed))
        image, _ = with_line((picture, full), [cutout()], np.random.default_rng(seed), things=1.0)
        assert np.array_equal(image, free)


@pytest.mark.slow
def test_whoever_is_behind_the_line_is_no_longer_learnt(drawn: Path) -> None:
    """A person whom the line covers becomes an ignore box or goes; a person beside it stays as it was."""
    picture = read_labels(drawn / "train.json")[0]
    covered = replace(picture.people.take(np.array([0])), boxes=np.array([[0, 0, 320, 240]], np.float32))
    beside = replace(covered, boxes=np.array([[0, 0, 4, 4]], np.float32))
    image = np.zeros((240, 320, 3), np.uint8)
    tall = [replace(cutout(), mask=np.full((80, 60), 255, np.uint8), image=np.full((80, 60, 3), RED, np.uint8))]
    weights = []
    for seed in range(30):
        _, kept = with_line((image, beside), tall, np.random.default_rng(seed))
        assert kept.boxes[0].tolist() == [0, 0, 4, 4]
        small = replace(covered, boxes=np.array([[140, 120, 170, 200]], np.float32))
        _, people = with_line((image, small), tall, np.random.default_rng(seed))
        gone = people.boxes[0].tolist() != [140, 120, 170, 200]
        weights.append(-1.0 if gone else float(people.weights[0]))
    assert {-1.0, 1.0} <= set(weights)


def test_cutouts_come_from_masks(drawn: Path, tmp_path: Path) -> None:
    """Values 1..n are people of their own, 255 the only one; whoever is cut off at the feet or small is left out."""
    picture = read_labels(drawn / "train.json")[0]
    big = tmp_path / "a.png"
    cv2.imwrite(str(big), np.zeros((120, 100, 3), np.uint8))
    mask = np.zeros((120, 100), np.uint8)
    mask[10:90, 5:25], mask[10:40, 30:40], mask[40:120, 50:70] = 1, 2, 3
    (tmp_path / "masks").mkdir()
    read = replace(picture, path=big)
    for scale, wanted in ((1, 1), (85, 1)):
        cv2.imwrite(str(tmp_path / "masks" / "a.png"), np.where(mask == 1, mask * scale * 3, 0) if scale > 1 else mask)
        cuts = read_cutouts([read], tmp_path / "masks", 10, np.random.default_rng(0))
        assert len(cuts) == wanted
        assert cuts[0].mask.shape == (80, 20)


def test_a_recipe_with_lines_needs_masks(drawn: Path, tmp_path: Path) -> None:
    """The message names the folder where they were looked for."""
    tiny = RECIPES["tiny"]
    recipe = replace(tiny, augmentation=replace(tiny.augmentation, lines=0.5))
    with pytest.raises(TrainingError, match=r"masks: holds no masks"):
        open_data(recipe, Run(data=drawn, out=tmp_path, cache=tmp_path / "cache"))
