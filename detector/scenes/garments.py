"""Clothes and hair as geometry: MakeHuman's helper shells pushed off the skin, by what a person wears.

Everything here works on the rest pose: metres, z up, the face towards -y, the left hand towards +x.
"""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

SKIN, HAIR, TOP, BOTTOM, SHOES, EYE, LIPS = range(7)

Ints = np.ndarray
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Outfit:
    """What one body wears; lengths are shares of the limb (0 at the shoulder or hip, 1 at the wrist or ankle)."""

    sleeve: float = 0.45
    trouser: float = 1.0
    skirt: bool = False
    top_ease_m: float = 0.016
    bottom_ease_m: float = 0.012
    hem_drop_m: float = 0.10
    hair: Literal["short", "long", "cap", "bald"] = "short"


@dataclass(frozen=True)
class Joints:
    """Rest places of the joints that clothes are cut by, metres."""

    head: Floats
    neck: Floats
    hip: Floats
    knee: Floats
    ankle: Floats
    shoulder: Floats
    elbow: Floats
    wrist: Floats


def vertex_normals(vertices: Floats, faces: Ints) -> Floats:
    """Area-weighted unit normals (V, 3)."""
    corners = vertices[faces]  # (F, 3, 3)
    cross = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    total = np.zeros_like(vertices)
    for k in range(3):
        np.add.at(total, faces[:, k], cross)
    return np.asarray(total / np.maximum(np.linalg.norm(total, axis=1, keepdims=True), 1e-12))


def smoothed(vertices: Floats, faces: Ints, movable: np.ndarray, rounds: int) -> Floats:
    """Cloth bridges hollows: the mean of the neighbours, a few rounds, only where movable (V,) is true."""
    edges = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    edges = np.unique(np.sort(edges, axis=1), axis=0)
    degree = np.bincount(edges.reshape(-1), minlength=len(vertices))[:, None]
    moved = vertices.copy()
    for _ in range(rounds):
        total = np.zeros_like(moved)
        np.add.at(total, edges[:, 0], moved[edges[:, 1]])
        np.add.at(total, edges[:, 1], moved[edges[:, 0]])
        mean = total / np.maximum(degree, 1)
        moved = np.where(movable[:, None], 0.5 * moved + 0.5 * mean, moved)
    return moved


def along(points: Floats, start: Floats, end: Floats) -> Floats:
    """Share of the way from start to end (V,), of points mirrored to the left side."""
    mirrored = points.copy()
    mirrored[:, 0] = np.abs(mirrored[:, 0])
    axis = end - start
    return np.asarray((mirrored - start) @ axis / (axis @ axis))


def borders(points: Floats, arm: np.ndarray, joints: Joints, outfit: Outfit) -> dict[str, Floats]:
    """Signed fields (V,) whose zero is a garment's edge: the shell is cut there, so that hems are straight.

    hem: above it the top; shoe: below it the shoe; sleeve and cuff: beyond them skin.
    """
    leg, reach = along(points, joints.hip, joints.ankle), along(points, joints.shoulder, joints.wrist)
    far = np.ones(len(points))
    return {
        "hem": np.where(arm, far, points[:, 2] - (joints.hip[2] - outfit.hem_drop_m + 0.10)),
        "shoe": np.where(arm, far, points[:, 2] - (joints.ankle[2] + 0.025)),
        "sleeve": np.where(arm, outfit.sleeve - reach, far),
        "cuff": np.where(arm | (points[:, 2] > joints.hip[2]), far, outfit.trouser - leg),
    }


def shell_parts(points: Floats, arm: np.ndarray, joints: Joints, outfit: Outfit) -> Ints:
    """Which garment a place on the tights shell belongs to (V,); -1 where skin shows instead."""
    edge = borders(points, arm, joints, outfit)
    part = np.where(edge["hem"] < 0, BOTTOM, TOP)
    part[edge["cuff"] < 0] = -1
    part[edge["shoe"] < 0] = SHOES
    part[edge["sleeve"] < 0] = -1
    return part


def ease(points: Floats, part: Ints, joints: Joints, outfit: Outfit) -> Floats:
    """How far the cloth stands off the skin (V,), metres."""
    off = np.zeros(len(points))
    off[part == TOP] = outfit.top_ease_m
    down = np.clip(along(points, joints.hip, joints.ankle), 0, 1)
    off = np.where(part == BOTTOM, outfit.bottom_ease_m * (0.6 + 1.2 * down), off)
    off[part == SHOES] = 0.012
    return off


def scalp(points: Floats, joints: Joints, outfit: Outfit) -> Floats:
    """How much of a head vertex is hair (V,), 0 to 1; a soft hair line so that the push is smooth."""
    if outfit.hair == "bald":
        return np.zeros(len(points))
    rel = points - joints.head
    # The hair line rises from the nape over the ears to the forehead.
    front = np.clip((0.045 - rel[:, 1]) / 0.15, 0, 1)
    line = 0.015 + 0.115 * front**0.8
    if outfit.hair == "cap":
        line = np.full(len(points), 0.105)
    hair = np.clip((rel[:, 2] - line) / 0.012, 0, 1)
    ear = (np.abs(rel[:, 0]) > 0.068) & (rel[:, 2] < 0.085) & (rel[:, 1] < 0.02)
    return np.where(ear, 0.0, hair)


def shrunk(outfit: Outfit) -> Outfit:
    """The same clothes a little shorter: skin is kept a few centimetres under every hem, so that no gap opens."""
    return replace(outfit, sleeve=outfit.sleeve - 0.12, trouser=outfit.trouser - 0.08 - 0.3 * outfit.skirt)
