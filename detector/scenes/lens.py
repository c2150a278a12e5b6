"""Makes a drawn picture look like a camera's: soft focus, falloff to the corners, sensor noise."""

import cv2
import numpy as np

# Fields of noise, used again and again at other shifts: drawing one for each frame costs more than all else here.
GRAINS = 6


class Lens:
    """For pictures (height_px, width_px); noise is the standard deviation of the brightness, of 255."""

    def __init__(self, width_px: int, height_px: int, rng: np.random.Generator, *, noise: float = 2.0) -> None:
        self.rng = rng
        y, x = np.mgrid[-1 : 1 : height_px * 1j, -1 : 1 : width_px * 1j].astype(np.float32)
        self.falloff = (1.0 - 0.10 * (x * x + y * y))[..., None]
        self.grains = [self._grain(height_px, width_px, noise) for _ in range(GRAINS)]

    def _grain(self, height_px: int, width_px: int, noise: float) -> np.ndarray:
        bright = self.rng.standard_normal((height_px, width_px, 1), np.float32)
        colour = cv2.GaussianBlur(self.rng.standard_normal((height_px, width_px, 3), np.float32), (0, 0), 1.0)
        return (bright + 0.8 * colour) * noise

    def through(self, image: np.ndarray, blur_px: float = 0.7) -> np.ndarray:
        """(H, W, 3) uint8 RGB to the same."""
        soft = cv2.GaussianBlur(image, (0, 0), blur_px) * self.falloff
        grain = self.grains[int(self.rng.integers(GRAINS))]
        shift = [int(self.rng.integers(n)) for n in image.shape[:2]]
        soft += np.roll(grain, shift, (0, 1))
        return np.clip(soft + 0.5, 0, 255).astype(np.uint8)
