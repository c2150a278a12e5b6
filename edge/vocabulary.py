"""The words of the program: what passes between the camera, the tracker and the counter.

Read this first. Everything here is a frozen value without behaviour; `Detections`, the word before these, lives in
detector.runtime.detections. Times are media time in seconds (`pts_s`): on live sources it runs on the box's monotonic
clock, so that all cameras of a box share it; in replay it is the recording's own time. Places in a picture are
fractions of its width and height, so a stream that changes its size keeps its lanes.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Point = tuple[float, float]
Polygon = tuple[Point, ...]
PictureState = Literal["ok", "frozen", "blind", "moved", "damaged"]
Outcome = Literal["served", "left", "lost"]
ServiceState = Literal["serving", "idle", "stopped", "closed"]
Quality = Literal["ok", "warming", "stale", "frozen", "blind", "moved", "degraded", "config"]


@dataclass(frozen=True, eq=False)
class Frame:
    """One picture.

    Attributes:
        camera_id: the camera's id in site.toml.
        pts_s: media time, seconds.
        captured_utc_s: wall clock when the picture reached this process, seconds since 1970.
        image: (H, W, 3) uint8 RGB, masked areas already black; valid until the next read from its source.
    """

    camera_id: str
    pts_s: float
    captured_utc_s: float
    image: NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Tracks:
    """People followed on one camera, as of one picture.

    Attributes:
        camera_id: the camera's id in site.toml.
        run: id of the tracker's life; track ids are unique within a run only.
        pts_s: media time of the picture, seconds.
        captured_utc_s: wall clock of the capture, seconds since 1970 (0.0 in replay: no clock is read there).
        size_px: (width, height) of the picture.
        track_ids: (N,) int64.
        boxes: (N, 4) float32 x1 y1 x2 y2 in source pixels.
        ground: (N, 2) float32, where each person stands, fractions of the picture's width and height.
        observed: (N,) bool, seen in this picture (False: carried on by prediction).
        last_seen_s: (N,) float64, pts_s of the last picture in which the person was seen.
        picture: what is wrong with the picture itself, "ok" if nothing.
    """

    camera_id: str
    run: str
    pts_s: float
    captured_utc_s: float
    size_px: tuple[int, int]
    track_ids: NDArray[np.int64]
    boxes: NDArray[np.float32]
    ground: NDArray[np.float32]
    observed: NDArray[np.bool_]
    last_seen_s: NDArray[np.float64]
    picture: PictureState = "ok"


@dataclass(frozen=True)
class LaneState:
    """Who stands in a queue now.

    Attributes:
        members: visit numbers in order from the service point.
        state: what the service does.
    """

    members: tuple[int, ...]
    state: ServiceState


@dataclass(frozen=True)
class Visit:
    """One person's stay in a queue; the one currency of truth (live, simulator and replay all produce these).

    Attributes:
        queue_id: the queue's id in site.toml.
        track_ids: "camera/run/id" of each track that this visit was made of (never leaves the box).
        joined_s: when the person entered the lane, media seconds.
        served_s: when service was reached or passed (see queue-science.md), None if never.
        left_s: when the person was no longer in the queue, None while still there.
        outcome: served, left (walked away), lost (the track ended inside); None while still there.
        ahead_on_joining: people ahead when this one joined.
        censored: already there at the first picture: counted, but no wait is made of it.
    """

    queue_id: str
    track_ids: tuple[str, ...]
    joined_s: float
    served_s: float | None
    left_s: float | None
    outcome: Outcome | None
    ahead_on_joining: int
    censored: bool


@dataclass(frozen=True)
class LaneSettings:
    """One lane of a queue: an area on one camera.

    Attributes:
        camera_id: the camera that sees it.
        area: polygon, fractions of the picture.
        service_line: two points; leaving the area across it is being served.
        service_area: polygon; standing in it for `min_service_s` and then leaving is being served.
        staff_area: polygons; people who stay in one are staff.
        min_stay_s: shorter stays are passers-by.
        hold_s: unseen this long and still in the line.
        min_service_s: see service_area.
        miss_rate: share of the people in it who are missed, from the site's calibration file; None: never measured.
            Where it is set, the length is the expected number of people there (length.py), else that of the visit book.
    """

    camera_id: str
    area: Polygon
    service_line: tuple[Point, Point] | None = None
    service_area: Polygon | None = None
    staff_area: tuple[Polygon, ...] = ()
    min_stay_s: float = 5.0
    hold_s: float = 3.0
    min_service_s: float = 3.0
    miss_rate: float | None = None


@dataclass(frozen=True)
class QueueSettings:
    """One queue: its lanes in order from the service point.

    Attributes:
        id: used in topics.
        name: for people's eyes.
        servers: people served at once; 0: found from the data.
        count_served: is the person being served part of the length?
        lanes: at least one, on any cameras.
        room: people that the line has room for; 0: not told.
    """

    id: str
    name: str
    servers: int = 0
    count_served: bool = True
    lanes: tuple[LaneSettings, ...] = ()
    room: int = 0


@dataclass(frozen=True)
class LineSettings:
    """A plain counting line on one camera: (in, out) are crossings from its left and its right side."""

    id: str
    camera_id: str
    points: tuple[Point, ...]


@dataclass(frozen=True)
class AlertSettings:
    """An alert: a condition on a queue's reading that must hold for `for_s`.

    Attributes:
        queue_id: which queue.
        field: length, wait_s, arrivals_per_min, served_per_min, state, quality, or camera: the states of its cameras.
        op: one of > >= < <= == !=.
        value: a number, or a word for state and quality.
        for_s: how long it must hold, seconds.
        text: the condition as the site file writes it.
        repeat_s: told again so often while it still holds, seconds; 0: once.
        between: told only from the one to the other, minutes after midnight in the site's time zone; None: always. The
            second may be smaller: over midnight.
        weekdays: told only on these days, 0 is Monday; empty: all. A night belongs to the day on which it begins.
    """

    queue_id: str
    field: str
    op: str
    value: float | str
    for_s: float
    text: str
    repeat_s: float = 0.0
    between: tuple[int, int] | None = None
    weekdays: tuple[int, ...] = ()
