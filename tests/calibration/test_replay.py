"""A replay as a whole: the same code as live, the same result each time."""

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from calibration import overlay, replay, report, summary, words
from calibration.outputs import LINES, WHOLE, out_folder, pretty
from calibration.recording import Recording, choose
from calibration.truth import Truth, load
from detector.runtime.fake import FakeDetector
from edge.config import load_site
from edge.errors import InputError
from edge.settings import Site
from tests.calibration.made import SITE, line, one_served, person, recording, site_file, video


def no_detector() -> FakeDetector:
    """Recorded detections need no detector."""
    raise AssertionError("a detector was opened")


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """One camera, one queue."""
    return load_site(site_file(tmp_path))


def replayed(site: Site, recordings: tuple[Recording, ...], out: Path, detector: Any = no_detector) -> replay.Replayed:
    """A replay with all its files, as the command makes them."""
    with out_folder(out) as folder:
        done = replay.run(site, recordings, detector, out=folder)
        scores = summary.score(done, Truth())
        told = summary.summary(done, scores, Truth())
        folder.write("summary.json", pretty(told))
        folder.write("report.html", report.page(done, scores, told))
    return done


def lines_of(path: Path) -> list[dict[str, Any]]:
    """The objects of a .jsonl file."""
    return [json.loads(text) for text in path.read_text().splitlines()]


def test_a_visit_from_coming_to_being_served(site: Site, tmp_path: Path) -> None:
    """One person who walks up, stands and crosses the service line is one served visit in every file."""
    path = recording(tmp_path / "r.jsonl", one_served())
    done = replayed(site, choose(site, path, ()), tmp_path / "out")
    [visit] = lines_of(tmp_path / "out/visits.jsonl")
    assert (visit["queue"], visit["outcome"], visit["censored"]) == ("q1", "served", False)
    told = json.loads((tmp_path / "out/summary.json").read_text())
    block = told["queues"]["q1"]
    assert (block["joined"], block["served"], block["left"], block["lost"]) == (1, 1, 0, 0)
    assert block["waits_s"] == [pytest.approx(visit["served_s"] - visit["joined_s"], abs=0.002)]
    assert "truth" not in block
    readings = lines_of(tmp_path / "out/readings.jsonl")
    assert [r["pts_s"] for r in readings] == [float(k) for k in range(41)]
    assert {r["length"] for r in readings if 12 <= r["pts_s"] <= 28} == {1}
    assert told["recording"]["pictures"] == 201
    assert told["recording"]["files"][0]["file"] == "r.jsonl"
    assert told["model_sha256"] is None
    assert done.end_s == 40.0


def test_a_counting_line_is_in_the_files(tmp_path: Path) -> None:
    """The person who walks up crosses the line once: a reading a second in lines.jsonl, the end in summary.json."""
    text = SITE + '\n[[line]]\nid = "door"\ncamera = "c1"\npoints = [[0.2, 0.8], [0.8, 0.8]]\n'
    site = load_site(site_file(tmp_path, text))
    replayed(site, choose(site, recording(tmp_path / "r.jsonl", one_served()), ()), tmp_path / "out")
    lines = lines_of(tmp_path / "out/lines.jsonl")
    assert [r["pts_s"] for r in lines] == [float(k) for k in range(41)]
    assert {r["count_out"] for r in lines if r["pts_s"] < 6} == {0}
    told = json.loads((tmp_path / "out/summary.json").read_text())
    assert told["lines"] == {"door": {"count_in": 0, "count_out": 1}}


def test_two_replays_are_equal_byte_for_byte(site: Site, tmp_path: Path) -> None:
    """Every file but run.json is the same in two replays of one recording."""
    recordings = choose(site, recording(tmp_path / "r.jsonl", one_served()), ())
    for name in ("a", "b"):
        replayed(site, recordings, tmp_path / name)
    for name in (*LINES, *WHOLE):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes(), name


def test_a_videos_detections_replay_as_the_video_does(site: Site, tmp_path: Path) -> None:
    """detections.jsonl of a video gives the video's readings and visits without a detector, and itself again."""
    boxes = {k * 200: [(101.239, 60.567 + k / 3, 151.1, 140.0 + k / 3, 0.87654321)] for k in range(30)}
    film = choose(site, video(tmp_path / "f.mp4", seconds=6.0), ())
    done = replayed(site, film, tmp_path / "film", lambda: FakeDetector(boxes))
    assert done.cameras["c1"].pictures == 30
    replayed(site, choose(site, tmp_path / "film/detections.jsonl", ()), tmp_path / "again")
    for name in LINES:
        assert (tmp_path / "film" / name).read_bytes() == (tmp_path / "again" / name).read_bytes(), name
    assert max(r["length"] for r in lines_of(tmp_path / "film/readings.jsonl")) == 1


@pytest.mark.slow
def test_a_folder_may_be_replayed_into_itself(site: Site, tmp_path: Path) -> None:
    """Replaying out/detections.jsonl with --out out leaves the same files, and strangers' files alone."""
    out = tmp_path / "out"
    replayed(site, choose(site, recording(tmp_path / "r.jsonl", one_served()), ()), out)
    (out / "notes.txt").write_text("mine")
    before = {p.name: p.read_bytes() for p in out.iterdir() if p.name not in WHOLE}
    replayed(site, choose(site, out / "detections.jsonl", ()), out)
    assert {p.name: p.read_bytes() for p in out.iterdir() if p.name not in WHOLE} == before


def test_a_broken_recording_leaves_the_old_files(site: Site, tmp_path: Path) -> None:
    """A fault in the middle of a recording changes nothing in the folder and leaves no part behind."""
    out = tmp_path / "out"
    replayed(site, choose(site, recording(tmp_path / "r.jsonl", one_served()), ()), out)
    before = {p.name: p.read_bytes() for p in out.iterdir()}
    bad = recording(tmp_path / "bad.jsonl", [*one_served(10), "oops"])
    with pytest.raises(InputError, match=r"bad\.jsonl:52: not JSON"):
        replayed(site, choose(site, bad, ()), out)
    assert {p.name: p.read_bytes() for p in out.iterdir()} == before


@pytest.mark.parametrize("name", ["file", "file/deeper"])
def test_a_folder_that_cannot_be_is_refused(site: Site, tmp_path: Path, name: str) -> None:
    """--out at the place of a file is told, before anything is replayed."""
    (tmp_path / "file").write_text("x")
    with pytest.raises(InputError, match=r"--out .*: can't be written"), out_folder(tmp_path / name):
        pytest.fail("the folder was opened")


def test_who_is_still_there_has_no_end(site: Site, tmp_path: Path) -> None:
    """A visit that goes on at the end of the recording is written without an outcome."""
    path = recording(tmp_path / "r.jsonl", one_served(until_s=20))
    replayed(site, choose(site, path, ()), tmp_path / "out")
    [visit] = lines_of(tmp_path / "out/visits.jsonl")
    assert (visit["outcome"], visit["left_s"], visit["served_s"]) == (None, None, None)


def truth_of(site: Site, tmp_path: Path) -> Truth:
    """What one_served really is, by eye."""
    counts, visits, views = (tmp_path / name for name in ("counts.csv", "visits.csv", "views.csv"))
    counts.write_text("pts_s,queue,length,certain\n2,q1,0,true\n15,q1,1,true\n20.4,q1,3,true\n36,q1,0,false\n")
    visits.write_text("queue,joined_s,served_s,left_s,outcome\nq1,5.5,30.4,30.4,served\n")
    views.write_text("queue,enter_view_pts_s,leave_view_pts_s\nq1,5,33\n")
    return load([counts, visits, views], [q.id for q in site.queues])


def test_scores_against_every_kind_of_truth(site: Site, tmp_path: Path) -> None:
    """Counts, visits and views each have their block; certain and arguable moments are apart."""
    truth = truth_of(site, tmp_path)
    with out_folder(None) as out:
        path = recording(tmp_path / "r.jsonl", one_served())
        done = replay.run(site, choose(site, path, ()), no_detector, out=out)
    scores = summary.score(done, truth)
    block = summary.summary(done, scores, truth)["queues"]["q1"]["truth"]
    assert block["length"] == {
        "n": 3, "mae": 0.6667, "bias": -0.6667, "within_1": 0.6667, "unknown": 0, "outside": 0
    }  # fmt: skip
    assert block["uncertain"]["n"] == 1
    assert block["wait"]["n"] + block["wait"]["unknown"] == 1
    assert (block["visits"]["found"], block["visits"]["missed"], block["visits"]["extra"]) == (1, 0, 0)
    assert block["visits"]["measured_wait"]["mae"] < 1.5
    # in view from 5.0 to 33.0 s: the stay in the picture is exact to a picture's interval, the lane's stay is shorter
    assert block["views"]["stay"]["worst"] <= 0.4
    assert words.headline(done, scores, {}) == ("Right at 2 of the 3 moments in the truth, and at most 2 people off.")


def test_progress_is_told_in_media_time(site: Site, tmp_path: Path) -> None:
    """Each picture and tick tells its time."""
    told: list[float] = []
    path = recording(tmp_path / "r.jsonl", [line(0, []), line(0.2, []), line(5, None)])
    with out_folder(None) as out:
        replay.run(site, choose(site, path, ()), no_detector, out=out, on_pts=told.append)
    assert told == [0.0, 0.2, 5.0]


def test_the_detector_is_closed_whatever_happens(site: Site, tmp_path: Path) -> None:
    """A detector that was opened is closed when a recording of detections beside it is broken."""
    detector = FakeDetector({})

    def broken(pts_s: float, image: Any) -> Any:
        raise InputError("the detector gave up")

    detector.answer = broken
    film = choose(site, video(tmp_path / "f.mp4", seconds=0.5), ())
    with out_folder(None) as out, pytest.raises(InputError, match="gave up"):
        replay.run(site, film, lambda: detector, out=out)
    assert detector.closed


def test_an_overlay_shows_lane_and_member(site: Site, tmp_path: Path) -> None:
    """The film has every picture the machine saw, with the queue's colour where lane and member are."""
    boxes = {k * 200: [(140.0, 60.0, 180.0, 150.0, 0.9)] for k in range(40)}
    recordings = choose(site, video(tmp_path / "f.mp4", seconds=8.0), ())
    notes = overlay.Notes()
    with out_folder(None) as out:
        done = replay.run(site, recordings, lambda: FakeDetector(boxes), out=out, on_tracks=notes.add)
    [path] = overlay.write(tmp_path / "o.mp4", done, notes)
    pictures = film(path)
    assert len(pictures) == 40
    last = pictures[-1].astype(int)
    blue = (last[:, :, 2] > 180) & (last[:, :, 0] < 130)  # the first queue's colour, and nothing else of the film
    assert blue[100, 78:84].any(), "the lane's left border at x 0.25"
    assert blue[100, 136:146].any(), "the member's box"
    assert not list(tmp_path.glob(".*"))


def test_letters_stand_once_on_a_plate_of_their_width() -> None:
    """No rim of other letters stands out beside them, also where the text begins outside the picture."""
    for x in (20, -6):
        image = np.full((60, 300, 3), 255, np.uint8)
        overlay.put_text(image, "till-1: 5 (5-5)", (x, 30), (255, 150, 60))
        changed = np.flatnonzero((image != 255).any(axis=(0, 2)))
        (width, _), _ = cv2.getTextSize("till-1: 5 (5-5)", cv2.FONT_HERSHEY_SIMPLEX, overlay.TEXT, 1)
        assert changed.min() >= max(x - 3, 0)
        assert changed.max() < x + width + 3
        assert (image[:, :, 0] > 200)[15:35, max(x, 0) : x + width].any(), "the letters' colour"
        assert (image == 85).any(), "the plate"


def film(path: Path) -> list[Any]:
    """All pictures of a film, (H, W, 3) RGB."""
    import av

    with av.open(str(path)) as container:
        return [f.to_ndarray(format="rgb24") for f in container.decode(video=0)]


@pytest.mark.parametrize(
    ("name", "kind", "said"),
    [
        ("o.mp4", "detections", "there is no video in this replay"),
        ("o.txt", "video", "the name must end in .mp4"),
        ("none/o.mp4", "video", "there is no folder"),
    ],
)
def test_an_overlay_that_cannot_be_is_refused_at_once(tmp_path: Path, name: str, kind: Any, said: str) -> None:
    """No video, another ending, no folder: each is told before the replay."""
    with pytest.raises(InputError, match=said):
        overlay.check(tmp_path / name, [Recording(tmp_path / "r", "c1", kind)])


def test_a_person_is_where_the_box_stands() -> None:
    """The made-up person's foot is at the place asked for (the tests above rest on it)."""
    x1, _, x2, y2 = person(640, 700)
    assert ((x1 + x2) / 2, y2) == (640, 700)
