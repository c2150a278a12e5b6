"""A pinhole camera over a floor. World: metres, x right, y away from the camera, z up. Picture: pixels, y down."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Camera:
    """Stands over the floor at (x_m, y_m, height_m), turned left by yaw_deg and pitched down by pitch_deg."""

    width_px: int = 1280
    height_px: int = 720
    height_m: float = 2.8
    pitch_deg: float = 18.0
    yaw_deg: float = 0.0
    horizontal_fov_deg: float = 78.0
    x_m: float = 0.0
    y_m: float = 0.0

    @property
    def focal_px(self) -> float:
        """The focal length in pixels."""
        return self.width_px / 2 / math.tan(math.radians(self.horizontal_fov_deg / 2))

    def rotation(self) -> Floats:
        """(3, 3): rows are the camera's right, down and forward in the world."""
        pitch, yaw = math.radians(self.pitch_deg), math.radians(self.yaw_deg)
        right = np.array([math.cos(yaw), math.sin(yaw), 0.0])
        ahead = np.array([-math.sin(yaw), math.cos(yaw), 0.0])
        forward = ahead * math.cos(pitch) - np.array([0, 0, math.sin(pitch)])
        down = np.cross(forward, right)
        return np.stack([right, down, forward])

    def project(self, points: Floats) -> Floats:
        """World points (..., 3) metres to pixels (..., 2); points behind the camera come out as nan."""
        seen = (np.asarray(points, float) - [self.x_m, self.y_m, self.height_m]) @ self.rotation().T
        depth = np.where(seen[..., 2] > 0.05, seen[..., 2], np.nan)
        middle = np.array([self.width_px / 2, self.height_px / 2])
        return np.asarray(seen[..., :2] / depth[..., None] * self.focal_px + middle)

    def floor_point(self, pixels: Floats) -> Floats:
        """Pixels (..., 2) to the floor (..., 2) metres; above the horizon nan."""
        middle = np.array([self.width_px / 2, self.height_px / 2])
        ray = (np.asarray(pixels, float) - middle) / self.focal_px
        ray = np.concatenate([ray, np.ones((*ray.shape[:-1], 1))], -1) @ self.rotation()
        reach = self.height_m / np.where(ray[..., 2] < -1e-6, -ray[..., 2], np.nan)
        return ray[..., :2] * reach[..., None] + [self.x_m, self.y_m]

    def clip_matrix(self, near_m: float = 0.3, far_m: float = 40.0) -> NDArray[np.float32]:
        """(4, 4) float32 from world to OpenGL clip space, to be applied to column vectors."""
        view = np.eye(4)
        view[:3, :3] = self.rotation() * np.array([1, -1, -1])[:, None]
        view[:3, 3] = -view[:3, :3] @ [self.x_m, self.y_m, self.height_m]
        lens = np.zeros((4, 4))
        lens[0, 0] = 2 * self.focal_px / self.width_px
        lens[1, 1] = 2 * self.focal_px / self.height_px
        lens[2, 2] = (far_m + near_m) / (near_m - far_m)
        lens[2, 3] = 2 * far_m * near_m / (near_m - far_m)
        lens[3, 2] = -1
        return (lens @ view).astype(np.float32)
