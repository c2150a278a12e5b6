"""A canteen as boxes and sheets with procedural materials."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detector.scenes.wardrobe import Colour, linear

Floats = NDArray[np.float64]
DOOR_M = (1.0, 2.25)  # half the opening's width, its height
TILES, PLASTER, WOOD, STEEL, GLOW, PLAIN = 1, 2, 3, 4, 5, 6


@dataclass(frozen=True)
class Room:
    """triangles (T, 3, 3) metres, normals (T, 3), tints (T, 3) linear RGB, materials (T,)."""

    triangles: Floats
    normals: Floats
    tints: Floats
    materials: np.ndarray
    floor_box_m: tuple[float, float, float, float]  # x0, y0, x1, y1 of where shadows fall

    def packed(self) -> NDArray[np.float32]:
        """(3 T, 10) float32 vertices: place, normal, tint, material."""
        each = np.concatenate([self.normals, self.tints, self.materials[:, None]], 1)
        return np.concatenate([self.triangles.reshape(-1, 3), np.repeat(each, 3, 0)], 1).astype(np.float32)


Corner = tuple[float, float, float]
Sheet = tuple[Floats, Colour, int]  # (4, 3) corners, colour, material


def box(low: Corner, high: Corner, colour: Colour, material: int) -> list[Sheet]:
    """Six sheets of an upright box."""
    (x0, y0, z0), (x1, y1, z1) = low, high
    c = [np.array([x, y, z]) for z in (z0, z1) for y in (y0, y1) for x in (x0, x1)]
    sides = ((0, 1, 5, 4), (1, 3, 7, 5), (3, 2, 6, 7), (2, 0, 4, 6), (4, 5, 7, 6), (2, 3, 1, 0))
    return [(np.stack([c[k] for k in side]), colour, material) for side in sides]


def turned(sheets: list[Sheet], x_m: float, y_m: float, angle_rad: float) -> list[Sheet]:
    """Sheets made around the origin, turned about z and moved."""
    c, s = np.cos(angle_rad), np.sin(angle_rad)
    spin = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])
    return [(corners @ spin.T + [x_m, y_m, 0], colour, material) for corners, colour, material in sheets]


def build(sheets: list[Sheet], floor_box_m: tuple[float, float, float, float]) -> Room:
    """Sheets as triangles with flat normals."""
    triangles, normals, tints, materials = [], [], [], []
    for corners, colour, material in sheets:
        normal = np.cross(corners[1] - corners[0], corners[2] - corners[0])
        normal = normal / np.linalg.norm(normal)
        for order in ((0, 1, 2), (0, 2, 3)):
            triangles.append(corners[list(order)])
            normals.append(normal)
            tints.append(colour)
            materials.append(material)
    return Room(np.array(triangles), np.array(normals), np.array(tints), np.array(materials), floor_box_m)


def shell(half_width_m: float, depth_m: float, height_m: float) -> list[Sheet]:
    """Floor, back and side walls with a darker skirting band, seen from inside."""
    w, d, h = half_width_m, depth_m, height_m
    floor = np.array([[-w, -1, 0], [w, -1, 0], [w, d, 0], [-w, d, 0]], float)
    floor[2:, 1] += 3.5  # the corridor behind the door
    left = np.array([[-w, -1, 0], [-w, d, 0], [-w, d, h], [-w, -1, h]], float)[::-1]
    right = np.array([[w, -1, 0], [w, d, 0], [w, d, h], [w, -1, h]], float)
    wall = linear(205, 200, 188)
    sheets: list[Sheet] = [(floor, linear(158, 150, 138), TILES)]
    roof = np.array([[-w, -1, h], [-w, d, h], [w, d, h], [w, -1, h]], float)
    sheets.append((roof, linear(226, 224, 218), PLASTER))
    for y in np.arange(2.5, d, 2.4):
        for x in np.arange(-w + 1.6, w, 3.0):
            sheets += box((x - 0.6, y - 0.15, h - 0.03), (x + 0.6, y + 0.15, h - 0.01), linear(250, 250, 244), GLOW)
    sheets += [(left, linear(190, 188, 178), PLASTER), (right, linear(196, 194, 184), PLASTER)]
    for x0, x1, z0 in ((-w, -DOOR_M[0], 0.0), (DOOR_M[0], w, 0.0), (-DOOR_M[0], DOOR_M[0], DOOR_M[1])):
        back = np.array([[x0, d, z0], [x1, d, z0], [x1, d, h], [x0, d, h]], float)
        sheets.append((back, wall, PLASTER))
    end = np.array([[-3, d + 3.4, 0], [3, d + 3.4, 0], [3, d + 3.4, h], [-3, d + 3.4, h]], float)
    sheets.append((end, linear(150, 146, 138), PLASTER))
    band = linear(112, 104, 94)
    for x0, x1 in ((-w, -DOOR_M[0]), (DOOR_M[0], w)):
        sheets += box((x0, d - 0.03, 0), (x1, d, 0.12), band, PLAIN)
    sheets += box((-w, -1, 0), (-w + 0.03, d, 0.12), band, PLAIN)
    return sheets + box((w - 0.03, -1, 0), (w, d, 0.12), band, PLAIN)


def till(angle_rad: float, x_m: float, y_m: float) -> list[Sheet]:
    """A cash desk of 1.9 x 0.7 m with a screen, around (x_m, y_m); its long side along angle_rad."""
    wood, steel = linear(150, 112, 76), linear(168, 170, 172)
    sheets = box((-0.95, -0.35, 0), (0.95, 0.35, 0.86), wood, WOOD) + box((-1, -0.4, 0.86), (1, 0.4, 0.9), steel, STEEL)
    sheets += box((-0.15, -0.12, 0.9), (0.2, 0.12, 1.0), linear(40, 40, 44), PLAIN)
    sheets += box((-0.05, 0.0, 1.0), (0.0, 0.05, 1.12), linear(40, 40, 44), PLAIN)
    sheets += box((-0.24, 0.0, 1.1), (0.22, 0.05, 1.4), linear(30, 32, 36), PLAIN)
    sheets += box((0.5, -0.2, 0.9), (0.8, 0.15, 0.98), linear(186, 84, 60), PLAIN)
    return turned(sheets, x_m, y_m, angle_rad)


def canteen(desks: Sequence[tuple[float, float, float]]) -> Room:
    """The demo's room: food counter and menu boards at the back, a door in the middle, desks (x_m, y_m, angle_rad)."""
    depth = 12.5
    sheets = shell(7.5, depth, 3.4)
    sheets += box((-6.6, 11.2, 0), (-1.6, 11.9, 0.92), linear(170, 172, 174), STEEL)
    sheets += box((-6.6, 11.1, 0.92), (-1.6, 11.9, 0.97), linear(120, 92, 66), WOOD)
    for k in range(4):
        x = -6.4 + 1.25 * k
        sheets += box((x, depth - 0.08, 1.75), (x + 1.1, depth - 0.03, 2.5), linear(46, 50, 54), PLAIN)
        sheets += box((x + 0.1, depth - 0.09, 2.28), (x + 0.7, depth - 0.08, 2.36), linear(200, 190, 150), GLOW)
        for row in range(4):
            y = 1.85 + 0.1 * row
            sheets += box((x + 0.1, depth - 0.09, y), (x + 0.95, depth - 0.08, y + 0.03), linear(150, 150, 145), GLOW)
        sheets += box((x + 0.2, 11.3, 0.97), (x + 0.8, 11.7, 1.05 + 0.05 * (k % 2)), linear(196, 160, 110), PLAIN)
    for x in (-DOOR_M[0] - 0.08, DOOR_M[0]):
        sheets += box((x, depth - 0.06, 0), (x + 0.08, depth + 0.1, DOOR_M[1] + 0.08), linear(98, 108, 112), PLAIN)
    sheets += box((-1.0, depth - 0.06, DOOR_M[1]), (1.0, depth + 0.1, DOOR_M[1] + 0.08), linear(98, 108, 112), PLAIN)
    for k in range(3):
        x = 2.0 + 1.75 * k
        sheets += box((x, depth - 0.05, 1.0), (x + 1.4, depth, 2.5), linear(224, 232, 238), GLOW)
        sheets += box((x - 0.06, depth - 0.1, 0.94), (x + 1.46, depth - 0.04, 1.0), linear(180, 178, 172), PLAIN)
    for x, y, angle_rad in desks:
        sheets += till(angle_rad, x, y)
    for x, y in ((5.6, 10.6), (3.6, 11.4)):
        sheets += box((x - 0.6, y - 0.4, 0.7), (x + 0.6, y + 0.4, 0.74), linear(176, 150, 116), WOOD)
        sheets += box((x - 0.04, y - 0.04, 0), (x + 0.04, y + 0.04, 0.7), linear(70, 70, 72), PLAIN)
    return build(sheets, (-7.5, 0.0, 7.5, 15.0))
