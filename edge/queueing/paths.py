"""What is remembered of one followed person: the last step, the speed, and when each zone was entered and left.

Places are in picture heights (see lanes.py). A path survives a change of the tracker's id: identity.py gives it the new
key and it goes on with a step from the last place to the new one.
"""

import copy
import math
from collections import deque
from collections.abc import Sequence

from edge.queueing.lanes import Zone, border_crossing
from edge.vocabulary import Point

Key = tuple[str, str, int]  # camera, run of the tracker, track id

AVERAGE_S = 2.0  # time constant of the averaged distances; also how far back the speed looks
_STEPS_KEPT = 64
_LEAST_STEP_S = 0.1
_HEIGHT_SHARE = 0.2  # a new box's share in the body height


class Path:
    """One person on one camera.

    Attributes:
        key: camera, run and id of the track that is followed now.
        names: "camera/run/id" of every track that the path was made of.
        first_s, first_point: when and where it began.
        seen_s, point: when and where it was last seen.
        height: the body's height in picture heights, slowly averaged.
        distance, average: distance from each zone's border, positive inside; now, and averaged over AVERAGE_S.
        entered_s, exited_s: when each zone's border was last crossed inwards / outwards, None if never;
            entered_s of someone who was first seen inside is first_s.
        born_inside: was the first place inside that zone?
        staff_s: how long the person stood in staff areas.
        barred: a lane (its place in the camera's list) that has finished with the person, until it is left.
        spent: its beginning has explained where somebody else's track went.
    """

    def __init__(self, key: Key, at_s: float, point: Point, *, height: float, distance: Sequence[float]) -> None:
        self.key = key
        self.names = [_name(key)]
        self.first_s = self.seen_s = at_s
        self.first_point = self.point = point
        self.previous_s, self.previous_point = at_s, point
        self.height = height
        self.distance = list(distance)
        self.average = list(distance)
        self.born_inside = [d > 0.0 for d in distance]
        self.entered_s: list[float | None] = [at_s if d > 0.0 else None for d in distance]
        self.exited_s: list[float | None] = [None] * len(self.distance)
        self.staff_s = 0.0
        self.barred: int | None = None
        self.spent = False
        self._steps: deque[tuple[float, Point]] = deque([(at_s, point)], maxlen=_STEPS_KEPT)

    def rename(self, key: Key) -> None:
        """The same person goes on under another track."""
        self.key = key
        self.names = [*self.names[-7:], _name(key)]

    def step(
        self, at_s: float, point: Point, *, height: float, distance: Sequence[float], zones: Sequence[Zone]
    ) -> None:
        """Moves to a new place; crossing times are interpolated on the straight step."""
        passed_s = at_s - self.seen_s
        keep = math.exp(-passed_s / AVERAGE_S)
        for z, d in enumerate(distance):
            was = self.distance[z]
            if (was > 0.0) != (d > 0.0):
                crossed_s = self.seen_s + passed_s * border_crossing(self.point, point, zones[z].border)
                if d > 0.0:
                    self.entered_s[z] = crossed_s
                else:
                    self.exited_s[z] = crossed_s
            self.distance[z] = d
            self.average[z] = keep * self.average[z] + (1.0 - keep) * d
        self.height += _HEIGHT_SHARE * (height - self.height)
        self.previous_s, self.previous_point = self.seen_s, self.point
        self.seen_s, self.point = at_s, point
        if at_s - self._steps[-1][0] >= _LEAST_STEP_S:
            self._steps.append((at_s, point))
        while len(self._steps) > 2 and self._steps[1][0] <= at_s - AVERAGE_S:
            self._steps.popleft()

    def imagined(self) -> "Path":
        """A copy whose steps don't count."""
        twin = copy.copy(self)
        twin.distance, twin.average = list(self.distance), list(self.average)
        twin.entered_s, twin.exited_s = list(self.entered_s), list(self.exited_s)
        twin._steps = self._steps.copy()
        return twin

    def standing(self, key: Key, at_s: float, point: Point, distance: Sequence[float]) -> "Path":
        """A copy under another key of somebody who stood at that place when last seen."""
        twin = self.imagined()
        twin.key, twin.seen_s, twin.point, twin.distance = key, at_s, point, list(distance)
        twin.previous_s, twin.previous_point = at_s, point
        twin._steps = deque([(at_s, point)], maxlen=_STEPS_KEPT)
        return twin

    def velocity(self) -> Point:
        """Picture heights a second, over the last AVERAGE_S; (0, 0) for somebody seen for too short a time."""
        since_s, origin = self._steps[0]
        passed_s = self.seen_s - since_s
        if passed_s < 0.3:
            return (0.0, 0.0)
        return ((self.point[0] - origin[0]) / passed_s, (self.point[1] - origin[1]) / passed_s)

    def speed(self) -> float:
        """Body heights a second, over the last AVERAGE_S."""
        return math.hypot(*self.velocity()) / max(self.height, 1e-6)

    def ahead(self, by_s: float) -> Point:
        """Where the person will be, going on as before."""
        vx, vy = self.velocity()
        return (self.point[0] + vx * by_s, self.point[1] + vy * by_s)


def _name(key: Key) -> str:
    return f"{key[0]}/{key[1]}/{key[2]}"
