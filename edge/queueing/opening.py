"""Is a counter closed? Found from what is seen: nobody in its queue and, where it has staff areas, nobody behind it."""

from collections.abc import Sequence

import numpy as np

from edge.queueing.lanes import signed_distance
from edge.vocabulary import LaneSettings, Tracks

CLOSED_S = 1800.0  # nobody in the queue for so long: closed
UNSTAFFED_S = 300.0  # ... and for so long where a staff area shows that nobody is there to serve


class Opening:
    """One queue's counter over time.

    Only time in which the queue is known counts: a camera that sees nothing at night neither closes a counter nor opens
    it. Somebody in the queue, or in a staff area, opens it at once.
    """

    def __init__(self, lanes: Sequence[LaneSettings]) -> None:
        self._areas = [(lane.camera_id, np.array(area)) for lane in lanes for area in lane.staff_area]
        self._staffed = False  # since the last tick
        self._empty_s = 0.0
        self._last_s: float | None = None

    def saw(self, tracks: Tracks) -> None:
        """Takes in one good picture's tracks."""
        for camera_id, area in self._areas:
            if camera_id == tracks.camera_id and not self._staffed:
                feet = tracks.ground[tracks.observed & np.isfinite(tracks.ground).all(axis=1)].astype(np.float64)
                self._staffed = bool(len(feet)) and bool((signed_distance(feet, area) > 0.0).any())

    def closed(self, now_s: float, inside: int, *, known: bool) -> bool:
        """Is it closed now, with so many people in the queue?"""
        passed_s = 0.0 if self._last_s is None else now_s - self._last_s
        self._last_s = now_s
        if inside or self._staffed or passed_s < 0.0:
            self._empty_s = 0.0
        elif known:
            self._empty_s += passed_s
        self._staffed = False
        return self._empty_s >= (UNSTAFFED_S if self._areas else CLOSED_S)
