"""Recordings of a site: which file belongs to which camera, and what the tracker sees of them in the order of time.

A video is decoded in a thread of its own, a few pictures ahead of the detector; a `.jsonl` of recorded detections needs
neither. All recordings of a call share one clock: each one's `pts_s`.
"""

import heapq
import json
import logging
from collections.abc import Callable, Generator, Iterable
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from calibration import ahead, detections_file
from detector.runtime.detections import Detections
from detector.runtime.protocol import Detector
from edge.errors import InputError
from edge.settings import CameraSettings, Site

Item = tuple[str, float, Detections | None]

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Recording:
    """One file to replay.

    Attributes:
        path: where it lies.
        camera_id: whose pictures it holds; None: its lines say so themselves.
        kind: "video" or "detections".
    """

    path: Path
    camera_id: str | None
    kind: Literal["video", "detections"]


def choose(site: Site, recording: Path | None, cameras: Iterable[str]) -> tuple[Recording, ...]:
    """What the command line asks for.

    Args:
        site: the site.
        recording: RECORDING, or None.
        cameras: every --camera: "ID" or "ID=RECORDING".

    Raises:
        InputError: an id that the site lacks, a file that isn't there, a recording whose camera can't be known.
    """
    pairs: dict[str, str] = {}
    for text in cameras:
        camera_id, _, path = text.partition("=")
        if camera_id not in {c.id for c in site.cameras}:
            raise InputError(f"--camera {text}: {site.path.name} has no camera {camera_id!r}; it has {_ids(site)}")
        if camera_id in pairs:
            raise InputError(f"--camera {text}: camera {camera_id!r} is given twice; one recording a camera")
        pairs[camera_id] = path
    without = [camera_id for camera_id, path in pairs.items() if not path]
    if recording is None:
        chosen = {k: v for k, v in pairs.items() if v}
        own = without or ([] if chosen else None)
        return tuple(_opened(Path(p), k) for k, p in chosen.items()) + _own_files(site, own)
    if len(without) < len(pairs) or len(pairs) > 1:
        raise InputError(
            f"{recording} is given without a camera beside {' '.join('--camera ' + c for c in cameras)}; "
            "give either RECORDING with one --camera ID, or --camera ID=RECORDING for each"
        )
    if without or len(site.cameras) == 1:
        return (_opened(recording, without[0] if without else site.cameras[0].id),)
    chosen_one = _opened(recording, None)
    if chosen_one.kind == "video":
        raise InputError(
            f"{recording}: {site.path.name} has {len(site.cameras)} cameras ({_ids(site)}); "
            "say whose recording this is with --camera ID"
        )
    return (chosen_one,)


def _ids(site: Site) -> str:
    return ", ".join(c.id for c in site.cameras)


def _own_files(site: Site, wanted: list[str] | None) -> tuple[Recording, ...]:
    """The site's own file sources; `wanted` None: all of them, else those cameras, which must have one."""
    if wanted == []:
        return ()
    found = []
    for camera in site.cameras:
        if wanted is not None and camera.id not in wanted:
            continue
        if "://" not in camera.source:
            found.append(_opened(Path(camera.source), camera.id))
        elif wanted is not None:
            raise InputError(
                f"--camera {camera.id}: its source {camera.source_shown} is no file; "
                f"give --camera {camera.id}=RECORDING"
            )
    if not found:
        raise InputError(f"no camera of {site.path.name} has a file as its source; give a RECORDING to replay")
    return tuple(found)


def _opened(path: Path, camera_id: str | None) -> Recording:
    if not path.exists():
        raise InputError(f"{path}: no such file")
    if not path.is_file():
        raise InputError(f"{path}: not a file; a recording is a video file, or a .jsonl of detections")
    if path.stat().st_size == 0:
        raise InputError(f"{path}: the file is empty")
    return Recording(path, camera_id, "detections" if path.suffix.lower() == ".jsonl" else "video")


def items(site: Site, recordings: Iterable[Recording], detector: Callable[[], Detector]) -> Generator[Item]:
    """What the cameras saw, all recordings merged in the order of `pts_s` (ties: in the order given).

    Args:
        site: masks and detect_fps of its cameras are applied to videos.
        recordings: from `choose`.
        detector: called once for each video, when its first picture is there.

    Yields:
        (camera_id, pts_s, detections as `detections_file.rounded` makes them, or None for a tick without a picture).

    Raises:
        InputError, SourceError: a recording can't be read.
    """
    streams = [
        _video(site.camera(r.camera_id or ""), r.path, detector) if r.kind == "video" else _detections(site, r)
        for r in recordings
    ]
    try:
        yield from heapq.merge(*streams, key=lambda item: item[1])
    finally:
        for stream in streams:
            stream.close()


def _detections(site: Site, recording: Recording) -> Generator[Item]:
    ids = {c.id for c in site.cameras}

    def allowed(camera_id: str | None) -> str | None:
        if recording.camera_id is not None:
            if camera_id in (None, recording.camera_id):
                return None
            return f"camera is {camera_id!r}, but the recording is given as that of {recording.camera_id!r}"
        if camera_id is None:
            return f"no camera; the site has {_ids(site)}: name one in each line, or give --camera ID"
        return None if camera_id in ids else f"the site has no camera {camera_id!r}; it has {_ids(site)}"

    anyone = recording.camera_id or site.cameras[0].id  # a tick of the clock is the same for every camera
    for camera_id, pts_s, detections in detections_file.read(recording.path, allowed):
        yield camera_id or anyone, pts_s, detections


def file_camera(camera: CameraSettings, path: Path) -> CameraSettings:
    """The camera with a video file as its source."""
    return replace(camera, source=str(path.absolute()), source_shown=str(path), loop=False)


def length_s(recordings: Iterable[Recording]) -> float | None:
    """The last media second, as far as it can be told without reading everything (for the progress bar)."""
    ends = [_last_line_s(r.path) if r.kind == "detections" else ahead.length_s(r.path) for r in recordings]
    return max((end for end in ends if end is not None), default=None)


def _last_line_s(path: Path) -> float | None:
    with path.open("rb") as file:
        file.seek(max(path.stat().st_size - 65_536, 0))
        lines = file.read().splitlines()
    try:
        return float(json.loads(lines[-1])["pts_s"])
    except (IndexError, ValueError, KeyError, TypeError):  # whatever is wrong with it, the reader tells it
        return None


def _video(camera: CameraSettings, path: Path, detector: Callable[[], Detector]) -> Generator[Item]:
    camera = file_camera(camera, path)
    net: Detector | None = None
    last_pts_s = -1.0
    skipped = 0
    with closing(ahead.pictures(camera)) as frames:
        for frame in frames:
            pts_s = round(frame.pts_s, 6)
            if pts_s <= last_pts_s:  # a damaged file; the tracker needs time to go on
                skipped += 1
                continue
            net = net or detector()
            last_pts_s = pts_s
            yield camera.id, pts_s, detections_file.rounded(net.detect(frame.image, pts_s))
    if skipped:
        _log.warning("%s: %d pictures left out, their time does not go on", path, skipped)
    if net is None:
        raise InputError(f"{path}: no picture in it")
