"""Why a queue was counted wrong, person by person and picture by picture, from tracks against MOT tracks.

In a queue in truth is a person of the MOT text whose feet are in one of the queue's lanes (not in a staff area) for at
least the lane's min_stay_s; a time outside of up to hold_s does not end the stay. In it by the machine is a track that
is part of a visit of the queue. Two boxes are the same person's from IoU 0.5 on. In each annotated picture a person of
the truth is

right        the track is in the same queue;
missed       no box;
wrong_lane   a box, its track counted in another queue;
not_counted  a box, its track counted nowhere: taken for a passer-by or for staff, or not confirmed yet;

and a track in a queue is a `ghost` where it has no person, or one who is in no queue. `switch` counts how often the
person of a queue goes on under another track. Pure functions.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from calibration import overlay
from calibration.replay import Replayed
from calibration.track_scores import Picture
from edge.config_geometry import contains
from edge.vocabulary import LaneSettings, Point, QueueSettings

KINDS = ("right", "missed", "wrong_lane", "not_counted", "ghost", "switch")


@dataclass
class _Tally:
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(KINDS, 0))
    track_of: dict[int, int] = field(default_factory=dict)  # person -> the track that had the person last


def of_tracks(done: Replayed, camera_id: str, pictures: Sequence[Picture]) -> dict[str, dict[str, Any]]:
    """By queue id, of the queues with a lane on this camera: people (in truth), pictures of them, and each of KINDS.

    Args:
        done: the replay.
        camera_id: whose pictures.
        pictures: annotated ones, in the order of time.
    """
    queues = [q for q in done.site.queues if camera_id in {lane.camera_id for lane in q.lanes}]
    size_px = done.cameras[camera_id].size_px
    if not pictures or size_px is None:
        return {}
    true = _in_queues(queues, camera_id, pictures, size_px)
    stays = overlay.stays(done)
    tallies = {q.id: _Tally() for q in queues}
    for picture in pictures:
        _count(picture, true, _counted_in(picture, camera_id, stays), tallies)
    return {
        q: {
            "people": len({person for (person, where, _) in true if where == q}),
            "pictures": sum(t.counts[k] for k in ("right", "missed", "wrong_lane", "not_counted")),
            **t.counts,
        }
        for q, t in tallies.items()
    }


Truth = set[tuple[int, str, float]]  # (person, queue, pts_s) of everybody who is in a queue in truth


def _in_queues(
    queues: Sequence[QueueSettings], camera_id: str, pictures: Sequence[Picture], size_px: tuple[int, int]
) -> Truth:
    inside: dict[tuple[int, str], list[float]] = {}
    for picture in pictures:
        feet = np.column_stack([picture.truth.boxes[:, [0, 2]].mean(1), picture.truth.boxes[:, 3]]) / size_px
        for person, (x, y) in zip(picture.truth.ids.tolist(), feet.tolist(), strict=True):
            for queue in queues:
                if any(_stands((x, min(y, 1.0)), lane) for lane in queue.lanes if lane.camera_id == camera_id):
                    inside.setdefault((person, queue.id), []).append(picture.pts_s)
    found: Truth = set()
    for (person, queue_id), times in inside.items():
        lanes = [lane for q in queues if q.id == queue_id for lane in q.lanes if lane.camera_id == camera_id]
        for stay in _stays(times, hold_s=lanes[0].hold_s):
            if stay[-1] - stay[0] >= lanes[0].min_stay_s:
                found.update((person, queue_id, t) for t in stay)
    return found


def _stands(at: Point, lane: LaneSettings) -> bool:
    return contains(lane.area, at) and not any(contains(area, at) for area in lane.staff_area)


def _stays(times: Sequence[float], *, hold_s: float) -> list[list[float]]:
    """Times in runs whose gaps are at most hold_s."""
    runs: list[list[float]] = []
    last = -math.inf
    for t in times:
        if t - last > hold_s:
            runs.append([])
        runs[-1].append(t)
        last = t
    return runs


def _counted_in(picture: Picture, camera_id: str, stays: Mapping[str, list[overlay.Stay]]) -> list[str | None]:
    """The queue in which each track of a picture is counted."""
    return [
        next(
            (s.queue_id for s in stays.get(f"{camera_id}/replay/{k}", ()) if s.from_s <= picture.pts_s <= s.to_s), None
        )
        for k in picture.track_ids.tolist()
    ]


def _count(picture: Picture, true: Truth, counted: Sequence[str | None], tallies: Mapping[str, _Tally]) -> None:
    track_of = dict(picture.pairs)
    person_of = {j: i for i, j in picture.pairs}
    ids = picture.truth.ids.tolist()
    for queue_id, tally in tallies.items():
        for i, person in enumerate(ids):
            if (person, queue_id, picture.pts_s) not in true:
                continue
            j = track_of.get(i)
            tally.counts[_kind(queue_id, j, counted)] += 1
            if j is not None:
                track = int(picture.track_ids[j])
                tally.counts["switch"] += tally.track_of.get(person, track) != track
                tally.track_of[person] = track
        for j, where in enumerate(counted):
            person_there = None if j not in person_of else ids[person_of[j]]
            somewhere = any((person_there, q, picture.pts_s) in true for q in tallies)
            tally.counts["ghost"] += where == queue_id and not somewhere


def _kind(queue_id: str, track: int | None, counted: Sequence[str | None]) -> str:
    if track is None:
        return "missed"
    where = counted[track]
    return "not_counted" if where is None else "right" if where == queue_id else "wrong_lane"
