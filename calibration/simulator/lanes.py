"""Where a till's lane lies: on the floor in metres, and as the site file's fractions of the picture."""

import numpy as np
from numpy.typing import NDArray

from calibration.simulator.settings import Point, Scenario, Section, Till
from detector.scenes.camera import Camera

Floats = NDArray[np.float64]


def spot(till: Till, along_m: float, side_m: float = 0.0) -> Point:
    """A floor point: along_m behind the one being served, side_m to the left of someone who looks at the till."""
    (x, y), (ax, ay) = till.head_m, till.axis
    return (x + ax * along_m + ay * side_m, y + ay * along_m - ax * side_m)


def area_m(till: Till, section: Section | None = None) -> list[Point]:
    """The corners of the whole line's lane, or of one section; the first two are the end nearer to the service."""
    head, tail = (-till.beyond_m, till.length_m) if section is None else (section.from_m, section.to_m)
    return _rectangle(till, (head, tail), (-till.half_width_m, till.half_width_m))


def staff_area_m(till: Till) -> list[Point] | None:
    """Corners of the place where the line's steward stands."""
    if till.steward_m is None:
        return None
    along, side = till.steward_m
    return _rectangle(till, (along - 0.6, along + 0.6), (side - 0.45, side + 0.45))


def _rectangle(till: Till, along: tuple[float, float], side: tuple[float, float]) -> list[Point]:
    (head, tail), (right, left) = along, side
    return [spot(till, head, right), spot(till, head, left), spot(till, tail, left), spot(till, tail, right)]


def file_side_m(till: Till, file: int) -> float:
    """How far beside the line's middle the given file stands."""
    return (file - (till.abreast - 1) / 2) * till.pitch_m


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


def sections(scenario: Scenario, till: Till) -> tuple[Section, ...]:
    """The line's lanes from its head on."""
    return till.sections or (Section(scenario.cameras[0].id, -till.beyond_m, till.length_m),)


def fractions(camera: Camera, points: list[Point]) -> list[list[float]]:
    """Floor points as fractions of the picture, cut at its border."""
    world = np.array([[x, y, 0.0] for x, y in points])
    size = [camera.width_px, camera.height_px]
    return [[float(v) for v in p] for p in np.clip(camera.project(world) / size, 0.0, 1.0).round(4)]


def site_toml(scenario: Scenario, *sources: str) -> str:
    """The site file whose lanes are the ones that the truth was made with; a source for each camera."""
    lines = ["[site]", f'id = "{scenario.name}"', f'name = "{scenario.title}"', 'timezone = "UTC"']
    for view, source in zip(scenario.cameras, sources, strict=True):
        corners = _floor_corners(view.camera)
        floor = fractions(view.camera, [(x, y) for x, y in corners])
        lines += [
            "", "[[camera]]", f'id = "{view.id}"', f'source = "{source}"', f"detect_fps = {scenario.detect_fps:g}",
            f"floor = {{ image = {floor}, metres = {corners} }}",
        ]  # fmt: skip
    for till in scenario.tills:
        lines += ["", "[[queue]]", f'id = "{till.queue}"', f'name = "{till.name}"']
        lines += [f"servers = {_servers(scenario, till)}", "count_served = true"]
        for k, section in enumerate(sections(scenario, till)):
            lines += _lane(scenario, till, section, first=k == 0)
    return "\n".join(lines) + "\n"


def _servers(scenario: Scenario, till: Till) -> int:
    """As the site file tells it; 0, found from the data, where it changes or chairs take people."""
    return 0 if scenario.lift is not None or scenario.staffing else max(till.counters, 1)


def _lane(scenario: Scenario, till: Till, section: Section, *, first: bool) -> list[str]:
    camera = scenario.view(section.camera)
    area = fractions(camera, area_m(till, section))
    lines = ["", "[[queue.lane]]", f'camera = "{section.camera}"', f"area = {area}"]
    lines += [f"service_line = {area[:2]}"] if first else []
    staff = staff_area_m(till)
    lines += [f"staff_area = [{fractions(camera, staff)}]"] if staff is not None and first else []
    return [*lines, f"min_stay_s = {scenario.min_stay_s:g}", "hold_s = 3"]


def _floor_corners(camera: Camera) -> list[list[float]]:
    """Four floor points well within the picture: four metres wide, from five to nine metres away."""
    turn = np.radians(camera.yaw_deg)
    right, ahead = np.array([np.cos(turn), np.sin(turn)]), np.array([-np.sin(turn), np.cos(turn)])
    base = np.array([camera.x_m, camera.y_m])
    near, far = (5.0, 9.0) if camera.height_m < 3.5 else (7.0, 12.0)
    corners = [(-2.0, near), (2.0, near), (2.0, far), (-2.0, far)]
    return [[round(float(v), 3) for v in base + x * right + y * ahead] for x, y in corners]
