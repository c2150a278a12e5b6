"""The floor marks of a camera ([camera.floor] in the site file) as a matrix; light enough for every command to load."""

import numpy as np
from numpy.typing import NDArray

from edge.queueing.projection import homography
from edge.settings import FloorSettings


def to_floor(floor: FloorSettings | None) -> NDArray[np.float64] | None:
    """(3, 3) from fractions of a camera's picture to metres; None without marks, or where they determine none."""
    try:
        return None if floor is None else homography(floor.image, floor.metres)
    except np.linalg.LinAlgError:
        return None
