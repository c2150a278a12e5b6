"""Pictures onto the canvas and boxes back."""

import numpy as np
import pytest

from detector.runtime.letterbox import FILL, letterbox

SIZES = [(1280, 720), (640, 480), (300, 600), (416, 256), (100, 80), (4000, 50)]


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_boxes_come_back_where_they_were(size: tuple[int, int]) -> None:
    """A box that is moved onto the canvas by hand comes back to within a hundredth of a pixel."""
    width, height = size
    canvas, placed = letterbox(np.zeros((height, width, 3), np.uint8), (416, 256))
    assert canvas.shape == (256, 416, 3)
    box = np.array([[0.1 * width, 0.2 * height, 0.7 * width, 0.9 * height]], np.float32)
    moved = box * np.array(placed.scale * 2, np.float32) + np.array([placed.left, placed.top] * 2, np.float32)
    np.testing.assert_allclose(placed.to_picture(moved), box, atol=0.01)


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_the_picture_lies_where_the_box_says(size: tuple[int, int]) -> None:
    """The white half of a picture lies where the letterbox would put its box; around the picture all is grey."""
    width, height = size
    image = np.zeros((height, width, 3), np.uint8)
    image[:, width // 2 :] = 255
    canvas, placed = letterbox(image, (416, 256))
    middle = canvas[placed.top + round(height * placed.scale[1] / 2)]
    edge = placed.left + width // 2 * placed.scale[0]
    assert (middle[int(edge) + 2 : int(edge) + 6] == 255).all()
    assert (middle[int(edge) - 6 : int(edge) - 2] == 0).all()
    assert (canvas[:, : placed.left] == FILL).all()
    assert (canvas[: placed.top] == FILL).all()


def test_shrinking_averages() -> None:
    """A fine checkerboard becomes grey: no aliasing."""
    board = np.indices((720, 1280)).sum(0) % 2 * 255
    canvas, placed = letterbox(np.repeat(board[..., None], 3, 2).astype(np.uint8), (416, 256))
    inner = canvas[placed.top + 2 : -placed.top - 2].astype(int)
    assert np.abs(inner - 127).max() < 30


def test_boxes_are_cut_at_the_picture() -> None:
    """What reaches over the border ends there."""
    _, placed = letterbox(np.zeros((720, 1280, 3), np.uint8), (416, 256))
    assert placed.to_picture(np.array([[-50, -50, 900, 900]], np.float32)).tolist() == [[0, 0, 1280, 720]]
