"""Makes a drawn picture look like a camera's: soft focus, falloff to the corners, sensor noise."""

import cv2
import numpy as np

# Fields of noise, used again and again at other shifts: drawing one for each frame costs more than all else here.
GRAINS = 6


class Lens:
    """For pictures (height_px, width_px); noise is the standard deviation of the brightness, of 255."""

    def __init__(self, width_px: int, height_px: int, rng: np.random.Generator, *, noise: float = 2.0) -> None:
        y, x = np.mgrid[-1 : 1 : height_px * 1j, -1 : 1 : width_px * 1j]
        self.falloff = np.repeat((255 * (1.0 - 0.10 * (x * x + y * y)))[..., None], 3, 2).astype(np.uint8)
        self.grains = [_grain(height_px, width_px, noise, rng) for _ in range(GRAINS)]

    def through(self, image: np.ndarray, tick: int, blur_px: float = 0.7) -> np.ndarray:
        """(H, W, 3) uint8 RGB to the same; the tick chooses the grain, so that any frame can be made alone."""
        soft = cv2.multiply(cv2.GaussianBlur(image, (0, 0), blur_px), self.falloff, scale=1 / 255)
        shift = (tick * 7919 % image.shape[0], tick * 104729 % image.shape[1])
        grain = np.roll(self.grains[tick % GRAINS], shift, (0, 1))
        return np.asarray(cv2.add(soft, grain, dtype=cv2.CV_8U))


def _grain(height_px: int, width_px: int, noise: float, rng: np.random.Generator) -> np.ndarray:
    bright = rng.standard_normal((height_px, width_px, 1), np.float32)
    colour = cv2.GaussianBlur(rng.standard_normal((height_px, width_px, 3), np.float32), (0, 0), 1.0)
    return np.round((bright + 0.8 * colour) * noise).astype(np.int16)
