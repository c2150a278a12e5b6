"""The moments at which a replay was most wrong, and pictures of them with what the machine made of each drawn in.

The pictures show people: they are made for `report.html` alone, where a truth was given and a video was replayed, and
`--no-pictures` leaves them out.
"""

import base64
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from calibration import ahead, overlay, recording
from calibration.causes import not_counted_yet
from calibration.replay import Replayed
from calibration.scoring import LengthError
from calibration.summary import QueueScore
from edge.vocabulary import Tracks

A_QUEUE = 4
APART_S = 2.0  # two moments of one queue are never nearer
SIDE_PX = 880  # the longer one; a report stays a file that can be mailed
QUALITY = 78
NOTE_EVERY_S = 1.0
NEAR_S = 1.0

CAUSE_WORDS = {
    "missed": "missed",
    "ghost": "nobody, yet counted",
    "wrong_lane": "in the wrong lane",
    "switch": "track broken in two",
    "timing": "counted from or until another time",
}


@dataclass(frozen=True)
class Worst:
    """One moment.

    Attributes:
        queue_id, pts_s: which.
        text: what is wrong, in words.
        why: causes that hold then, in words; "" where the truth tells none.
    """

    queue_id: str
    pts_s: float
    text: str
    why: str


class Notes(overlay.Notes):
    """The tracks of about one picture a second and camera: enough for the pictures of a day's recording."""

    def __init__(self) -> None:
        super().__init__()
        self.times: dict[str, list[float]] = {}

    def add(self, tracks: Tracks) -> None:
        """Remembers the tracks of one picture, if the last one remembered is long enough ago."""
        times = self.times.setdefault(tracks.camera_id, [])
        if not times or tracks.pts_s >= times[-1] + NOTE_EVERY_S:
            times.append(tracks.pts_s)
            super().add(tracks)


def moments(done: Replayed, scores: Mapping[str, QueueScore]) -> list[Worst]:
    """At most A_QUEUE of each queue: the moments farthest off, else (without counts) the stays farthest off."""
    return [worst for queue_id, score in scores.items() for worst in _of_queue(done, queue_id, score)]


def _of_queue(done: Replayed, queue_id: str, score: QueueScore) -> list[Worst]:
    wrong = [e for e in score.lengths if e.error]  # neither right nor unknown
    ordered = sorted(wrong, key=lambda e: (not e.truth.certain, -abs(e.error or 0), e.truth.pts_s))
    found = [
        Worst(
            queue_id,
            e.truth.pts_s,
            f"{e.truth.length} there, {e.told} counted" + ("" if e.truth.certain else " (the truth is arguable)"),
            why(done, score, e),
        )
        for e in ordered
    ]
    stays = sorted((c for c in score.causes if c.kind != "timing"), key=lambda c: (-c.person_s, c.from_s))
    found += [Worst(queue_id, (c.from_s + c.to_s) / 2, f"somebody {CAUSE_WORDS[c.kind]}", "") for c in stays]
    return _apart(found)[:A_QUEUE]


def _apart(rows: Sequence[Worst]) -> list[Worst]:
    kept: list[Worst] = []
    for row in rows:
        if all(abs(row.pts_s - k.pts_s) >= APART_S for k in kept):
            kept.append(row)
    return kept


def why(done: Replayed, score: QueueScore, error: LengthError) -> str:
    """The causes that hold in a queue at a moment, and stays that are too young to count, in words."""
    queue_id, pts_s = error.truth.queue_id, error.truth.pts_s
    held = [c for c in score.causes if c.from_s <= pts_s <= c.to_s and c.person_s > 0 and c.kind != "timing"]
    words = [
        f"one here is counted in {c.counted_in}"
        if c.kind == "wrong_lane" and c.queue_id == queue_id
        else f"one of {c.queue_id} is counted here"
        if c.kind == "wrong_lane"
        else f"one {CAUSE_WORDS[c.kind]}"
        for c in held
    ]
    young = not_counted_yet(error, done.visits[queue_id], done.end_s)
    return ", ".join(words + ([f"{young} there and not counted yet (min_stay_s)"] if young else []))


def pictures(done: Replayed, rows: Sequence[Worst], notes: Notes) -> dict[Worst, list[str]]:
    """JPEG pictures as data URIs, of each camera of the moment's queue whose recording is a video.

    Raises:
        SourceError: a video can't be decoded again.
    """
    found: dict[Worst, list[str]] = {}
    of_tracks = overlay.stays(done)
    for one in done.recordings:
        if one.kind != "video" or one.camera_id is None:
            continue
        wanted: dict[float, list[Worst]] = {}
        for row in rows:
            at_s = _noted(row, done, one.camera_id, notes)
            if at_s is not None:
                wanted.setdefault(at_s, []).append(row)
        if not wanted:
            continue
        camera = recording.file_camera(done.site.camera(one.camera_id), one.path)
        with closing(ahead.pictures(camera)) as frames:
            for frame in frames:
                pts_s = round(frame.pts_s, 6)
                if pts_s in wanted:
                    image = overlay.draw(
                        frame.image, done, camera.id, notes.at(camera.id, pts_s), of_tracks, pts_s=pts_s
                    )
                    for row in wanted.pop(pts_s):
                        found.setdefault(row, []).append(_data_uri(image))
                if not wanted:
                    break
    return found


def _noted(row: Worst, done: Replayed, camera_id: str, notes: Notes) -> float | None:
    """The remembered picture nearest to the moment on a camera of its queue; None: there is none near."""
    queue = next(q for q in done.site.queues if q.id == row.queue_id)
    times = notes.times.get(camera_id, [])
    if camera_id not in {lane.camera_id for lane in queue.lanes} or not times:
        return None
    nearest = min(times, key=lambda t: abs(t - row.pts_s))
    return nearest if abs(nearest - row.pts_s) <= NEAR_S else None


def _data_uri(image: NDArray[np.uint8]) -> str:
    """A JPEG of an (H, W, 3) RGB picture, made smaller where it is larger than SIDE_PX."""
    scale = min(SIDE_PX / max(image.shape[:2]), 1.0)
    small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1 else image
    bgr = cv2.cvtColor(small, cv2.COLOR_RGB2BGR)
    _, data = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    return "data:image/jpeg;base64," + base64.b64encode(data.tobytes()).decode()
