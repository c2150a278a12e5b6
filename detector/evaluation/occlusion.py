"""How much of a person others hide, told from the boxes alone: whoever stands lower in the picture stands nearer."""

import numpy as np
from numpy.typing import NDArray

GRID = 16  # points a side, at which a box is looked at
LEVELS = {"under 10 % hidden": (0.0, 0.1), "10 to 35 % hidden": (0.1, 0.35), "over 35 % hidden": (0.35, 1.01)}


def hidden_shares(boxes: NDArray[np.float32]) -> NDArray[np.float64]:
    """The share (N,) of each box (N, 4) xyxy that boxes with a lower bottom edge cover.

    The levels are CityPersons' (Zhang et al. 2017): "reasonable" is at most 35 % hidden. They have it from annotated
    visible boxes; ours is an estimate, as boxes are fuller than people.
    """
    steps = (np.arange(GRID) + 0.5) / GRID
    x = boxes[:, None, 0] + (boxes[:, 2] - boxes[:, 0])[:, None] * steps  # (N, G)
    y = boxes[:, None, 1] + (boxes[:, 3] - boxes[:, 1])[:, None] * steps
    in_x = (x[:, None] > boxes[None, :, None, 0]) & (x[:, None] < boxes[None, :, None, 2])  # (N, other, G)
    in_y = (y[:, None] > boxes[None, :, None, 1]) & (y[:, None] < boxes[None, :, None, 3])
    nearer = boxes[None, :, 3] > boxes[:, None, 3]  # (N, other)
    covered = (in_y & nearer[..., None])[..., :, None] & in_x[..., None, :]  # (N, other, G, G)
    return np.asarray(covered.any(1).mean((1, 2)) if len(boxes) else np.zeros(0), np.float64)
