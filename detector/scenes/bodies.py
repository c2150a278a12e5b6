"""Makes bodies.npz: dressed bodies in the rest pose with their skinning. Needs PyPI's `anny`; nothing else here does.

usage: python -m detector.scenes.bodies [OUT.npz]
"""

import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from detector.scenes import garments, simplify
from detector.scenes.garments import Floats, Ints, Joints, Outfit

# The rig has 104 bones; toes and fingers are too small to see and follow the foot and the wrist.
BONES = (
    "root", "upperleg01.L", "lowerleg01.L", "foot.L", "upperleg01.R", "lowerleg01.R", "foot.R",
    "spine05", "spine03", "spine01", "clavicle.L", "upperarm01.L", "lowerarm01.L", "wrist.L",
    "clavicle.R", "upperarm01.R", "lowerarm01.R", "wrist.R", "neck01", "head",
)  # fmt: skip
BODY, EYES, TIGHTS, SKIRT, LONG_HAIR = (0, 13380), (14598, 14742), (15328, 18002), (18002, 18722), (18722, 19150)
UNIT_M = 1e-4  # vertices are stored as int16 in tenths of a millimetre


@dataclass(frozen=True)
class Identity:
    """One person: MakeHuman's macro shape (0 to 1 each) and clothes. gender 0 is male, 1 female."""

    shape: dict[str, float]
    outfit: Outfit = field(default_factory=Outfit)


def _shape(gender: float, age: float, muscle: float, weight: float, height: float) -> dict[str, float]:
    return {"gender": gender, "age": age, "muscle": muscle, "weight": weight, "height": height, "proportions": 0.6}


IDENTITIES = (
    Identity(_shape(0.0, 0.62, 0.55, 0.50, 0.52), Outfit(sleeve=0.98, top_ease_m=0.018)),
    Identity(_shape(1.0, 0.60, 0.45, 0.45, 0.55), Outfit(sleeve=0.42, hair="long", bottom_ease_m=0.007)),
    Identity(_shape(0.0, 0.70, 0.45, 0.72, 0.45), Outfit(sleeve=0.40, hair="bald", top_ease_m=0.020)),
    Identity(_shape(1.0, 0.66, 0.40, 0.62, 0.45), Outfit(sleeve=0.97, skirt=True, hair="short")),
    Identity(_shape(0.0, 0.58, 0.62, 0.45, 0.66), Outfit(sleeve=0.97, top_ease_m=0.030, hem_drop_m=0.16)),
    Identity(_shape(1.0, 0.58, 0.50, 0.40, 0.62), Outfit(sleeve=0.97, hair="long", top_ease_m=0.024, hem_drop_m=0.2)),
    Identity(_shape(0.0, 0.64, 0.50, 0.58, 0.40), Outfit(sleeve=0.42, hair="cap", trouser=0.52, bottom_ease_m=0.02)),
    Identity(_shape(1.0, 0.74, 0.40, 0.66, 0.38), Outfit(sleeve=0.7, hair="short", hem_drop_m=0.18)),
    Identity(_shape(0.0, 0.82, 0.42, 0.56, 0.48), Outfit(sleeve=0.97, top_ease_m=0.028, hem_drop_m=0.14)),
    Identity(_shape(1.0, 0.62, 0.48, 0.50, 0.48), Outfit(sleeve=0.42, skirt=True, hair="long")),
    Identity(_shape(0.0, 0.60, 0.70, 0.60, 0.58), Outfit(sleeve=0.40, hem_drop_m=0.14)),
    Identity(_shape(1.0, 0.68, 0.45, 0.52, 0.58), Outfit(sleeve=0.97, hair="short", top_ease_m=0.028, hem_drop_m=0.3)),
    Identity(_shape(0.0, 0.56, 0.50, 0.42, 0.50), Outfit(sleeve=0.97, hair="short", top_ease_m=0.034)),
    Identity(_shape(1.0, 0.56, 0.42, 0.55, 0.42), Outfit(sleeve=0.97, hair="long", top_ease_m=0.02)),
)


def load_anny() -> Any:
    """anny's model with MakeHuman's own topology: only that one keeps the shells for clothes and hair."""
    try:
        import anny
    except ImportError:
        raise SystemExit("the bodies are made with PyPI's anny (and torch): pip install anny") from None
    return anny.Anny(topology="makehuman", phenotypes="default")


def base_faces(model: Any) -> Ints:
    """Triangles (F, 3) of body, eyes, tights, skirt and long hair, from MakeHuman's base.obj."""
    import anny

    keep = {"body", "helper-l-eye", "helper-r-eye", "helper-tights", "helper-skirt", "helper-hair"}
    path = Path(anny.__file__).parent / "data/mpfb2/3dobjs/base.obj"
    group, triangles = "", []
    for line in path.read_text().splitlines():
        if line.startswith("g "):
            group = line.split()[1]
        elif line.startswith("f ") and group in keep:
            quad = [int(word.split("/")[0]) - 1 for word in line.split()[1:]]
            triangles.append(quad[:3])
            if len(quad) == 4:
                triangles.append([quad[0], quad[2], quad[3]])
    return np.array(triangles)


def bone_weights(model: Any) -> Floats:
    """(V, B) weights of BONES; a dropped bone's weight goes to its nearest kept ancestor."""
    parents, labels = model.bone_parents, model.bone_labels
    target = []
    for k in range(len(labels)):
        at = k
        while labels[at] not in BONES:
            at = parents[at]
        target.append(BONES.index(labels[at]))
    index = np.asarray(model.vertex_bone_indices)
    weight = np.asarray(model.vertex_bone_weights)
    out = np.zeros((len(index), len(BONES)))
    for k in range(index.shape[1]):
        np.add.at(out, (np.arange(len(index)), np.array(target)[index[:, k]]), weight[:, k])
    return out


def rest_body(model: Any, shape: dict[str, float]) -> tuple[Floats, Floats]:
    """Rest vertices (V, 3) and the heads of BONES (B, 3), metres, the soles at z = 0."""
    import torch

    pose = torch.eye(4, dtype=torch.float64)[None, None].repeat(1, len(model.bone_labels), 1, 1)
    out = model(pose_parameters=pose, phenotype_kwargs=shape)
    vertices = out["rest_vertices"][0].detach().numpy().copy()
    heads = out["rest_bone_heads"][0].detach().numpy()[[model.bone_labels.index(b) for b in BONES]]
    floor = vertices[slice(*BODY), 2].min()
    return vertices - [0, 0, floor], heads - [0, 0, floor]


def joints_of(heads: Floats) -> Joints:
    at = {name: heads[k] for k, name in enumerate(BONES)}
    return Joints(
        head=at["head"], neck=at["neck01"], hip=at["upperleg01.L"], knee=at["lowerleg01.L"], ankle=at["foot.L"],
        shoulder=at["upperarm01.L"], elbow=at["lowerarm01.L"], wrist=at["wrist.L"],
    )  # fmt: skip


def weight_of(weights: Floats, names: tuple[str, ...]) -> Floats:
    return weights[:, [BONES.index(n) for n in names]].sum(1)


ARM = tuple(b for b in BONES if b.split(".")[0] in ("upperarm01", "lowerarm01", "wrist"))


def parts_of(vertices: Floats, weights: Floats, joints: Joints, outfit: Outfit) -> Ints:
    """The part each vertex of the whole MakeHuman mesh shows (V,); -1 where it is not worn or is covered."""
    part = np.full(len(vertices), -1)
    arm = weight_of(weights, ARM) > 0.5
    worn = garments.shell_parts(vertices, arm, joints, outfit)
    head = weight_of(weights, ("head", "neck01")) > 0.4
    deeper = garments.shell_parts(vertices, arm, joints, garments.shrunk(outfit))
    body = slice(*BODY)
    part[body] = np.where(head[body] | (deeper[body] == -1), garments.SKIN, -1)
    part[slice(*EYES)] = garments.EYE
    part[slice(*TIGHTS)] = worn[slice(*TIGHTS)]
    if outfit.skirt:
        skirt = slice(*SKIRT)
        leg = garments.along(vertices[skirt], joints.hip, joints.ankle)
        part[skirt] = np.where(leg < 0.62, garments.BOTTOM, -1)
    if outfit.hair == "long":
        hair = slice(*LONG_HAIR)
        part[hair] = np.where(vertices[hair, 2] > joints.neck[2] - 0.10, garments.HAIR, -1)
    return part


def dress(vertices: Floats, faces: Ints, weights: Floats, *, joints: Joints, outfit: Outfit) -> tuple[Floats, Ints]:
    """Vertices with clothes and hair pushed off the skin, and the part of every face (-1: not drawn)."""
    part = parts_of(vertices, weights, joints, outfit)
    shell = np.zeros(len(vertices), bool)
    shell[TIGHTS[0] : SKIRT[1]] = True
    cloth = garments.smoothed(vertices, faces, shell & (part != garments.SHOES), 4)
    normals = garments.vertex_normals(cloth, faces)
    cloth = cloth + normals * (garments.ease(cloth, part, joints, outfit) * shell)[:, None]
    hair = np.zeros(len(vertices))
    body_head = weight_of(weights, ("head",)) > 0.5
    body_head[BODY[1] :] = False
    hair[body_head] = garments.scalp(vertices[body_head], joints, outfit)
    cloth = cloth + normals * (0.014 * hair)[:, None]
    part = np.where(hair > 0.5, garments.HAIR, part)
    paint_face(part, vertices)
    corner = part[faces]  # (F, 3)
    return cloth, np.where((corner < 0).any(1), -1, np.median(corner, axis=1).astype(int))


def paint_face(part: Ints, vertices: Floats) -> None:
    """Brows and lips, in place; a face without them reads as a mannequin's."""
    body = slice(*BODY)
    eyes = vertices[slice(*EYES)]
    for side in (eyes[: len(eyes) // 2], eyes[len(eyes) // 2 :]):
        away = (vertices[body] - side.mean(0) - [0, -0.012, 0.022]) / [0.022, 0.02, 0.005]
        part[body] = np.where(((away**2).sum(1) < 1) & (part[body] >= 0), garments.HAIR, part[body])
    mouth = eyes.mean(0) + [0, -0.02, -0.068]
    away = (vertices[body] - mouth) / [0.026, 0.03, 0.009]
    part[body] = np.where(((away**2).sum(1) < 1) & (part[body] == garments.SKIN), garments.LIPS, part[body])


def compact(vertices: Floats, faces: Ints, part: Ints, weights: Floats) -> dict[str, np.ndarray]:
    """Only what is drawn, a vertex copied for each part it borders on, in small integers."""
    faces, part = faces[part >= 0], part[part >= 0]
    keys = faces * 16 + part[:, None]
    unique, index = np.unique(keys, return_inverse=True)
    at = unique // 16
    four = np.argsort(-weights[at], axis=1)[:, :4]
    share = np.take_along_axis(weights[at], four, 1)
    share = np.round(255 * share / share.sum(1, keepdims=True))
    return {
        "vertices": np.round(vertices[at] / UNIT_M).astype(np.int16),
        "faces": index.reshape(-1, 3).astype(np.uint16),
        "parts": (unique % 16).astype(np.uint8),
        "bones": four.astype(np.uint8),
        "weights": share.astype(np.uint8),
    }


def make(out: Path) -> None:
    model = load_anny()
    faces, weights = base_faces(model), bone_weights(model)
    arrays: dict[str, np.ndarray] = {}
    for k, identity in enumerate(IDENTITIES):
        vertices, heads = rest_body(model, identity.shape)
        dressed, part = dress(vertices, faces, weights, joints=joints_of(heads), outfit=identity.outfit)
        dressed, faces_k, part, weights_k = simplify.lighter(dressed, faces, part, weights)
        for name, array in compact(dressed, faces_k, part, weights_k).items():
            arrays[f"{name}_{k}"] = array
        arrays[f"heads_{k}"] = heads.astype(np.float32)
        print(k, f"height {vertices[slice(*BODY), 2].max():.2f} m, {len(arrays[f'vertices_{k}'])} vertices")
    parents = [model.bone_parents[model.bone_labels.index(b)] for b in BONES]
    arrays["names"] = np.array(BONES)
    arrays["parents"] = np.array([kept_parent(model, p) for p in parents], np.int8)
    np.savez_compressed(out, **arrays)


def kept_parent(model: Any, at: int) -> int:
    while at >= 0 and model.bone_labels[at] not in BONES:
        at = model.bone_parents[at]
    return BONES.index(model.bone_labels[at]) if at >= 0 else -1


if __name__ == "__main__":
    make(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).with_name("bodies.npz"))
