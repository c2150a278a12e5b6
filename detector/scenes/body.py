"""Bodies from bodies.npz, put into a pose by linear blend skinning: numpy only."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from detector.scenes.garments import vertex_normals

Floats = NDArray[np.float64]
BODIES = Path(__file__).with_name("bodies.npz")
UNIT_M = 1e-4


@dataclass(frozen=True, eq=False)
class Body:
    """A dressed person in the rest pose: soles at z = 0, face towards -y, left hand towards +x, metres."""

    vertices: Floats  # (V, 3)
    normals: Floats  # (V, 3)
    faces: np.ndarray  # (F, 3)
    parts: np.ndarray  # (V,) of garments.SKIN...
    weights: Floats  # (V, B)
    heads: Floats  # (B, 3) where each bone begins
    names: tuple[str, ...]
    parents: tuple[int, ...]

    @property
    def height_m(self) -> float:
        """From sole to crown."""
        return float(self.vertices[:, 2].max())


def load_bodies(path: Path = BODIES) -> tuple[Body, ...]:
    """All bodies of the file, rest normals included."""
    with np.load(path) as data:
        names = tuple(str(n) for n in data["names"])
        parents = tuple(int(p) for p in data["parents"])
        count = sum(key.startswith("vertices_") for key in data.files)
        return tuple(_body(data, k, names, parents) for k in range(count))


def _body(data: np.lib.npyio.NpzFile, k: int, names: tuple[str, ...], parents: tuple[int, ...]) -> Body:
    vertices = data[f"vertices_{k}"].astype(np.float64) * UNIT_M
    faces = data[f"faces_{k}"].astype(np.int32)
    weights = np.zeros((len(vertices), len(names)))
    np.add.at(weights, (np.arange(len(vertices))[:, None], data[f"bones_{k}"]), data[f"weights_{k}"] / 255.0)
    weights /= weights.sum(1, keepdims=True)
    return Body(
        vertices=vertices, normals=vertex_normals(vertices, faces), faces=faces, parts=data[f"parts_{k}"],
        weights=weights, heads=data[f"heads_{k}"].astype(float), names=names, parents=parents,
    )  # fmt: skip


def bone_turns(body: Body, rotations: dict[str, Floats]) -> Floats:
    """(B, 3, 3) in model axes; a bone without a rotation of its own turns with its parent."""
    turns: list[Floats] = []
    for k, name in enumerate(body.names):
        up = body.parents[k]
        turns.append(rotations.get(name, turns[up] if up >= 0 else np.eye(3)))
    return np.stack(turns)


def bone_places(body: Body, rotations: dict[str, Floats]) -> Floats:
    """(B, 3) where each bone begins in the pose, metres, before the lowest point is put on the floor."""
    turns = bone_turns(body, rotations)
    places: list[Floats] = []
    for k, up in enumerate(body.parents):
        places.append(places[up] + turns[up] @ (body.heads[k] - body.heads[up]) if up >= 0 else body.heads[k])
    return np.stack(places)


def skinned(body: Body, rotations: dict[str, Floats]) -> tuple[Floats, Floats]:
    """Posed vertices and normals (V, 3), lowest point at z = 0.

    rotations: (3, 3) of a bone in model axes, from the rest pose, not relative to its parent; a bone without one
    turns with its parent.
    """
    turns = bone_turns(body, rotations)
    shifts = bone_places(body, rotations) - np.einsum("bij,bj->bi", turns, body.heads)  # (B, 3)
    blend = (body.weights @ turns.reshape(-1, 9)).reshape(-1, 3, 3)  # (V, 3, 3)
    vertices = np.einsum("vij,vj->vi", blend, body.vertices) + body.weights @ shifts
    normals = np.einsum("vij,vj->vi", blend, body.normals)
    vertices[:, 2] -= vertices[:, 2].min()
    return vertices, normals


def placed(vertices: Floats, x_m: float, y_m: float, heading_rad: float) -> Floats:
    """From the body's axes to the world's: the face turns to heading_rad (0 is +x, counter-clockwise)."""
    return vertices @ heading_matrix(heading_rad).T + [x_m, y_m, 0.0]


def heading_matrix(heading_rad: float) -> Floats:
    """(3, 3) from the body's axes to the world's."""
    angle = heading_rad + np.pi / 2  # the rest pose looks towards -y
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])
