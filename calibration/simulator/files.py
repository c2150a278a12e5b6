"""What a run leaves in its folder: truth as CSV, detections a line each, the site file."""

import csv
import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from calibration.simulator.detections import Tick
from calibration.simulator.settings import Scenario
from calibration.simulator.visits import TrueCount, TrueVisit


def _seconds(value_s: float | None) -> str:
    return "" if value_s is None else f"{value_s:.3f}".rstrip("0").rstrip(".")


def write_visits(path: Path, visits: Sequence[TrueVisit]) -> None:
    """A row a visit; a time that never came stays empty."""
    with path.open("w", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(["queue", "joined_s", "served_s", "left_s", "outcome"])
        for v in visits:
            rows.writerow([v.queue, _seconds(v.joined_s), _seconds(v.served_s), _seconds(v.left_s), v.outcome])


def write_counts(path: Path, rows: Sequence[TrueCount]) -> None:
    """The counts truth of `linewise replay --truth`."""
    with path.open("w", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(["pts_s", "queue", "length", "certain"])
        for row in rows:
            out.writerow([_seconds(row.pts_s), row.queue, row.length, str(row.certain).lower()])


def write_detections(path: Path, ticks: Iterable[Tick], scenario: Scenario) -> None:
    """A recording of detections as `linewise replay` reads it; its lines name the camera where there are several."""
    with path.open("w") as file:
        for tick in ticks:
            camera = scenario.view(tick.camera)
            line = {
                "pts_s": round(tick.pts_s, 3), **({"camera": tick.camera} if scenario.views else {}),
                "width": camera.width_px, "height": camera.height_px,
                "boxes": tick.boxes.round(1).tolist(), "scores": tick.scores.round(3).tolist(),
            }  # fmt: skip
            file.write(json.dumps(line) + "\n")


def write_tracks(path: Path, ticks: Sequence[Tick], scenario: Scenario) -> None:
    """Everybody's exact box as MOT text, as `linewise replay --truth` reads it; frames count the film's, from 1."""
    start_s = min((t.pts_s for t in ticks), default=0.0)
    with path.open("w") as file:
        for tick in ticks:
            frame = round((tick.pts_s - start_s) / scenario.step_s) + 1
            for person, box, visible in zip(tick.true_persons, tick.true_boxes, tick.visible, strict=True):
                x1, y1, x2, y2 = box.tolist()
                size = f"{x1:.1f},{y1:.1f},{x2 - x1:.1f},{y2 - y1:.1f}"
                file.write(f"{frame},{int(person) + 1},{size},1,1,{visible:.2f}\n")


def write_frame_rate(path: Path, scenario: Scenario) -> None:
    """seqinfo.ini: how many frames a second the numbers of the MOT text count."""
    path.write_text(f"[Sequence]\nframeRate={1 / scenario.step_s:g}\n")


def of_camera(ticks: Iterable[Tick], camera_id: str) -> Iterator[Tick]:
    """The ticks of one camera."""
    return (t for t in ticks if t.camera == camera_id)
