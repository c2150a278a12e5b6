"""Makes a drawn picture look like a camera's: soft focus, falloff to the corners, sensor noise."""

import cv2
import numpy as np


def through_lens(image: np.ndarray, rng: np.random.Generator, *, blur_px: float = 0.7, noise: float = 2.2) -> np.ndarray:
    """(H, W, 3) uint8 RGB to the same; noise is the standard deviation of the brightness, of 255."""
    height, width = image.shape[:2]
    soft = cv2.GaussianBlur(image, (0, 0), blur_px).astype(np.float32)
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j].astype(np.float32)
    soft *= (1.0 - 0.10 * (x * x + y * y))[..., None]
    grain = rng.standard_normal((height, width, 1), np.float32) * noise
    grain = grain + cv2.GaussianBlur(rng.standard_normal((height, width, 3), np.float32), (0, 0), 1.0) * noise
    return np.clip(soft + grain + 0.5, 0, 255).astype(np.uint8)
