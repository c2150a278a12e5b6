"""Recorded detections through the camera's and the counter's own functions: no sockets, no sleeping, no clock."""

import math
from collections.abc import Callable, Iterable, Iterator

from detector.runtime.detections import Detections
from edge.counter import Counter, Tick
from edge.settings import Site
from edge.tracking import Tracker
from edge.vocabulary import Tracks

TICKS_MOST = 7 * 86400  # a jump of the recording's time by more is no recording


def pump(
    site: Site,
    items: Iterable[tuple[str, float, Detections | None]],
    *,
    utc0_s: float = 0.0,
    on_tracks: Callable[[Tracks], None] = lambda tracks: None,
) -> Iterator[Tick]:
    """Yields what the counter says at every whole second of the recording.

    Args:
        site: the site; items of cameras it lacks are a KeyError.
        items: (camera_id, pts_s, detections), merged by pts_s; None: the clock goes on, no picture came.
        utc0_s: the wall clock at pts_s 0, seconds since 1970.
        on_tracks: told each camera's tracks before the counter gets them.

    Yields:
        A Tick a second, from the first item's second (rounded up) to the last one's (rounded down): second s is told
        when an item later than s comes, so everything up to and including s has been taken in. One more Tick without
        readings at the end holds what is not finished: visits with left_s None.
    """
    counter = Counter(site)
    trackers: dict[str, Tracker] = {}
    next_s: int | None = None
    last_s = 0.0
    for camera_id, pts_s, detections in items:
        if next_s is None:
            next_s = math.ceil(pts_s)
        elif pts_s < last_s - 1.0 or pts_s - next_s > TICKS_MOST:
            next_s = math.ceil(pts_s)  # the recording's clock was set anew
        while next_s < pts_s:
            yield counter.tick(float(next_s), utc0_s + next_s)
            next_s += 1
        last_s = pts_s
        camera = site.camera(camera_id)
        if detections is not None:
            if camera_id not in trackers:
                trackers[camera_id] = Tracker(camera, run="replay")
            tracks = trackers[camera_id].update(detections)
            on_tracks(tracks)
            counter.on_tracks(tracks)
    while next_s is not None and next_s <= last_s:
        yield counter.tick(float(next_s), utc0_s + next_s)
        next_s += 1
    yield Tick([], [], counter.open_visits())
