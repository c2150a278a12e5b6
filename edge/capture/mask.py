"""Blacks out what nobody may see."""

import cv2
import numpy as np

from edge.capture.source import Image
from edge.vocabulary import Polygon


def black_out(image: Image, mask: tuple[Polygon, ...]) -> None:
    """Makes the polygons (fractions of the picture) black in (H, W, 3) uint8, in place; their edges are inside."""
    height, width = image.shape[:2]
    for polygon in mask:
        corners = np.rint(np.asarray(polygon, np.float64) * (width, height)).astype(np.int32)
        cv2.fillPoly(image, [corners], (0, 0, 0))
