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
    Identity(_shape(1.0, 0.66, 0.40, 0.62, 0.45), Outfit(sleeve=0.97, skirt=True, hair="short", hem_drop_m=0.0)),
    Identity(_shape(0.0, 0.58, 0.62, 0.45, 0.66), Outfit(sleeve=0.97, top_ease_m=0.030, hem_drop_m=0.16)),
    Identity(_shape(1.0, 0.58, 0.50, 0.40, 0.62), Outfit(sleeve=0.97, hair="long", top_ease_m=0.024, hem_drop_m=0.2)),
    Identity(_shape(0.0, 0.64, 0.50, 0.58, 0.40), Outfit(sleeve=0.42, hair="cap", trouser=0.52, bottom_ease_m=0.02)),
    Identity(_shape(1.0, 0.74, 0.40, 0.66, 0.38), Outfit(sleeve=0.7, hair="short", hem_drop_m=0.18)),
    Identity(_shape(0.0, 0.82, 0.42, 0.56, 0.48), Outfit(sleeve=0.97, top_ease_m=0.028, hem_drop_m=0.14)),
    Identity(_shape(1.0, 0.62, 0.48, 0.50, 0.48), Outfit(sleeve=0.42, skirt=True, hair="long", hem_drop_m=0.0)),
    Identity(_shape(0.0, 0.60, 0.70, 0.60, 0.58), Outfit(sleeve=0.40, hem_drop_m=0.14)),
    Identity(_shape(1.0, 0.68, 0.45, 0.52, 0.58), Outfit(sleeve=0.97, hair="short", top_ease_m=0.028, hem_drop_m=0.3)),
    Identity(_shape(0.0, 0.56, 0.50, 0.42, 0.50), Outfit(sleeve=0.97, hair="short", top_ease_m=0.034)),
    Identity(_shape(1.0, 0.56, 0.42, 0.55, 0.42), Outfit(sleeve=0.97, hair="long", top_ease_m=0.02)),
)


def load_anny() -> Any:
    """The model with MakeHuman's own topology: only that one keeps the shells for clothes and hair."""
    try:
        import anny  # noqa: PLC0415 - only this maker needs it
    except ImportError:
        raise SystemExit("the bodies are made with PyPI's anny (and torch): pip install anny") from None
    return anny.Anny(topology="makehuman", phenotypes="default")


def base_faces(model: Any) -> Ints:
    """Triangles (F, 3) of body, eyes, tights, skirt and long hair, from MakeHuman's base.obj."""
    import anny  # noqa: PLC0415

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
    import torch  # noqa: PLC0415

    pose = torch.eye(4, dtype=torch.float64)[None, None].repeat(1, len(model.bone_labels), 1, 1)
    out = model(pose_parameters=pose, phenotype_kwargs=shape)
    vertices = out["rest_vertices"][0].detach().numpy().copy()
    heads = out["rest_bone_heads"][0].detach().numpy()[[model.bone_labels.index(b) for b in BONES]]
    floor = vertices[slice(*BODY), 2].min()
    return vertices - [0, 0, floor], heads - [0, 0, floor]


def joints_of(heads: Floats) -> Joints:
    """The joints that clothes are cut by."""
    at = {name: heads[k] for k, name in enumerate(BONES)}
    return Joints(
        head=at["head"], neck=at["neck01"], hip=at["upperleg01.L"], knee=at["lowerleg01.L"], ankle=at["foot.L"],
        shoulder=at["upperarm01.L"], elbow=at["lowerarm01.L"], wrist=at["wrist.L"],
    )  # fmt: skip


def weight_of(weights: Floats, names: tuple[str, ...]) -> Floats:
    """How far each vertex or triangle (V,) hangs on some bones together."""
    return np.asarray(weights[:, [BONES.index(n) for n in names]].sum(1))


ARM = tuple(b for b in BONES if b.split(".")[0] in ("upperarm01", "lowerarm01", "wrist"))


GROUPS = {"body": BODY, "eyes": EYES, "tights": TIGHTS, "skirt": SKIRT, "hair": LONG_HAIR}
Mesh = tuple[Floats, Ints, Floats]  # vertices (V, 3), faces (F, 3), weights (V, B)


def group_of(faces: Ints) -> np.ndarray:
    """The MakeHuman group of each triangle of base_faces (F,), as the name's place in GROUPS."""
    out = np.full(len(faces), -1)
    for k, (low, high) in enumerate(GROUPS.values()):
        out[(faces[:, 0] >= low) & (faces[:, 0] < high)] = k
    return out


def tailored(mesh: Mesh, joints: Joints, outfit: Outfit) -> dict[str, Mesh]:
    """Each group as a mesh of its own (vertices are shared), the shells cut along the edges of what is worn."""
    vertices, faces, weights = mesh
    groups = {}
    kinds = group_of(faces)
    for k, name in enumerate(GROUPS):
        used, index = np.unique(faces[kinds == k], return_inverse=True)
        part: Mesh = (vertices[used], index.reshape(-1, 3), weights[used])
        if name == "tights":
            part = (garments.smoothed(part[0], part[1], part[0][:, 2] > joints.ankle[2] + 0.02, 4), *part[1:])
            for edge in ("hem", "shoe", "sleeve", "cuff"):
                arm = weight_of(part[2], ARM) > 0.5
                field = garments.borders(part[0], arm, joints, outfit)[edge]
                part = simplify.cut(part, field, np.asarray(arm[part[1]].all(1) | ~arm[part[1]].any(1)))
        elif name == "skirt":
            field = 0.62 - garments.along(part[0], joints.hip, joints.ankle)
            part = simplify.cut(part, field, np.ones(len(part[1]), bool))
        elif name == "body":
            part = simplify.cut(part, scalp_of(part, joints, outfit) - 0.5, np.ones(len(part[1]), bool))
        groups[name] = part
    return groups


def scalp_of(mesh: Mesh, joints: Joints, outfit: Outfit) -> Floats:
    """How much of each vertex of the body is hair (V,)."""
    head = weight_of(mesh[2], ("head",)) > 0.5
    return np.where(head, garments.scalp(mesh[0], joints, outfit), 0.0)


def face_parts(name: str, mesh: Mesh, joints: Joints, outfit: Outfit) -> Ints:
    """What each triangle shows (F,); -1 where it is not worn or lies deep under clothes."""
    vertices, faces, weights = mesh
    middle, held = vertices[faces].mean(1), weights[faces].mean(1)
    arm = weight_of(held, ARM) > 0.5
    if name == "eyes":
        return np.full(len(faces), garments.EYE)
    if name == "tights":
        return garments.shell_parts(middle, arm, joints, outfit)
    if name == "skirt":
        leg = garments.along(middle, joints.hip, joints.ankle)
        return np.where((leg < 0.62) if outfit.skirt else False, garments.BOTTOM, -1)
    if name == "hair":
        long = (middle[:, 2] > joints.neck[2] - 0.10) & (outfit.hair == "long")
        rel = middle - joints.head
        face = (rel[:, 1] < -0.03) & (rel[:, 2] < 0.125)
        return np.where(long & ~face, garments.HAIR, -1)
    head = weight_of(held, ("head", "neck01")) > 0.4
    bare = head | (garments.shell_parts(middle, arm, joints, garments.shrunk(outfit)) == -1)
    return np.where(scalp_of(mesh, joints, outfit)[faces].mean(1) > 0.5, garments.HAIR, np.where(bare, 0, -1))


def dress(mesh: Mesh, joints: Joints, outfit: Outfit) -> list[tuple[Mesh, Ints]]:
    """The pieces that are drawn, pushed off the skin, each with the part of every triangle."""
    pieces = []
    eyes = mesh[0][slice(*EYES)]
    for name, piece in tailored(mesh, joints, outfit).items():
        vertices, faces, weights = piece
        part = face_parts(name, piece, joints, outfit)
        normals = garments.vertex_normals(vertices, faces)
        if name == "body":
            push = 0.014 * scalp_of(piece, joints, outfit)
            paint_face(part, vertices[faces].mean(1), eyes)
            pieces.append(((vertices + normals * push[:, None], faces, weights), part))
            continue
        # A garment is a piece of its own: the top's hem stands off the trousers under it.
        for kind in np.unique(part[part >= 0]):
            off = garments.ease(vertices, np.full(len(vertices), kind), joints, outfit)
            off = off if name in ("tights", "skirt") else np.zeros(len(vertices))
            pieces.append(((vertices + normals * off[:, None], faces[part == kind], weights), part[part == kind]))
    return pieces


def paint_face(part: Ints, places: Floats, eyes: Floats) -> None:
    """Brows and lips of skin triangles at places (F, 3), in place; without them a face reads as a mannequin's."""
    skin = part == garments.SKIN
    for side in (eyes[: len(eyes) // 2], eyes[len(eyes) // 2 :]):
        away = (places - side.mean(0) - [0, -0.012, 0.022]) / [0.022, 0.02, 0.006]
        part[skin & ((away**2).sum(1) < 1)] = garments.HAIR
    away = (places - eyes.mean(0) - [0, -0.02, -0.068]) / [0.022, 0.03, 0.006]
    part[skin & ((away**2).sum(1) < 1)] = garments.LIPS


def joined(pieces: list[tuple[Mesh, Ints]]) -> tuple[Mesh, Ints]:
    """One mesh of all pieces."""
    shift = np.cumsum([0] + [len(mesh[0]) for mesh, _ in pieces])
    vertices, weights = (np.concatenate([mesh[k] for mesh, _ in pieces]) for k in (0, 2))
    faces = np.concatenate([mesh[1] + s for (mesh, _), s in zip(pieces, shift, strict=False)])
    return (vertices, faces, weights), np.concatenate([part for _, part in pieces])


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
    """Writes every identity's body to one file."""
    model = load_anny()
    faces, weights = base_faces(model), bone_weights(model)
    arrays: dict[str, Any] = {}
    for k, identity in enumerate(IDENTITIES):
        vertices, heads = rest_body(model, identity.shape)
        mesh, part = joined(dress((vertices, faces, weights), joints_of(heads), identity.outfit))
        drawn, faces_k, part, weights_k = simplify.lighter(
            mesh[0], mesh[1], part, mesh[2], cell_m=np.where(weight_of(mesh[2], ("head",)) > 0.5, 0.0095, 0.013)
        )
        for name, array in compact(drawn, faces_k, part, weights_k).items():
            arrays[f"{name}_{k}"] = array
        arrays[f"heads_{k}"] = heads.astype(np.float32)
        sys.stderr.write(
            f"body {k}: {vertices[slice(*BODY), 2].max():.2f} m, {len(arrays[f'vertices_{k}'])} vertices\n"
        )
    parents = [model.bone_parents[model.bone_labels.index(b)] for b in BONES]
    arrays["names"] = np.array(BONES)
    arrays["parents"] = np.array([kept_parent(model, p) for p in parents], np.int8)
    np.savez_compressed(out, **arrays)


def kept_parent(model: Any, at: int) -> int:
    """The place in BONES of a bone's nearest kept ancestor, -1 for none."""
    while at >= 0 and model.bone_labels[at] not in BONES:
        at = model.bone_parents[at]
    return BONES.index(model.bone_labels[at]) if at >= 0 else -1


if __name__ == "__main__":
    make(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).with_name("bodies.npz"))
