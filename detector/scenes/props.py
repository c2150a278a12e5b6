"""What people carry: a tray with a plate and a cup, held by the hands of the TRAY pose."""

from dataclasses import replace

import numpy as np

from detector.scenes.body import Body, bone_places
from detector.scenes.garments import vertex_normals
from detector.scenes.poses import TRAY, rotations
from detector.scenes.room import Sheet, box
from detector.scenes.wardrobe import Colour

TRAY_PART, PLATE_PART, FOOD_PART = 7, 8, 9
_ANY: Colour = (0.0, 0.0, 0.0)  # carried things are coloured by their part


def _things() -> list[Sheet]:
    """Around the middle of the tray's near edge, metres; the material is the part."""
    things = box((-0.21, -0.30, -0.012), (0.21, 0.0, 0.0), _ANY, TRAY_PART)
    things += box((-0.12, -0.24, 0.0), (0.08, -0.06, 0.015), _ANY, PLATE_PART)
    things += box((-0.08, -0.20, 0.015), (0.05, -0.09, 0.045), _ANY, FOOD_PART)
    return things + box((0.12, -0.12, 0.0), (0.18, -0.06, 0.09), _ANY, PLATE_PART)


def with_tray(body: Body) -> Body:
    """The body with a tray that moves with the chest, placed on the hands of the TRAY pose."""
    turns = rotations(body, TRAY)
    places, chest = bone_places(body, turns), body.names.index("spine01")
    hands = (places[body.names.index("wrist.L")] + places[body.names.index("wrist.R")]) / 2
    corners = np.concatenate([sheet for sheet, _, _ in _things()]) + hands + [0.0, -0.02, -0.01]
    # Back through the chest's turn, so that skinning brings it to the hands.
    rest = (corners - places[chest]) @ turns["spine01"] + body.heads[chest]
    quads = np.arange(len(rest)).reshape(-1, 4)
    faces = np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]])
    weights = np.zeros((len(rest), len(body.names)))
    weights[:, chest] = 1.0
    return replace(
        body,
        vertices=np.concatenate([body.vertices, rest]),
        normals=np.concatenate([body.normals, vertex_normals(rest, faces)]),
        faces=np.concatenate([body.faces, (faces + len(body.vertices)).astype(np.int32)]),
        parts=np.concatenate([body.parts, np.repeat([part for _, _, part in _things()], 4).astype(np.uint8)]),
        weights=np.concatenate([body.weights, weights]),
    )
