"""A picture of any size onto the network's canvas, and boxes back."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

FILL = 114  # grey, as in training


@dataclass(frozen=True)
class Letterbox:
    """How a picture lies on the canvas: canvas px = picture px * scale + left, top."""

    size_px: tuple[int, int]
    scale: tuple[float, float]
    left: int
    top: int

    def to_picture(self, boxes: NDArray[np.float32]) -> NDArray[np.float32]:
        """Boxes (N, 4) xyxy in canvas pixels -> in picture pixels, cut at its border."""
        corner = np.array([self.left, self.top] * 2, np.float32)
        scale = np.array(self.scale * 2, np.float32)
        bounds = np.array(self.size_px * 2, np.float32)
        inside: NDArray[np.float32] = np.clip((boxes - corner) / scale, 0, bounds).astype(np.float32)
        return inside


def letterbox(image: NDArray[np.uint8], canvas: tuple[int, int]) -> tuple[NDArray[np.uint8], Letterbox]:
    """Fits (H, W, 3) uint8 into the middle of a grey canvas (width, height), keeping its aspect.

    A camera's frame is three times the canvas, where bilinear sampling alone would alias.
    """
    height, width = image.shape[:2]
    fit = min(canvas[0] / width, canvas[1] / height)
    inner = (max(1, round(width * fit)), max(1, round(height * fit)))
    left, top = (canvas[0] - inner[0]) // 2, (canvas[1] - inner[1]) // 2
    out = np.full((canvas[1], canvas[0], 3), FILL, np.uint8)
    out[top : top + inner[1], left : left + inner[0]] = shrink(image, inner)
    return out, Letterbox((width, height), (inner[0] / width, inner[1] / height), left, top)


def shrink(image: NDArray[np.uint8], size_px: tuple[int, int]) -> NDArray[np.uint8]:
    """Resizes (H, W, 3) uint8 to (width, height) without aliasing, quickly.

    A frame twice too large or more is halved by averaging, then sampled bilinearly: 0.5 ms for 1280x720, where
    averaging areas in one step takes 3.7. A smaller one is averaged at once: bilinear would cost 0.3 AP50 points there.
    """
    method = cv2.INTER_AREA if image.shape[1] > size_px[0] else cv2.INTER_LINEAR
    while image.shape[1] >= 2 * size_px[0] and image.shape[0] >= 2 * size_px[1]:
        half = (image.shape[1] // 2, image.shape[0] // 2)
        image = np.asarray(cv2.resize(image, half, interpolation=cv2.INTER_AREA), np.uint8)
        method = cv2.INTER_LINEAR
    if image.shape[1::-1] == size_px:
        return image
    return np.asarray(cv2.resize(image, size_px, interpolation=method), np.uint8)
