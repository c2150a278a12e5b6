"""The network as deployed: shapes, places, decoding."""

import pytest
import torch
from torch.testing import assert_close

from detector.model.network import STRIDES, Network, build_network, decode, normalise, places


def test_every_place_of_every_level_answers(tiny: Network) -> None:
    """A canvas of 96x64 has 12*8 + 6*4 + 3*2 places, each with a logit and a box."""
    logits, boxes = tiny(torch.zeros(2, 3, 64, 96))
    assert logits.shape == (2, 126)
    assert boxes.shape == (2, 126, 4)


def test_boxes_are_decoded_around_the_places() -> None:
    """Log distances of log 2 strides at the second place of the first row give a box two strides to each side."""
    raw = torch.zeros(1, 4, 2, 3)
    raw[0, :, 0, 1] = torch.log(torch.tensor([1.0, 2.0, 3.0, 4.0]))
    box = decode(raw, 8)[0, 1]
    assert_close(box, torch.tensor([12.0 - 8, 4.0 - 16, 12.0 + 24, 4.0 + 32]))


@pytest.mark.parametrize("stride", STRIDES)
def test_places_are_the_middles_of_their_cells(stride: int) -> None:
    """Places go row by row, half a stride off the border."""
    grid = places((2, 3), stride)
    assert grid.shape == (6, 2)
    assert_close(grid[0], torch.tensor([stride / 2, stride / 2]))
    assert_close(grid[5], torch.tensor([2.5 * stride, 1.5 * stride]))


def test_normalising_takes_bytes_to_imagenets_scale() -> None:
    """ImageNet's mean colour becomes about zero, channel by channel."""
    picture = torch.tensor([124, 116, 104], dtype=torch.uint8).expand(1, 2, 2, 3)
    assert normalise(picture).shape == (1, 3, 2, 2)
    assert normalise(picture).abs().max() < 0.01


def test_an_unknown_size_is_told() -> None:
    """A name without a network says which names there are."""
    with pytest.raises(ValueError, match="tiny, tiny-quick, n, n-narrow, n-quick"):
        build_network("xl")


def test_the_shipped_size_is_small() -> None:
    """What ships as `n` has about one million weights, as `m` about one and a half."""
    n, m = (sum(p.numel() for p in build_network(name).parameters()) for name in ("n-quick", "n-narrow"))
    assert 0.8e6 < n < 1.2e6 < m < 2e6


def test_a_plain_stem_has_the_levels_of_the_original() -> None:
    """The quick network's levels have the channels and places of the one it learns from, and `fine` is the first."""
    pictures = torch.zeros(1, 3, 64, 96)
    quick, wide = build_network("n-quick").eval().trunk, build_network("n").eval().trunk
    with torch.no_grad():
        assert [level.shape for level in quick(pictures)] == [level.shape for level in wide(pictures)]
        assert torch.equal(quick.fine(pictures), quick(pictures)[0])
        assert torch.equal(wide.fine(pictures), wide(pictures)[0])
