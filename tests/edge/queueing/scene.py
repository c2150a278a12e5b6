"""Made-up scenes for the counter's tests: people as functions of time, walked through a Counter without a tracker."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from edge.counter import Counter, Tick
from edge.messages import QueueReading
from edge.settings import CameraSettings, Site
from edge.vocabulary import (
    AlertSettings,
    LaneSettings,
    PictureState,
    Point,
    Polygon,
    QueueSettings,
    Tracks,
    Visit,
)

AREA: Polygon = ((0.25, 0.30), (0.75, 0.30), (0.75, 0.95), (0.25, 0.95))
LINE: tuple[Point, Point] = ((0.25, 0.30), (0.75, 0.30))
SIZE = (1280, 720)
BOX = (60.0, 150.0)

Walk = Callable[[float], Point | None]
"""Where a person's foot is at a moment, in pixels of SIZE; None: not seen."""


def lane(**changes: object) -> LaneSettings:
    """The lane of cases.md: an area with a service line at its upper edge."""
    values: dict[str, object] = {"camera_id": "c1", "area": AREA, "service_line": LINE}
    return LaneSettings(**(values | changes))  # type: ignore[arg-type]


def queue(*lanes: LaneSettings, queue_id: str = "q1", servers: int = 0, count_served: bool = True) -> QueueSettings:
    """A queue of that id; without lanes it has the one above."""
    return QueueSettings(queue_id, queue_id, servers, count_served, lanes or (lane(),))


def site(*queues: QueueSettings, alerts: Sequence[AlertSettings] = (), fps: float = 10.0) -> Site:
    """A site with the cameras that its queues name."""
    queues = queues or (queue(),)
    ids = dict.fromkeys(x.camera_id for q in queues for x in q.lanes)
    cameras = tuple(CameraSettings(c, c, "test://", "test://", fps) for c in ids)
    return Site("case", "Case", "UTC", "box", Path("site.toml"), "0" * 64, cameras, queues, (), tuple(alerts))


def tracks(
    pts_s: float,
    feet: Mapping[int, Point],
    *,
    camera: str = "c1",
    run: str = "r",
    size: tuple[int, int] = SIZE,
    box: tuple[float, float] = BOX,
    picture: PictureState = "ok",
    order: Sequence[int] | None = None,
) -> Tracks:
    """One picture's tracks: id -> foot in pixels of SIZE (scaled to `size`)."""
    ids = list(feet) if order is None else list(order)
    foot = np.array([feet[i] for i in ids], np.float64).reshape(-1, 2)
    scale = np.array(size, np.float64) / SIZE
    corner = np.array([box[0] / 2, box[1]])
    boxes = np.concatenate([foot - corner, foot + np.array([box[0] / 2, 0.0])], axis=1) * np.tile(scale, 2)
    return Tracks(
        camera_id=camera,
        run=run,
        pts_s=pts_s,
        captured_utc_s=0.0,
        size_px=size,
        track_ids=np.array(ids, np.int64),
        boxes=boxes.astype(np.float32),
        ground=(foot / SIZE).astype(np.float32),
        observed=np.ones(len(ids), np.bool_),
        last_seen_s=np.full(len(ids), pts_s),
        picture=picture,
    )


def every(step_s: float, until_s: float, from_s: float = 0.0) -> list[float]:
    """Moments from from_s to until_s, both included."""
    return [round(from_s + k * step_s, 6) for k in range(round((until_s - from_s) / step_s) + 1)]


def walk(*stops: tuple[float, float, float]) -> Walk:
    """Straight walks between (moment, x, y) stops; unseen before the first and after the last."""
    times = [s[0] for s in stops]

    def where(t_s: float) -> Point | None:
        if not times[0] <= t_s <= times[-1]:
            return None
        return (
            float(np.interp(t_s, times, [s[1] for s in stops])),
            float(np.interp(t_s, times, [s[2] for s in stops])),
        )

    return where


def stand(x: float, y: float, from_s: float = 0.0, to_s: float = 1e9) -> Walk:
    """Stands still."""
    return walk((from_s, x, y), (to_s, x, y))


def play(counter: Counter, people: Mapping[int, Walk], times: Iterable[float], **how: object) -> list[Tick]:
    """Shows people to the counter at those moments and ticks at whole seconds, as the pump does."""
    out: list[Tick] = []
    next_s: int | None = None
    t_s = 0.0
    for t_s in times:
        next_s = int(np.ceil(t_s)) if next_s is None else next_s
        while next_s < t_s:
            out.append(counter.tick(float(next_s), 1e9 + next_s))
            next_s += 1
        feet = {i: p for i, where in people.items() if (p := where(t_s)) is not None}
        counter.on_tracks(tracks(t_s, feet, **how))  # type: ignore[arg-type]
    while next_s is not None and next_s <= t_s:
        out.append(counter.tick(float(next_s), 1e9 + next_s))
        next_s += 1
    return out


def readings(ticks: Iterable[Tick], queue_id: str = "q1") -> list[QueueReading]:
    """The readings of one queue."""
    return [r for tick in ticks for r in tick.readings if r.queue == queue_id]


def lengths(ticks: Iterable[Tick], queue_id: str = "q1") -> list[int | None]:
    """The lengths of one queue."""
    return [r.length for r in readings(ticks, queue_id)]


def visits(ticks: Iterable[Tick]) -> list[Visit]:
    """All finished visits."""
    return [v for tick in ticks for v in tick.visits]
