"""The floor under a picture, from four points and two lengths, or from a person of known height who walks through.

The walk: a camera without roll at height h over a flat floor, tilted down by t, with focal length f (in picture
heights, the middle of the picture its principal point). A foot at row v lies under the ray with tangent
tan(t + atan((v - 1/2) / f)) = h / distance; the head of a person of height H at the same distance lies under
(h - H) / distance. f, t and h are found by least squares on the heads' rows. (Hartley and Zisserman, Multiple View
Geometry, 2nd edition, section 8.7, is the general case.)
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

from edge.vocabulary import Point, Polygon

LEAST_PLACES = 12
LEAST_SPREAD = 0.1  # of the picture's height between the nearest and the farthest foot
USUAL_F = 0.9  # picture heights: a lens of 60 degrees up and down, most security cameras
F_SURE = 0.7  # how far from it, in logarithms: feet and heads alone hardly tell a lens


class FloorError(ValueError):
    """Why no floor comes of it, in words."""


@dataclass(frozen=True)
class Floor:
    """Four points of the picture (fractions), the same in metres, and how well they are known.

    Attributes:
        image, metres: as [camera.floor] in a site file.
        error: root mean square error of the person's height, a share of it; 0 where four points were measured.
        words: what was found, for people.
    """

    image: Polygon
    metres: Polygon
    error: float
    words: str


def rectangle(image: Polygon, width_m: float, depth_m: float) -> Floor:
    """The floor of four points that are a rectangle's corners: first to second `width_m`, second to third `depth_m`."""
    if len(image) != 4:
        raise FloorError(f"four points are wanted, here are {len(image)}")
    if not (0.1 <= width_m <= 200 and 0.1 <= depth_m <= 200):
        raise FloorError(f"the two lengths are {width_m:g} m and {depth_m:g} m; allowed: 0.1 to 200 m")
    metres: Polygon = ((0.0, 0.0), (width_m, 0.0), (width_m, depth_m), (0.0, depth_m))
    return Floor(image, metres, 0.0, f"a rectangle of {width_m:g} m by {depth_m:g} m")


def from_walk(box: NDArray[np.float64], aspect: float, height_m: float) -> Floor:
    """The floor from one person's (N, 4) boxes x1 y1 x2 y2, fractions of a picture of width / height `aspect`.

    Raises:
        FloorError: too few places, too little depth, or no camera that explains the heights.
    """
    whole = box[(box[:, 3] < 0.985) & (box[:, 1] > 0.015)]  # not cut by the picture's border
    if len(whole) < LEAST_PLACES or np.ptp(whole[:, 3]) < LEAST_SPREAD:
        spread = float(np.ptp(whole[:, 3])) if len(whole) else 0.0
        raise FloorError(
            f"{len(whole)} whole sightings over {spread:.0%} of the picture's height; wanted: {LEAST_PLACES} over 10%. "
            "Walk from the far end of the floor to the near one"
        )
    foot, head = whole[:, 3], whole[:, 1]

    def distance(rows: NDArray[np.float64], f: float, tilt: float, above_m: float) -> NDArray[np.float64]:
        return above_m / np.maximum(np.tan(tilt + np.arctan((rows - 0.5) / f)), 1e-3)

    def heads(f: float, tilt: float, above_m: float) -> NDArray[np.float64]:
        below = np.arctan((above_m - height_m) / distance(foot, f, tilt, above_m))
        return np.asarray(0.5 + f * np.tan(below - tilt))

    def misfit(p: NDArray[np.float64]) -> NDArray[np.float64]:
        f, tilt, above_m = np.exp(p[0]), p[1], np.exp(p[2])
        prior = 0.02 * (p[0] - np.log(USUAL_F)) / F_SURE
        return np.append((heads(f, tilt, above_m) - head) / (foot - head), prior)

    starts = [np.array([np.log(USUAL_F), tilt, np.log(above)]) for tilt in (0.2, 0.5, 0.9) for above in (2.2, 3.5, 6.0)]
    fits = [least_squares(misfit, start, loss="soft_l1", f_scale=0.05) for start in starts]
    best = min(fits, key=lambda fit: float(fit.cost))
    f, tilt, above_m = float(np.exp(best.x[0])), float(best.x[1]), float(np.exp(best.x[2]))
    error = float(np.sqrt(np.mean(misfit(best.x)[:-1] ** 2)))
    if error > 0.15 or not height_m * 0.8 < above_m < 30:
        raise FloorError(f"no camera explains these heights (they are off by {error:.0%}); one person, upright, whole?")
    rows = np.quantile(foot, (0.95, 0.05))
    image = ((0.2, rows[0]), (0.8, rows[0]), (0.8, rows[1]), (0.2, rows[1]))
    metres = tuple(_metres(p, aspect, f=f, tilt=tilt, above_m=above_m) for p in image)
    words = (
        f"the camera hangs {above_m:.1f} m high, tilted {np.degrees(tilt):.0f}° down; heights fit within {error:.0%}"
    )
    return Floor(tuple((float(x), float(y)) for x, y in image), metres, error, words)


def _metres(point: tuple[float, float], aspect: float, *, f: float, tilt: float, above_m: float) -> Point:
    """Where a point of the floor lies: to the right of the camera, and ahead of it."""
    x, y = (point[0] - 0.5) * aspect / f, (point[1] - 0.5) / f
    # The ray (x, y, 1) turned down by tilt; it meets the floor after above_m / its downward part.
    down, ahead = y * np.cos(tilt) + np.sin(tilt), np.cos(tilt) - y * np.sin(tilt)
    reach = above_m / max(down, 1e-3)
    return round(float(x * reach), 3), round(float(ahead * reach), 3)
