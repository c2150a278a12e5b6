"""MOT text as truth: how it is read, and that the scores are the reference library's on cases known by hand."""

from pathlib import Path

import numpy as np
import pytest

from calibration import mot_truth, track_scores
from calibration.mot_truth import MotTruth
from edge.errors import InputError
from edge.vocabulary import Tracks
from tests.calibration.made import video


def mot(path: Path, rows: list[str]) -> Path:
    """Writes a MOT file."""
    path.write_text("\n".join(rows) + "\n")
    return path


def read(path: Path, fps: float | None = 10.0) -> MotTruth:
    """Reads it for camera c1."""
    return mot_truth.read(path, "c1", fps=fps, video=None)


def tracks(pts_s: float, people: dict[int, float], *, unseen: tuple[int, ...] = ()) -> Tracks:
    """Tracks at one picture: id -> x of a box of 40 x 100; those in `unseen` were carried on."""
    ids = list(people)
    boxes = np.array([[x, 0, x + 40, 100] for x in people.values()], np.float32).reshape(-1, 4)
    return Tracks(
        "c1", "replay", pts_s, 0.0, (640, 480), np.array(ids, np.int64), boxes, np.zeros((len(ids), 2), np.float32),
        np.array([i not in unseen for i in ids]), np.full(len(ids), pts_s),
    )  # fmt: skip


def two_people(frames: int) -> list[str]:
    """Persons 1 at x 0 and 2 at x 300, standing."""
    return [f"{k},{i},{x},0,40,100,1,1,1" for k in range(1, frames + 1) for i, x in ((1, 0), (2, 300))]


def score(path: Path, rows: list[Tracks], served: int = 0) -> dict[str, float]:
    """The scores of these tracks."""
    return track_scores.score(track_scores.pictures(read(path), rows), served=served)


def test_perfect_tracks_score_one(tmp_path: Path) -> None:
    """The truth's own boxes under constant ids: HOTA, IDF1 and MOTA 1, no switch."""
    path = mot(tmp_path / "gt.txt", two_people(10))
    found = score(path, [tracks(k / 10, {7: 0, 8: 300}) for k in range(10)], served=2)
    assert (found["hota"], found["idf1"], found["mota"], found["switches"], found["switches_per_served"]) == (
        1.0, 1.0, 1.0, 0, 0.0
    )  # fmt: skip
    assert (found["pictures"], found["people"]) == (10, 2)


def test_an_exchange_in_the_middle_is_two_switches(tmp_path: Path) -> None:
    """Ids change places after half of ten pictures: IDF1 1/2; detection stays 1, association is 1/3, HOTA its root."""
    path = mot(tmp_path / "gt.txt", two_people(10))
    rows = [tracks(k / 10, {7: 0, 8: 300} if k < 5 else {8: 0, 7: 300}) for k in range(10)]
    found = score(path, rows, served=4)
    assert (found["switches"], found["switches_per_served"], found["idf1"]) == (2, 0.5, 0.5)
    assert found["hota"] == pytest.approx((1 / 3) ** 0.5, abs=1e-4)


def test_one_of_two_missed(tmp_path: Path) -> None:
    """Half of the boxes: IDF1 = 2 / 3, detection accuracy 1/2; boxes carried on unseen are not boxes."""
    path = mot(tmp_path / "gt.txt", two_people(10))
    rows = [tracks(k / 10, {7: 0, 8: 300}, unseen=(8,)) for k in range(10)]
    found = score(path, rows)
    assert (found["idf1"], found["det_a"], found["mota"]) == (pytest.approx(2 / 3, abs=1e-4), 0.5, 0.5)
    assert found["switches_per_served"] is None


def test_never_mind_rows_count_neither_way(tmp_path: Path) -> None:
    """Rows with conf 0 or another class take the boxes on them out: finding them and missing them is the same."""
    rows = [f"{k},1,0,0,40,100,1,1,1\n{k},2,300,0,40,100,0,1,1\n{k},3,500,0,40,100,1,3,1" for k in range(1, 11)]
    path = mot(tmp_path / "gt.txt", rows)
    for people in ({7: 0.0}, {7: 0.0, 8: 300.0, 9: 500.0}):
        found = score(path, [tracks(k / 10, people) for k in range(10)])
        assert (found["hota"], found["people"]) == (1.0, 1)


def test_only_annotated_pictures_are_judged(tmp_path: Path) -> None:
    """Rows at frames 1, 4, 10: every third frame is annotated, frame 7 shows nobody, the rest is not looked at."""
    path = mot(tmp_path / "gt.txt", [f"{k},1,0,0,40,100" for k in (1, 4, 10)])
    truth = read(path)
    assert truth.step == 3
    kept = track_scores.pictures(truth, [tracks(k / 10, {7: 0}) for k in range(15)])
    assert [(round(p.pts_s, 1), len(p.truth.ids)) for p in kept] == [(0.0, 1), (0.3, 1), (0.6, 0), (0.9, 1)]


def test_frames_count_from_the_first_picture(tmp_path: Path) -> None:
    """A recording that begins at 100 s has frame 1 there."""
    path = mot(tmp_path / "gt.txt", two_people(3))
    kept = track_scores.pictures(read(path), [tracks(100.0 + k / 10, {7: 0}) for k in range(3)])
    assert len(kept) == 3


def test_the_frame_rate_is_found_or_asked_for(tmp_path: Path) -> None:
    """The command line, then seqinfo.ini, then the video; with none of them the question is told."""
    path = mot(tmp_path / "gt.txt", two_people(3))
    film = video(tmp_path / "f.mp4", seconds=0.5, fps=10)
    assert mot_truth.read(path, "c1", fps=None, video=film).fps == 10.0
    (tmp_path / "seqinfo.ini").write_text("[Sequence]\nframeRate=25\n")
    assert mot_truth.read(path, "c1", fps=None, video=film).fps == 25.0
    assert mot_truth.read(path, "c1", fps=5.0, video=film).fps == 5.0
    (tmp_path / "seqinfo.ini").write_text("[Sequence]\nname=x\n")
    with pytest.raises(InputError, match="no frameRate"):
        read(path, None)
    (tmp_path / "seqinfo.ini").unlink()
    with pytest.raises(InputError, match="--truth-fps 25"):
        read(path, None)


def test_wrong_rows_are_told_together(tmp_path: Path) -> None:
    """Each kind of wrong row has its line and its reason; an empty file and none at all are told too."""
    rows = ["x", "0,1,0,0,4,4", "1,1,0,0,0,4", "1,2,0,0,4", "2,1,0,0,4,4", "2,1,9,9,4,4", "3,1,nan,0,4,4"]
    with pytest.raises(InputError) as told:
        read(mot(tmp_path / "gt.txt", rows))
    said = str(told.value)
    for number, word in (
        (1, "not numbers"),
        (2, "frames from 1"),
        (3, "width 0"),
        (4, "5 values"),
        (6, "twice"),
        (7, "finite"),
    ):
        assert f"gt.txt:{number}: " in said
        assert word in said
    for path in (mot(tmp_path / "empty.txt", []), tmp_path / "none.txt"):
        with pytest.raises(InputError, match=path.name):
            read(path)
