"""Keeps a camera's drift reference over restarts: a move while the box is off is told, and told again after a restart.

The file belongs to what was drawn: other lanes, another mask or another source make a new reference, so drawing the
lanes anew is all that a turned camera needs.
"""

import hashlib
import logging
import zipfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.capture.drift import DriftJudge, Reference
from edge.settings import CameraSettings, Site
from edge.vocabulary import Polygon

_log = logging.getLogger(__name__)


def places_on(site: Site, camera_id: str) -> tuple[Polygon, ...]:
    """What was drawn on a camera and moves with its picture: lanes, where they are served, counting lines."""
    lanes = [lane for queue in site.queues for lane in queue.lanes if lane.camera_id == camera_id]
    shapes = [shape for lane in lanes for shape in (lane.area, lane.service_line, lane.service_area) if shape]
    return (*shapes, *(line.points for line in site.lines if line.camera_id == camera_id))


class DriftMemory:
    """One camera's file in the state folder."""

    def __init__(self, state: Path, camera: CameraSettings, places: tuple[Polygon, ...]) -> None:
        """`places`: from `places_on`."""
        self._path = state / f"drift-{camera.id}.npz"
        drawn = repr((camera.source, camera.mask, places)).encode()
        self._drawn = hashlib.sha256(drawn).hexdigest()
        self._kept: Reference | None = None

    def load(self) -> Reference | None:
        """The reference for what is drawn now; None where there is none, or none that can be read."""
        try:
            with np.load(self._path, allow_pickle=False) as file:
                if str(file["drawn"]) == self._drawn:
                    height, width = (int(n) for n in file["size"])
                    self._kept = Reference(file["at"], file["words"], (height, width), file["base"])
        except FileNotFoundError:
            pass
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
            _log.warning("%s can't be used (%s); the camera's place is learnt anew", self._path, error)
        return self._kept

    def keep(self, reference: Reference | None) -> None:
        """Writes it, if it is another than the one kept; a disk that refuses is told and changes nothing."""
        if reference is None or reference is self._kept:
            return
        self._kept = reference
        part = self._path.with_suffix(".part.npz")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            size = np.array(reference.size)
            np.savez(part, drawn=self._drawn, at=reference.at, words=reference.words, size=size, base=reference.base)
            part.replace(self._path)
        except OSError as error:
            _log.warning("%s can't be written (%s); a move while Linewise is off would not be seen", self._path, error)


class DriftWatch:
    """Looks for moves of one camera, and remembers over restarts where it looked."""

    def __init__(self, site: Site, camera: CameraSettings, state: Path) -> None:
        """`state`: the site's state folder."""
        places = places_on(site, camera.id)
        self._judge = DriftJudge(places, camera.mask)
        self._memory = DriftMemory(state, camera, places)
        self._judge.reference = self._memory.load()

    def judge(self, image: NDArray[np.uint8], pts_s: float) -> bool:
        """As DriftJudge.judge."""
        moved = self._judge.judge(image, pts_s)
        self._memory.keep(self._judge.reference)
        return moved
