"""Tracks as truth: MOT text (motchallenge.net), one box a line, as annotation tools write it.

    frame,id,left,top,width,height[,conf[,class[,visibility]]]        frames count from 1, pixels of the video

conf 0 and classes other than 1 (a person) are "never mind": neither finding nor missing them counts. Frame k shows the
moment (k - 1) / fps after the recording's first; fps is --truth-fps, or frameRate in a seqinfo.ini beside the file or
one folder up, or the video's own. Where only every n-th frame has rows, the frames between are not annotated; frames
before the first and after the last row aren't either.
"""

import configparser
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from edge.errors import InputError

SHOWN_FAULTS = 10
MAX_FRAME = 10_000_000


@dataclass(frozen=True, eq=False)
class MotFrame:
    """The people in one picture.

    Attributes:
        ids: (N,) int64.
        boxes: (N, 4) float64 x1 y1 x2 y2, pixels of the annotated video.
        counts: (N,) bool; False: never mind this one.
    """

    ids: NDArray[np.int64]
    boxes: NDArray[np.float64]
    counts: NDArray[np.bool_]


NOBODY = MotFrame(np.empty(0, np.int64), np.empty((0, 4)), np.empty(0, np.bool_))


@dataclass(frozen=True, eq=False)
class MotTruth:
    """One camera's tracks.

    Attributes:
        camera_id: whose.
        fps: frames a second of the annotated video.
        frames: by frame number.
        step: every so many frames one is annotated, from the first to the last of `frames`.
    """

    camera_id: str
    fps: float
    frames: dict[int, MotFrame]
    step: int

    def at(self, since_start_s: float) -> MotFrame | None:
        """The annotated frame nearest to a moment of the recording; None: that one is not annotated."""
        number = round(since_start_s * self.fps) + 1
        first, last = min(self.frames), max(self.frames)
        if not first <= number <= last or (number - first) % self.step:
            return None
        return self.frames.get(number, NOBODY)


def read(path: Path, camera_id: str, *, fps: float | None, video: Path | None) -> MotTruth:
    """Reads a file.

    Args:
        path: the file.
        camera_id: whose pictures it annotates.
        fps: as given on the command line.
        video: the camera's recording, if it is a video.

    Raises:
        InputError: the file can't be read, rows are wrong (all told at once), or the frame rate can't be known.
    """
    rows = _rows(path)
    rate = fps or _seqinfo_fps(path) or (None if video is None else _video_fps(video))
    if rate is None:
        raise InputError(
            f"{path}: how many frames a second its frame numbers count can't be known from recorded detections; "
            "say it: --truth-fps 25 (or frameRate=25 under [Sequence] in a seqinfo.ini beside it)"
        )
    frames: dict[int, MotFrame] = {}
    numbers = rows[:, 0].astype(np.int64)
    for number in np.unique(numbers).tolist():
        of = rows[numbers == number]
        ids = of[:, 1].astype(np.int64)
        corners = np.concatenate([of[:, 2:4], of[:, 2:4] + of[:, 4:6]], axis=1)
        frames[number] = MotFrame(ids, corners, (of[:, 6] != 0) & np.isin(of[:, 7], (1, -1)))
    apart = np.diff(sorted(frames))
    return MotTruth(camera_id, rate, frames, int(np.gcd.reduce(apart)) if len(apart) else 1)


def _rows(path: Path) -> NDArray[np.float64]:
    """(N, 8): frame, id, left, top, width, height, conf, class."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"{path}: can't be read as text: {reason}") from error
    found, faults = [], []
    seen: dict[tuple[float, float], int] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        row = _row(line)
        if isinstance(row, str):
            faults.append(f"{path}:{number}: {row}")
            continue
        key = (row[0], row[1])
        if key in seen:
            faults.append(f"{path}:{number}: id {row[1]:g} is twice in frame {row[0]:g}, first in line {seen[key]}")
        seen.setdefault(key, number)
        found.append(row)
    if not found and not faults:
        faults.append(f"{path}: no row; a row is frame,id,left,top,width,height[,conf[,class[,visibility]]]")
    if faults:
        more = len(faults) - SHOWN_FAULTS
        raise InputError("\n".join(faults[:SHOWN_FAULTS] + ([f"... and {more} more"] if more > 0 else [])))
    return np.array(found, np.float64)


def _row(line: str) -> list[float] | str:
    """The eight values of a row, or what is wrong with it."""
    try:
        values = [float(cell) for cell in line.split(",")]
    except ValueError:
        return f"not numbers: {line[:60]!r}; a row is frame,id,left,top,width,height[,conf[,class[,visibility]]]"
    if not 6 <= len(values) <= 10 or not all(map(math.isfinite, values)):
        return f"{len(values)} values; 6 to 10 finite ones are allowed"
    if not (1 <= values[0] <= MAX_FRAME and values[0] == int(values[0]) and values[1] == int(values[1])):
        return f"frame {values[0]:g}, id {values[1]:g}: whole numbers, frames from 1"
    if values[4] <= 0 or values[5] <= 0:
        return f"width {values[4]:g}, height {values[5]:g}: more than 0"
    return [*values[:6], *(values[6:8] + [1.0, 1.0][len(values[6:8]) :])]


def _seqinfo_fps(path: Path) -> float | None:
    for file in (path.with_name("seqinfo.ini"), path.absolute().parent.parent / "seqinfo.ini"):
        if not file.is_file():
            continue
        parser = configparser.ConfigParser()
        try:
            parser.read_string(file.read_text(encoding="utf-8"))
            rate = parser.getfloat("Sequence", "frameRate")
        except (configparser.Error, UnicodeDecodeError, ValueError, OSError) as error:
            raise InputError(f"{file}: no frameRate under [Sequence] can be read in it: {error}") from error
        if not 0 < rate <= 1000:
            raise InputError(f"{file}: frameRate is {rate:g}; allowed: above 0, at most 1000")
        return rate
    return None


def _video_fps(path: Path) -> float | None:
    try:
        with av.open(str(path)) as container:
            rate = container.streams.video[0].average_rate if container.streams.video else None
    except (av.FFmpegError, OSError):  # the replay tells what is wrong with it
        return None
    return float(rate) if rate else None


def truth_pairs(truth: MotTruth, times_s: Sequence[float]) -> Iterator[tuple[int, MotFrame]]:
    """(index of a picture, what is true in it) for the pictures at `times_s` that are annotated."""
    for index, pts_s in enumerate(times_s):
        frame = truth.at(pts_s - times_s[0])
        if frame is not None:
            yield index, frame
