"""`--overlay FILE.mp4`: a recording with what the machine made of it drawn in: lanes, boxes, members, lengths.

Drawn in a second pass from what the replay gave, so that a person who became a member later is marked from joining on.
It puts people's pictures on a disk: an engineer's explicit act, never done by a running box.
"""

import logging
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from calibration import ahead, recording
from calibration.recording import Recording
from calibration.replay import Replayed
from edge.errors import InputError
from edge.messages import QueueReading
from edge.settings import CameraSettings
from edge.vocabulary import Polygon, Tracks

Image = NDArray[np.uint8]
Colour = tuple[int, int, int]  # RGB
NOBODY: Colour = (170, 170, 170)
QUEUE_COLOURS: tuple[Colour, ...] = ((70, 170, 255), (255, 150, 60), (90, 210, 120), (230, 110, 200), (240, 210, 70))
TIME_BASE = Fraction(1, 90_000)
TEXT = 0.55  # of OpenCV's letters

_log = logging.getLogger(__name__)


class Notes:
    """Tracks of a replay by camera and media time."""

    def __init__(self) -> None:
        self._tracks: dict[tuple[str, float], Tracks] = {}

    def add(self, tracks: Tracks) -> None:
        """Remembers the tracks of one picture."""
        self._tracks[tracks.camera_id, tracks.pts_s] = tracks

    def at(self, camera_id: str, pts_s: float) -> Tracks | None:
        """The tracks of that picture."""
        return self._tracks.get((camera_id, pts_s))


@dataclass(frozen=True)
class Stay:
    """When a track was which queue's."""

    queue_id: str
    from_s: float
    to_s: float


def check(path: Path, recordings: Iterable[Recording]) -> None:
    """Tells what would go wrong before a long replay has run.

    Raises:
        InputError: no recording is a video, or the file can't be there.
    """
    if all(r.kind != "video" for r in recordings):
        raise InputError(f"--overlay {path}: there is no video in this replay; recorded detections have no pictures")
    if path.suffix.lower() != ".mp4":
        raise InputError(f"--overlay {path}: the name must end in .mp4")
    if not path.absolute().parent.is_dir():
        raise InputError(f"--overlay {path}: there is no folder {path.parent}")


def write(path: Path, done: Replayed, notes: Notes) -> list[Path]:
    """Draws every video of the replay; more than one: FILE-CAMERA.mp4 each.

    Raises:
        InputError: the file can't be written.
    """
    videos = [r for r in done.recordings if r.kind == "video" and r.camera_id]
    written = []
    for one in videos:
        target = path if len(videos) == 1 else path.with_name(f"{path.stem}-{one.camera_id}{path.suffix}")
        camera = recording.file_camera(done.site.camera(one.camera_id or ""), one.path)
        _write_one(target, done, notes, camera)
        written.append(target)
    return written


def _write_one(path: Path, done: Replayed, notes: Notes, camera: CameraSettings) -> None:
    of_tracks = stays(done)
    part = path.with_name(f".{path.stem}.part{path.suffix}")
    try:
        with closing(ahead.pictures(camera)) as frames, _film(part, path, camera.detect_fps) as add:
            for frame in frames:
                pts_s = round(frame.pts_s, 6)
                add(draw(frame.image, done, camera.id, notes.at(camera.id, pts_s), of_tracks, pts_s=pts_s), pts_s)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    _log.info("%s written", path)


@contextmanager
def _film(part: Path, path: Path, fps: float) -> Iterator[Callable[[Image, float], None]]:
    """Gives a function that adds an (H, W, 3) RGB picture at a media time."""
    try:
        container = av.open(str(part), "w", format="mp4")
    except OSError as error:
        raise InputError(f"--overlay {path}: can't be written: {error.strerror}") from error
    with closing(container):
        stream = container.add_stream("libx264", rate=Fraction(fps).limit_denominator(1000))
        stream.pix_fmt = "yuv420p"
        stream.options = {"crf": "23", "preset": "veryfast"}
        stream.codec_context.time_base = TIME_BASE
        started = False

        def add(image: Image, pts_s: float) -> None:
            nonlocal started
            if not started:
                stream.width, stream.height = image.shape[1] // 2 * 2, image.shape[0] // 2 * 2
                started = True
            even = np.ascontiguousarray(image[: stream.height, : stream.width])
            frame = av.VideoFrame.from_ndarray(even, format="rgb24")
            frame.pts, frame.time_base = round(pts_s / TIME_BASE), TIME_BASE
            container.mux(stream.encode(frame))

        yield add
        if started:
            container.mux(stream.encode(None))


def draw(
    image: Image,
    done: Replayed,
    camera_id: str,
    tracks: Tracks | None,
    of_tracks: Mapping[str, list[Stay]],
    *,
    pts_s: float,
) -> Image:
    """Lanes, boxes, members and figures drawn into an (H, W, 3) RGB picture, which is returned.

    Args:
        image: of the camera at `pts_s`; it is drawn into.
        done: the replay.
        camera_id: whose picture.
        tracks: of that picture; None: none are known.
        of_tracks: from `stays`.
        pts_s: media seconds.
    """
    _draw_lanes(image, done, camera_id)
    if tracks is not None:
        _draw_people(image, done, tracks, of_tracks)
    readings = {
        q: rows[max(bisect_right(rows, pts_s, key=lambda r: r.pts_s) - 1, 0)]
        for q, rows in done.readings.items()
        if rows
    }
    _draw_figures(image, done, readings, pts_s)
    return image


def stays(done: Replayed) -> dict[str, list[Stay]]:
    """By "camera/run/id": the visits that the track is part of."""
    found: dict[str, list[Stay]] = {}
    for queue_id, visits in done.visits.items():
        for visit in visits:
            to_s = visit.left_s if visit.left_s is not None else done.end_s
            for track_id in visit.track_ids:
                found.setdefault(track_id, []).append(Stay(queue_id, visit.joined_s, to_s))
    return found


def _colour(done: Replayed, queue_id: str) -> Colour:
    return QUEUE_COLOURS[[q.id for q in done.site.queues].index(queue_id) % len(QUEUE_COLOURS)]


def _draw_lanes(image: Image, done: Replayed, camera_id: str) -> None:
    for queue in done.site.queues:
        colour = _colour(done, queue.id)
        for lane in queue.lanes:
            if lane.camera_id != camera_id:
                continue
            _polygon(image, lane.area, colour, 2)
            for line in (lane.service_line, lane.service_area):
                if line is not None:
                    _polygon(image, line, (255, 255, 255), 1)
            for area in lane.staff_area:
                _polygon(image, area, (200, 60, 60), 1)


def _polygon(image: Image, points: Polygon, colour: Colour, thickness: int) -> None:
    size = np.array([image.shape[1], image.shape[0]])
    cv2.polylines(image, [np.round(np.array(points) * size).astype(np.int32)], len(points) > 2, colour, thickness)


def _draw_people(image: Image, done: Replayed, tracks: Tracks, of_tracks: Mapping[str, list[Stay]]) -> None:
    size = np.array([image.shape[1], image.shape[0]])
    for index, track_id in enumerate(tracks.track_ids.tolist()):
        mine = [
            s
            for s in of_tracks.get(f"{tracks.camera_id}/{tracks.run}/{track_id}", ())
            if s.from_s <= tracks.pts_s <= s.to_s
        ]
        colour = _colour(done, mine[0].queue_id) if mine else NOBODY
        x1, y1, x2, y2 = np.round(tracks.boxes[index]).astype(int).tolist()
        thickness = 2 if tracks.observed[index] else 1  # thin: not seen in this picture, carried on
        cv2.rectangle(image, (x1, y1), (x2, y2), colour, thickness)
        foot = np.round(tracks.ground[index] * size).astype(int).tolist()
        cv2.circle(image, foot, 5, colour, -1)
        put_text(image, str(track_id), (x1 + 3, y1 + 16), colour)


def _draw_figures(image: Image, done: Replayed, readings: dict[str, QueueReading], pts_s: float) -> None:
    put_text(image, f"{pts_s:.2f} s", (8, 20), (255, 255, 255))
    for row, (queue_id, reading) in enumerate(readings.items()):
        length = "?" if reading.length is None else f"{reading.length} ({reading.length_low}-{reading.length_high})"
        wait = "" if reading.wait_s is None else f" wait {reading.wait_s:.0f} s"
        text = f"{queue_id}: {length}{wait} {reading.state} {reading.quality}"
        put_text(image, text, (8, 42 + 20 * row), _colour(done, queue_id))


def put_text(image: Image, text: str, at: tuple[int, int], colour: Colour) -> None:
    """Text on a darkened plate, legible on anything. (A rim of thicker letters would be wider than the letters.)"""
    (width, height), below = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, TEXT, 1)
    x, y = at
    plate = image[max(y - height - 3, 0) : y + below, max(x - 3, 0) : x + width + 3]
    plate //= 3
    cv2.putText(image, text, at, cv2.FONT_HERSHEY_SIMPLEX, TEXT, colour, 1, cv2.LINE_AA)
