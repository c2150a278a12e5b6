"""Lanes where people are too small to be found: known where a camera has its floor marks."""

from collections.abc import Iterator

import numpy as np

from detector.runtime.errors import DetectorError
from detector.runtime.manifest import WEIGHTS_DIR, read_model
from edge.floor_marks import to_floor
from edge.settings import CameraSettings, Site
from edge.vocabulary import Point
from linewise.check_lanes import grid
from linewise.check_report import CheckLine

PERSON_M = 1.7
FOUND_PX = 25.0  # on the detector's canvas: smaller people are hardly ever found (docs/detector.md)
STEP = 0.001  # of the picture's width


def people_lines(site: Site) -> Iterator[CheckLine]:
    """Findings on every lane whose camera has a floor."""
    try:
        canvas_px = read_model(WEIGHTS_DIR, site.detector_model).canvas[0]
    except DetectorError:
        return  # told where the model is looked at
    for queue in site.queues:
        for number, lane in enumerate(queue.lanes, 1):
            heights = [px for p in grid(lane.area) if (px := person_px(site.camera(lane.camera_id), p, canvas_px))]
            small = sum(px < FOUND_PX for px in heights) / max(len(heights), 1)
            about = f"queue {queue.id}, lane {number}"
            todo = "hang the camera nearer, take a longer lens, or a finer model ([detector] model)"
            size = f"the detector sees people of {min(heights, default=0.0):.0f} to {max(heights, default=0.0):.0f} px"
            if small > 0.98:
                yield CheckLine("fault", about, f"can never count: {size} here, {FOUND_PX:.0f} are the least", todo)
            elif small > 0.25:
                yield CheckLine("warning", about, f"people are too small in {small:.0%} of it: {size}", todo)


def person_px(camera: CameraSettings, foot: Point, canvas_px: int) -> float | None:
    """About how high a person who stands at `foot` is on the detector's canvas, px; None where no floor tells.

    Upright people are as large as the floor is across: metres a step to the right at the foot, by the floor's
    homography. (From steeply above people look shorter than this.) The canvas takes the picture's whole width.
    """
    matrix = to_floor(camera.floor)
    if matrix is None:
        return None
    ends = np.array([[foot[0] - STEP / 2, foot[1], 1.0], [foot[0] + STEP / 2, foot[1], 1.0]]) @ matrix.T
    if (np.abs(ends[:, 2]) < 1e-9).any() or ends[0, 2] * ends[1, 2] < 0:
        return None  # on the horizon
    metres = ends[:, :2] / ends[:, 2:]
    across_m = float(np.hypot(*(metres[1] - metres[0])))
    return PERSON_M * STEP / across_m * canvas_px if across_m > 0 else None
