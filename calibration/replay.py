"""`linewise replay`: recordings through the same functions as live, without a clock, and what came of it.

Everything here is a function of the recordings, the site and the detector: two replays give equal files.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field

from calibration.detections_file import encode
from calibration.outputs import OutFolder, visit_line
from calibration.pump import pump
from calibration.recording import Item, Recording, items
from detector.runtime.protocol import Detector
from edge.messages import LineReading, QueueReading
from edge.settings import Site
from edge.vocabulary import Tracks, Visit


@dataclass
class CameraFacts:
    """What a recording turned out to hold for one camera."""

    pictures: int = 0
    size_px: tuple[int, int] | None = None
    first_pts_s: float | None = None
    last_pts_s: float | None = None


@dataclass
class Replayed:
    """What came out of a replay.

    Attributes:
        site: the site.
        recordings: what was replayed.
        cameras: what each camera's recording held, by id.
        readings: by queue id, in the order of time.
        visits: by queue id, ended ones in the order of their end, then those still there.
        in_view: first and last media second in which each "camera/run/id" was seen.
        model_sha256, detector_name: of the detector; None: none ran.
        lines: each counting line's last reading, by line id.
    """

    site: Site
    recordings: tuple[Recording, ...]
    cameras: dict[str, CameraFacts]
    readings: dict[str, list[QueueReading]]
    visits: dict[str, list[Visit]]
    in_view: dict[str, tuple[float, float]]
    model_sha256: str | None = None
    detector_name: str | None = None
    lines: dict[str, LineReading] = field(default_factory=dict)

    @property
    def start_s(self) -> float:
        """The first media second of any camera."""
        return min((c.first_pts_s for c in self.cameras.values() if c.first_pts_s is not None), default=0.0)

    @property
    def end_s(self) -> float:
        """The last media second of any camera."""
        return max((c.last_pts_s for c in self.cameras.values() if c.last_pts_s is not None), default=0.0)


class _OneDetector:
    """Opens the detector when the first picture wants it, once for all recordings."""

    def __init__(self, open_detector: Callable[[], Detector]) -> None:
        self._open = open_detector
        self.opened: Detector | None = None

    def __call__(self) -> Detector:
        if self.opened is None:
            self.opened = self._open()
        return self.opened


def run(
    site: Site,
    recordings: Sequence[Recording],
    open_detector: Callable[[], Detector],
    *,
    out: OutFolder,
    on_pts: Callable[[float], None] = lambda pts_s: None,
    on_tracks: Callable[[Tracks], None] | None = None,
    on_item: Callable[[Item], None] = lambda item: None,
) -> Replayed:
    """Replays the recordings; writes readings, visits and detections as they come.

    Args:
        site: the site.
        recordings: from `recording.choose`.
        open_detector: called when the first video's first picture is there.
        out: takes readings.jsonl, visits.jsonl, lines.jsonl, detections.jsonl.
        on_pts: told the media time of each picture (the progress bar).
        on_tracks: told each camera's tracks (the overlay).
        on_item: told each item as it goes to the trackers (the fit).

    Raises:
        InputError, SourceError: a recording can't be read.
    """
    by_queue = [q.id for q in site.queues]
    done = Replayed(site, tuple(recordings), {}, {q: [] for q in by_queue}, {q: [] for q in by_queue}, {})
    detector = _OneDetector(open_detector)

    def seen(tracks: Tracks) -> None:
        _note_in_view(done.in_view, tracks)
        if on_tracks:
            on_tracks(tracks)

    try:
        with closing(items(site, recordings, detector)) as stream:
            for tick in pump(site, _noted(stream, done, out, on_pts, on_item), on_tracks=seen):
                for reading in tick.readings:
                    out.write("readings.jsonl", reading.to_json().decode() + "\n")
                    done.readings[reading.queue].append(reading)
                for line in tick.lines:
                    out.write("lines.jsonl", line.to_json().decode() + "\n")
                    done.lines[line.line] = line
                for visit in tick.visits:
                    out.write("visits.jsonl", visit_line(visit))
                    done.visits[visit.queue_id].append(visit)
    finally:
        if detector.opened is not None:
            done.model_sha256 = detector.opened.model_sha256 or None
            done.detector_name = detector.opened.name
            detector.opened.close()
    return done


def _noted(
    stream: Iterable[Item],
    done: Replayed,
    out: OutFolder,
    on_pts: Callable[[float], None],
    on_item: Callable[[Item], None],
) -> Iterator[Item]:
    """Passes the items on; notes what the recordings hold and writes detections.jsonl."""
    for camera_id, pts_s, detections in stream:
        facts = done.cameras.setdefault(camera_id, CameraFacts())
        facts.first_pts_s = pts_s if facts.first_pts_s is None else facts.first_pts_s
        facts.last_pts_s = pts_s
        if detections is not None:
            facts.pictures += 1
            facts.size_px = facts.size_px or detections.size_px
        out.write("detections.jsonl", encode(camera_id, pts_s, detections) + "\n")
        on_pts(pts_s)
        on_item((camera_id, pts_s, detections))
        yield camera_id, pts_s, detections


def _note_in_view(in_view: dict[str, tuple[float, float]], tracks: Tracks) -> None:
    for track_id in tracks.track_ids[tracks.observed].tolist():
        key = f"{tracks.camera_id}/{tracks.run}/{track_id}"
        in_view[key] = (in_view.get(key, (tracks.pts_s,))[0], tracks.pts_s)
