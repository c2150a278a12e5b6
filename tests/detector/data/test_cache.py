"""The cache of decoded pictures."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from detector.data.cache import open_cache, read_picture
from detector.data.pictures import DataError, Picture, nobody
from detector.data.readers import read_labels


def test_pictures_come_back_as_decoded(drawn: Path, tmp_path: Path) -> None:
    """Every picture is what decoding its file gives, RGB, also when the cache is opened a second time."""
    pictures = read_labels(drawn / "train.json")
    for _ in range(2):
        cache = open_cache(pictures, tmp_path)
        assert len(cache) == 8
        for index, picture in enumerate(pictures):
            assert np.array_equal(cache.picture(index), read_picture(picture))
            assert cache.scales[index] == 1.0


def test_large_pictures_are_shrunk_and_the_scale_is_told(tmp_path: Path) -> None:
    """A picture of 960 px is stored at 480."""
    cv2.imwrite(str(tmp_path / "big.png"), np.zeros((480, 960, 3), np.uint8))
    picture = Picture("big.png", tmp_path / "big.png", (960, 480), "all", nobody())
    cache = open_cache([picture], tmp_path)
    assert cache.picture(0).shape == (240, 480, 3)
    assert cache.scales[0] == 0.5


def test_a_missing_picture_is_told(tmp_path: Path) -> None:
    """The message names the file and what names it."""
    with pytest.raises(DataError, match=r"gone\.png.*missing or no picture"):
        read_picture(Picture("gone.png", tmp_path / "gone.png", (1, 1), "all", nobody()))
