"""Where a till's lane lies: on the floor in metres, and as the site file's fractions of the picture."""

import numpy as np
from numpy.typing import NDArray

from calibration.simulator.settings import Point, Scenario, Till

Floats = NDArray[np.float64]


def spot(till: Till, along_m: float, side_m: float = 0.0) -> Point:
    """A floor point: along_m behind the one being served, side_m to the left of someone who looks at the till."""
    (x, y), (ax, ay) = till.head_m, till.axis
    return (x + ax * along_m + ay * side_m, y + ay * along_m - ax * side_m)


def area_m(till: Till) -> list[Point]:
    """The lane's corners; the first two are the service line's."""
    w, head, tail = till.half_width_m, -till.beyond_m, till.length_m
    return [spot(till, head, -w), spot(till, head, w), spot(till, tail, w), spot(till, tail, -w)]


def inside(till: Till, x_m: float, y_m: float) -> bool:
    """Whether a foot is in the lane's area."""
    along, side = place(till, x_m, y_m)
    return -till.beyond_m <= along <= till.length_m and abs(side) <= till.half_width_m


def place(till: Till, x_m: float, y_m: float) -> tuple[float, float]:
    """(along, side) metres: the inverse of spot."""
    dx, dy = x_m - till.head_m[0], y_m - till.head_m[1]
    ax, ay = till.axis
    return dx * ax + dy * ay, dx * ay - dy * ax


def desk_m(till: Till) -> tuple[Point, float]:
    """The desk's middle and the direction of its long side (radians)."""
    return spot(till, 0.1, 0.98 * till.server_side), float(np.arctan2(till.axis[1], till.axis[0]))


def fractions(scenario: Scenario, points: list[Point]) -> list[list[float]]:
    """Floor points as fractions of the picture, cut at its border."""
    world = np.array([[x, y, 0.0] for x, y in points])
    size = [scenario.camera.width_px, scenario.camera.height_px]
    return [[float(v) for v in p] for p in np.clip(scenario.camera.project(world) / size, 0.0, 1.0).round(4)]


def site_toml(scenario: Scenario, source: str) -> str:
    """The site file whose lanes are the ones that the truth was made with."""
    lines = [
        "[site]", f'id = "{scenario.name}"', f'name = "{scenario.title}"', 'timezone = "UTC"', "",
        "[[camera]]", f'id = "{scenario.name}"', f'source = "{source}"', f"detect_fps = {scenario.detect_fps:g}",
    ]  # fmt: skip
    corners = [[-2.0, 5.0], [2.0, 5.0], [2.0, 9.0], [-2.0, 9.0]]
    floor = fractions(scenario, [(x, y) for x, y in corners])
    lines += [f"floor = {{ image = {floor}, metres = {corners} }}"]
    for till in scenario.tills:
        area = fractions(scenario, area_m(till))
        lines += [
            "", "[[queue]]", f'id = "{till.queue}"', f'name = "{till.name}"', "servers = 1", "count_served = true", "",
            "[[queue.lane]]", f'camera = "{scenario.name}"', f"area = {area}", f"service_line = {area[:2]}",
            f"min_stay_s = {scenario.min_stay_s:g}", "hold_s = 3",
        ]  # fmt: skip
    return "\n".join(lines) + "\n"
