"""Visits that go on elsewhere: in the next camera's lane, out of this one's sight, or under the track of a newcomer."""

import math
from collections.abc import Sequence

import numpy as np

from edge.queueing import endings, overlap
from edge.queueing.floor import Floor
from edge.queueing.identity import reach
from edge.queueing.lanes import Zone, signed_distance
from edge.queueing.paths import Key, Path
from edge.queueing.presence import Place, Presence, leapt

LATE_S = 1.0  # a track that goes over to somebody else may still look inside for so long


def exchanged(floor: Floor, stay: Presence) -> bool:
    """Has a member's track walked out with somebody else, and the person been found again, as a newcomer?

    Nobody appears from nowhere inside a line: a newcomer whose track began in the lane when the member's went out (or
    since, where that leapt out), within reach of where that was last inside, is the member, who goes on there.
    """
    near, latest_s = [], math.inf if jumped(stay) else endings.AHEAD_S
    for p in floor.in_queue(stay.queue):
        since_s, here = p.path.first_s - stay.in_s, p.place == stay.place and p.path.key[0] == stay.path.key[0]
        if stay.number is None or p.number is not None or not here or p.entered_s != p.path.first_s:
            continue
        apart = math.dist(stay.in_point, p.path.first_point)
        if -LATE_S <= since_s <= latest_s and apart <= reach(stay.path, since_s):
            near.append((apart, p.path.first_point, p))
    if not near or stay.number is None:
        return False
    found = min(near, key=lambda n: n[:2])[2]
    del floor.present[stay.path.key]
    found.number, found.entered_s, found.at_start = stay.number, stay.entered_s, stay.at_start
    floor.books[stay.queue].follow(stay.number, found.path.names[-1])
    return True


def from_other_camera(floor: Floor, path: Path, place: Place) -> Presence | None:
    """The stay of somebody who has just gone from a farther lane of the queue on another camera: the frontmost one."""
    gone = [
        p
        for k, p in floor.present.items()
        if k[0] != path.key[0]
        and p.queue == place.queue
        and (p.lane > place.lane or (p.lane == place.lane and p.borrowed))
        and (p.hidden or p.out_since_s is not None)
        and not overlap.other_sights(p, floor.present.values())
        and 0.0 <= path.seen_s - p.path.seen_s <= place.settings.hold_s + endings.AHEAD_S
    ]
    if not gone:
        return None
    stay = min(gone, key=lambda p: (p.lane, p.entered_s, p.path.point))
    del floor.present[stay.path.key]
    if stay.number is not None:
        floor.books[stay.queue].follow(stay.number, path.names[-1])
    return stay


def out_of_sight(stay: Presence, behind: Zone | None) -> bool:
    """Did the track leave where the person did not: off the part of the floor that this camera is asked about?

    Over the seam into the lane `behind`, which is another camera's, nobody in a line steps back, but tracks jump; and
    in another camera's lane the border of this one's picture is no border of the queue.
    """
    if stay.number is None:
        return False
    return stay.borrowed or (behind is not None and _inside(stay.path, behind))


def jumped(stay: Presence) -> bool:
    """Did the track leap over the border in one step, and stand there since? Who walks out is seen walking.

    It has gone over to somebody who stands beside the lane, or to a box that is nobody.
    """
    since = math.dist(stay.out_point, stay.path.point)
    return stay.number is not None and leapt(stay) and since < endings.STILL_HEIGHTS * stay.path.height


def _inside(path: Path, zone: Zone) -> bool:
    return bool(signed_distance(np.array([path.point]), zone.polygon)[0] > 0.0)


def set_aside(floor: Floor, stay: Presence, key: Key, zones: Sequence[Zone]) -> Path | None:
    """The person is hidden where the track was last inside, and followed under `key`; the track is somebody else's.

    None where another camera still sees the person: then this sight has ended.
    """
    del floor.present[stay.path.key]
    if overlap.other_sights(stay, floor.present.values()):
        return None
    distance = [float(signed_distance(np.array([stay.in_point]), z.polygon)[0]) for z in zones]
    stay.path = stay.path.standing(key, stay.in_s, stay.in_point, distance)
    stay.hidden, stay.out_since_s, stay.out_s = True, None, None
    floor.present[key] = stay
    return stay.path
