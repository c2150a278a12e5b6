"""Causes picture by picture: each kind on boxes made for it, through the whole replay."""

from pathlib import Path
from typing import Any

import pytest

from calibration import replay, track_causes, track_scores
from calibration.mot_truth import read
from calibration.outputs import out_folder
from calibration.recording import choose
from edge.config import load_site
from edge.vocabulary import Tracks
from tests.calibration.made import SITE, line, person, recording, site_file

STANDS, PASSES = (640.0, 500.0), (100.0, 500.0)  # in the lane, and beside it
SECONDS = 30


def of_tracks(
    folder: Path, seen: list[list[tuple[float, float]]], true: dict[int, tuple[float, float]], since: int = 0
) -> Any:
    """The causes in queue q1.

    Args:
        folder: for the files.
        seen: what the detector saw in each picture, five a second.
        true: where each person stands.
        since: the first picture of the truth.
    """
    site = load_site(site_file(folder, SITE))
    path = recording(folder / "r.jsonl", [line(k / 5, [person(*at) for at in places]) for k, places in enumerate(seen)])
    rows = []
    for k in range(since, len(seen)):
        for i, at in true.items():
            x1, y1, x2, y2 = person(*at)
            rows.append(f"{k + 1},{i},{x1},{y1},{x2 - x1},{y2 - y1}")
    (folder / "gt.txt").write_text("\n".join(rows))
    kept: list[Tracks] = []
    with out_folder(None) as out:
        done = replay.run(site, choose(site, path, ()), _none, out=out, on_tracks=kept.append)
    pictures = track_scores.pictures(read(folder / "gt.txt", "c1", fps=5.0, video=None), kept)
    return track_causes.of_tracks(done, "c1", pictures)["q1"]


def _none() -> Any:
    raise AssertionError("a detector was opened")


def test_a_person_who_is_seen_all_the_time_is_right(tmp_path: Path) -> None:
    """Every picture is right, and somebody beside the lane is nobody's business."""
    pictures = SECONDS * 5
    found = of_tracks(tmp_path, [[STANDS, PASSES]] * pictures, {1: STANDS, 2: PASSES})
    assert (found["people"], found["pictures"]) == (1, pictures)
    assert found["right"] >= pictures - 5
    assert (found["missed"] + found["not_counted"] + found["right"]) == pictures
    assert (found["ghost"], found["switch"], found["wrong_lane"]) == (0, 0, 0)


def test_a_person_who_is_not_seen_is_missed(tmp_path: Path) -> None:
    """The detector sees nothing for the last ten seconds: so many pictures are missed."""
    seen = [[STANDS]] * ((SECONDS - 10) * 5) + [[]] * 50
    found = of_tracks(tmp_path, seen, {1: STANDS})
    assert found["missed"] == pytest.approx(50, abs=3)


def test_a_box_on_nobody_is_a_ghost(tmp_path: Path) -> None:
    """A box in the lane where the truth has nobody is counted as one, and somebody else in the lane as missed."""
    other = (420.0, 640.0)
    found = of_tracks(tmp_path, [[STANDS]] * (SECONDS * 5), {1: other})
    assert found["ghost"] >= SECONDS * 5 - 5
    assert found["missed"] == SECONDS * 5


def test_a_short_visit_is_no_stay(tmp_path: Path) -> None:
    """Who stands in the lane for less than min_stay_s is not in the queue in truth either."""
    found = of_tracks(tmp_path, [[]] * 25 + [[STANDS]] * 20, {1: STANDS}, since=25)
    assert (found["people"], found["pictures"], found["ghost"]) == (0, 0, 0)
