"""What a simulated place is like: frozen settings, no behaviour. Metres on the floor of detector.scenes.camera."""

from dataclasses import dataclass, field
from typing import Literal

from detector.scenes.camera import Camera

Point = tuple[float, float]
FRIEND_LATE_S = (15.0, 40.0)  # a friend comes so much later than the group


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
class Section:
    """A part of a line that is a lane of its own in the site file: from from_m to to_m along it, on one camera."""

    camera: str
    from_m: float
    to_m: float


@dataclass(frozen=True)
class View:
    """One camera of the place."""

    id: str
    camera: Camera


@dataclass(frozen=True)
class Till:
    """A queue and its server. People stand from head_m on along axis (a unit vector away from the till).

    Attributes:
        abreast: so many files stand side by side, pitch_m apart.
        sections: its lanes from the head on; empty: one lane on the only camera.
        counters: places beyond the service line where people are served; 0: at the head of the line, one at a time.
        steward_m: (along, side) of somebody of the staff who stands beside the line and walks into it now and then.
    """

    queue: str
    name: str
    head_m: Point
    axis: Point
    length_m: float = 5.4
    half_width_m: float = 0.55
    beyond_m: float = 0.6  # from the one being served to the service line
    server_side: int = 1  # +1: the desk is to the left of someone who looks along the line to its head
    abreast: int = 1
    pitch_m: float = 0.55
    sections: tuple[Section, ...] = ()
    counters: int = 0
    steward_m: Point | None = None


@dataclass(frozen=True)
class Lift:
    """A chair every every_s takes up to `seats` people from the heads of all lines; queueing.boarders says whom."""

    seats: int
    every_s: float


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

    Attributes:
        staffing: servers of each line over time; with motion only where a till has counters.
        stops: (from_s, to_s) times at which every service stands still; with motion only the lift's.
        lift: serves all lines in place of their tills.
        groups: shares of arrivals that are 1, 2, 3, ... people who stand together; empty: everybody comes alone.
        friends: share of groups of whom one comes later and joins the others in the middle of the line.
        rounds_s: how often a steward walks into the line, on average.
        views: its cameras; empty: camera alone, under the scenario's name.
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
    lift: Lift | None = None
    groups: tuple[float, ...] = ()
    friends: float = 0.0
    rounds_s: float = 60.0
    views: tuple[View, ...] = ()

    @property
    def cameras(self) -> tuple[View, ...]:
        """All views."""
        return self.views or (View(self.name, self.camera),)

    def view(self, camera_id: str) -> Camera:
        """The camera of that id; KeyError if there is none."""
        return {v.id: v.camera for v in self.cameras}[camera_id]
