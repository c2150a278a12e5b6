"""What a simulated place is like: frozen settings, no behaviour. Metres on the floor of detector.scenes.camera."""

from dataclasses import dataclass, field
from typing import Literal

from detector.scenes.camera import Camera

Point = tuple[float, float]


@dataclass(frozen=True)
class Law:
    """A law of durations. shape: Erlang's stages, or the lognormal's coefficient of variation."""

    kind: Literal["exponential", "erlang", "lognormal", "constant"]
    mean_s: float
    shape: float = 1.0


@dataclass(frozen=True)
class Rate:
    """Arrivals: per_min people a minute until until_s, then the next Rate's turn."""

    until_s: float
    per_min: float


@dataclass(frozen=True)
class Till:
    """A queue and its server. People stand from head_m on along axis (a unit vector away from the till)."""

    queue: str
    name: str
    head_m: Point
    axis: Point
    length_m: float = 5.4
    half_width_m: float = 0.55
    beyond_m: float = 0.6  # from the one being served to the service line
    server_side: int = 1  # +1: the desk is to the left of someone who looks along the line to its head


@dataclass(frozen=True)
class Walkers:
    """How people move."""

    speed_mps: float = 1.2
    speed_sd_mps: float = 0.12
    shuffle_mps: float = 0.7
    gap_m: float = 0.80
    gap_sd_m: float = 0.07
    reaction_s: float = 0.7
    side_sd_m: float = 0.07


@dataclass(frozen=True)
class Passing:
    """A way that people take who do not queue, and how many a minute take it."""

    way_m: tuple[Point, ...]
    per_min: float


@dataclass(frozen=True)
class Staffing:
    """So many servers for each line until until_s, then the next Staffing's turn."""

    until_s: float
    servers: int


@dataclass(frozen=True)
class Scenario:
    """Everything that a run depends on, but the seed.

    staffing and stops, (from_s, to_s) times at which every service stands still, are of the visits depth only.
    """

    name: str
    title: str
    duration_s: float
    tills: tuple[Till, ...]
    arrivals: tuple[Rate, ...]
    service: Law
    entry_m: Point = (0.0, 12.3)
    patience: Law | None = None  # leaves when the wait before service grows longer
    passing: tuple[Passing, ...] = ()
    staff: bool = True
    walkers: Walkers = field(default_factory=Walkers)
    camera: Camera = field(default_factory=Camera)
    step_s: float = 0.1
    detect_fps: float = 5.0
    min_stay_s: float = 5.0
    staffing: tuple[Staffing, ...] = ()  # one server without it
    stops: tuple[tuple[float, float], ...] = ()
