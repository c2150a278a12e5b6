"""Where people were seen: the tracks of an hour, thinned to two a second and person, for suggestions and advice."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from calibration import detections_file
from edge.settings import CameraSettings
from edge.tracking import Tracker
from edge.vocabulary import Tracks

THIN_S = 0.5
ROWS_MOST = 400_000  # a crowded hour; more is forgotten from the front


@dataclass(frozen=True, eq=False)
class Table:
    """Sightings as columns, in the order of person, then time.

    Attributes:
        person: (N,) int64 track numbers.
        at_s: (N,) float64 media seconds.
        foot: (N, 2) float64, where they stand, fractions of the picture.
        box: (N, 4) float64 x1 y1 x2 y2, fractions of the picture.
        aspect: width / height of the picture.
    """

    person: NDArray[np.int64]
    at_s: NDArray[np.float64]
    foot: NDArray[np.float64]
    box: NDArray[np.float64]
    aspect: float

    @property
    def height(self) -> NDArray[np.float64]:
        """(N,) heights of the boxes, fractions of the picture's height."""
        return self.box[:, 3] - self.box[:, 1]

    @property
    def span_s(self) -> float:
        """From the first to the last sighting, seconds."""
        return float(np.ptp(self.at_s)) if len(self.at_s) else 0.0


@dataclass
class Sightings:
    """Takes in tracks as they come."""

    aspect: float = 16 / 9
    _rows: list[tuple[float, ...]] = field(default_factory=list)
    _last_s: dict[int, float] = field(default_factory=dict)

    def add(self, tracks: Tracks) -> None:
        """Notes everybody who was really seen in this picture."""
        width, height = tracks.size_px
        self.aspect = width / height
        for i in np.flatnonzero(tracks.observed):
            person = int(tracks.track_ids[i])
            if tracks.pts_s - self._last_s.get(person, -1e9) < THIN_S:
                continue
            self._last_s[person] = tracks.pts_s
            box = tracks.boxes[i] / (width, height, width, height)
            self._rows.append((person, tracks.pts_s, *map(float, tracks.ground[i]), *map(float, box)))
        if len(self._rows) > ROWS_MOST:
            del self._rows[: ROWS_MOST // 10]
            self._last_s = {int(row[0]): row[1] for row in self._rows}

    def table(self) -> Table:
        """Everything so far."""
        rows = np.array(self._rows, np.float64).reshape(-1, 8)
        rows = rows[np.lexsort((rows[:, 1], rows[:, 0]))]
        return Table(rows[:, 0].astype(np.int64), rows[:, 1], rows[:, 2:4], rows[:, 4:8], self.aspect)


def of_recording(path: Path, camera: CameraSettings) -> Sightings:
    """The sightings of one camera in a replay's detections.jsonl; InputError if it can't be read."""
    found, tracker = Sightings(), Tracker(camera, run="recorded")
    for camera_id, _, detections in detections_file.read(path, lambda _: None):
        if camera_id in (None, camera.id) and detections is not None:
            found.add(tracker.update(detections))
    return found
