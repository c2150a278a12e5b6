"""Poses as limb angles in degrees, turned into bone rotations: standing, walking, waiting with a tray."""

import math
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detector.scenes.body import Body

Floats = NDArray[np.float64]
# bone -> the bone its limb points to
LIMBS = {"upperleg01": "lowerleg01", "lowerleg01": "foot", "upperarm01": "lowerarm01", "lowerarm01": "wrist"}


@dataclass(frozen=True)
class Pose:
    """Degrees. Pairs are (left, right); flexion is forwards, spread is away from the middle."""

    hip: tuple[float, float] = (0.0, 0.0)
    leg_spread: tuple[float, float] = (1.0, 1.0)
    knee: tuple[float, float] = (3.0, 3.0)
    arm: tuple[float, float] = (4.0, 4.0)
    arm_spread: tuple[float, float] = (10.0, 10.0)
    elbow: tuple[float, float] = (14.0, 14.0)
    forearm_in: tuple[float, float] = (5.0, 5.0)
    lean: float = 2.0
    sway: float = 0.0
    twist: float = 0.0
    head_turn: float = 0.0
    head_down: float = 4.0


STANDING = (
    Pose(),
    Pose(hip=(6, -1), knee=(12, 2), leg_spread=(5, 0), sway=1.5, arm=(8, 0), elbow=(20, 10), head_turn=12),
    Pose(arm=(32, 24), elbow=(95, 98), forearm_in=(42, 42), arm_spread=(14, 14), lean=3),  # hands before the belly
    Pose(arm=(20, 2), elbow=(112, 12), forearm_in=(25, 5), head_down=24, lean=4),  # looks at a phone
    Pose(hip=(0, 5), knee=(2, 10), leg_spread=(1, 6), sway=-1.5, head_turn=-18, arm=(-4, 6)),
)
PAYING = Pose(arm=(8, 38), elbow=(24, 48), forearm_in=(5, 20), lean=5, head_down=12)
TRAY = Pose(arm=(22, 22), elbow=(72, 72), forearm_in=(2, 2), arm_spread=(12, 12), lean=-1)
SERVING = Pose(arm=(30, 42), elbow=(60, 45), forearm_in=(15, 10), lean=9, head_down=14)


def walking(phase_rad: float, effort: float, upper: Pose = STANDING[0]) -> Pose:
    """A step cycle: phase 0 has the left foot in front; effort 0 stands, 1 walks at about 1.25 m/s."""

    def leg(at: float) -> tuple[float, float]:
        swing = math.exp(-(((at % (2 * math.pi)) - 1.45 * math.pi) ** 2) / 0.9)
        return effort * (22 * math.cos(at) + 3), 4 + effort * 52 * swing

    (hip_l, knee_l), (hip_r, knee_r) = leg(phase_rad), leg(phase_rad + math.pi)
    free = 1.0 if max(upper.elbow) < 40 else 0.12  # hands that carry something do not swing
    swing = 20 * effort * free * math.cos(phase_rad)
    return replace(
        upper, hip=(hip_l, hip_r), knee=(knee_l, knee_r), leg_spread=(1, 1), lean=upper.lean + 3 * effort,
        arm=(upper.arm[0] - swing, upper.arm[1] + swing), twist=-5 * effort * math.cos(phase_rad),
        sway=1.2 * effort * math.sin(phase_rad),
    )  # fmt: skip


def blended(first: Pose, second: Pose, share: float) -> Pose:
    """Between two poses; share 0 is the first."""

    def mix(a: Any, b: Any) -> Any:
        if isinstance(a, tuple):
            return tuple(x + (y - x) * share for x, y in zip(a, b, strict=True))
        return a + (b - a) * share

    return Pose(**{f.name: mix(getattr(first, f.name), getattr(second, f.name)) for f in fields(Pose)})


def rotation(axis: tuple[float, float, float], degrees: float) -> Floats:
    """(3, 3) about an axis through the origin (Rodrigues)."""
    x, y, z = np.asarray(axis, float) / np.linalg.norm(axis)
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    angle = math.radians(degrees)
    return np.asarray(np.eye(3) + math.sin(angle) * cross + (1 - math.cos(angle)) * cross @ cross)


def arc(start: Floats, end: Floats) -> Floats:
    """(3, 3): the shortest turn that takes the direction start to end."""
    start, end = start / np.linalg.norm(start), end / np.linalg.norm(end)
    axis = np.cross(start, end)
    size = np.linalg.norm(axis)
    if size < 1e-9:
        return np.eye(3)
    return rotation(tuple(axis), math.degrees(math.atan2(size, float(start @ end))))


def direction(flexion: float, spread: float, side: int) -> Floats:
    """Unit direction of a limb: down at 0, forwards (-y) with flexion, outwards with spread; side +1 left, -1 right."""
    f, s = math.radians(flexion), math.radians(spread)
    return np.array([side * math.sin(s), -math.sin(f) * math.cos(s), -math.cos(f) * math.cos(s)])


def rotations(body: Body, pose: Pose) -> dict[str, Floats]:
    """Bone rotations in model axes for body.skinned."""
    torso = rotation((1, 0, 0), pose.lean) @ rotation((0, 1, 0), pose.sway) @ rotation((0, 0, 1), pose.twist)
    neck = torso @ rotation((0, 0, 1), pose.head_turn) @ rotation((1, 0, 0), pose.head_down - pose.lean)
    out = {"root": np.eye(3), "spine05": _part(torso, 0.4), "spine03": _part(torso, 0.7), "spine01": torso}
    out |= {"neck01": _between(torso, neck), "head": neck}
    for k, (mark, side) in enumerate((("L", 1), ("R", -1))):
        leg, shin = pose.hip[k], pose.hip[k] - pose.knee[k]
        arm = torso @ direction(pose.arm[k], pose.arm_spread[k], side)
        inwards = pose.arm_spread[k] - pose.forearm_in[k]
        hand = torso @ direction(pose.arm[k] + pose.elbow[k], inwards, side)
        aims = {
            "upperleg01": direction(leg, pose.leg_spread[k], side), "lowerleg01": direction(shin, 0.5, side),
            "upperarm01": arm, "lowerarm01": hand,
        }  # fmt: skip
        for bone, aim in aims.items():
            out[f"{bone}.{mark}"] = arc(_limb(body, bone, mark), aim)
        out[f"foot.{mark}"] = rotation((1, 0, 0), -0.8 * shin) @ rotation((0, 0, 1), 6 * side)
    return out


def _limb(body: Body, bone: str, mark: str) -> Floats:
    at, to = body.names.index(f"{bone}.{mark}"), body.names.index(f"{LIMBS[bone]}.{mark}")
    return np.asarray(body.heads[to] - body.heads[at])


def _part(turn: Floats, share: float) -> Floats:
    """A share of a small turn: mixed with the identity and made orthogonal again."""
    u, _, v = np.linalg.svd(np.eye(3) * (1 - share) + turn * share)
    return np.asarray(u @ v)


def _between(first: Floats, second: Floats) -> Floats:
    u, _, v = np.linalg.svd(first + second)
    return np.asarray(u @ v)
