"""`linewise replay --truth` as a whole: verdict and exit code, every kind of truth, the comparison, the report."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from calibration import proof_words
from calibration.hand_truth import HandCounts
from calibration.moments import Moment
from calibration.sealing import new_key
from detector.runtime import open as runtimes
from detector.runtime.fake import FakeDetector
from edge.errors import InputError
from linewise import replay_command
from tests.calibration.made import SITE, line, one_served, person, recording, site_file, video

RULE = "\n[acceptance]\nlength_mae = {}\n"


def ran(*args: str | Path) -> Result:
    """`linewise replay` with these arguments."""
    app = typer.Typer(pretty_exceptions_enable=False)
    replay_command.register(app)
    return CliRunner().invoke(app, [str(a) for a in args])


def refused(*args: str | Path) -> str:
    """What it says when it refuses, with exit code 2."""
    result = ran(*args)
    assert isinstance(result.exception, InputError), result.output
    assert result.exception.exit_code == 2
    return str(result.exception)


def summary(folder: Path) -> dict[str, Any]:
    """The summary.json in it."""
    found: dict[str, Any] = json.loads((folder / "summary.json").read_text())
    return found


@pytest.fixture
def lines(tmp_path: Path) -> Path:
    """One person who is served at 30 s."""
    return recording(tmp_path / "r.jsonl", one_served())


@pytest.fixture
def counts(tmp_path: Path) -> Path:
    """Twelve moments, of which the machine has eleven right: one counter saw somebody too many."""
    path = tmp_path / "counts.csv"
    rows = [(k * 2.0, 0) for k in range(2)] + [(12.0 + k * 2, 1 + (k == 3)) for k in range(8)] + [(36, 0), (38, 0)]
    path.write_text("pts_s,queue,length\n" + "".join(f"{t},q1,{n}\n" for t, n in rows))
    return path


@pytest.fixture
def visits(tmp_path: Path) -> Path:
    """The one visit."""
    path = tmp_path / "visits.csv"
    path.write_text("queue,joined_s,served_s,left_s,outcome\nq1,5.5,30.4,30.4,served\n")
    return path


@pytest.mark.parametrize(("limit", "verdict"), [(0.1, "passed"), (0.05, "failed")])
def test_the_verdict_is_the_exit_code(tmp_path: Path, lines: Path, counts: Path, limit: float, verdict: str) -> None:
    """One of twelve moments is one person off: at most 0.1 holds, 0.05 does not, in code, words, file and page."""
    site = site_file(tmp_path, SITE + RULE.format(limit))
    result = ran(lines, "--site", site, "--truth", counts, "--out", tmp_path / "out")
    assert result.exit_code == int(verdict == "failed"), result.output
    assert result.stdout.startswith(verdict.capitalize())
    block = summary(tmp_path / "out")["acceptance"]
    assert block["verdict"] == verdict
    [bound] = block["bounds"]
    assert (bound["name"], bound["value"], bound["n"]) == ("length_mae", 0.0833, 12)
    page = (tmp_path / "out/report.html").read_text()
    assert f'class="chip {verdict}"' in page


def test_without_truth_nothing_is_judged(tmp_path: Path, lines: Path) -> None:
    """A site with a rule replayed without truth is not judged, says so, and ends well."""
    result = ran(lines, "--site", site_file(tmp_path, SITE + RULE.format(0.1)))
    assert result.exit_code == 0
    assert result.stdout.startswith("Not judged: ")


def test_a_bound_without_its_truth_is_refused(tmp_path: Path, lines: Path, visits: Path, counts: Path) -> None:
    """Visits alone can't judge a length, arguable counts can't either; every such bound is told before the replay."""
    site = site_file(tmp_path, SITE + RULE.format(0.1) + "within_1 = 0.9\nhota = 0.5\n")
    said = refused(lines, "--site", site, "--truth", visits)
    assert all(word in said for word in ("length_mae = 0.1", "within_1 = 0.9", "hota = 0.5", "--truth FILE"))
    arguable = tmp_path / "arguable.csv"
    arguable.write_text("pts_s,queue,length,certain\n12,q1,1,false\n")
    assert "length_mae" in refused(lines, "--site", site, "--truth", arguable)


@pytest.mark.slow
def test_tracks_as_truth(tmp_path: Path, lines: Path) -> None:
    """The recording's own boxes as MOT text at 5 frames a second: found nearly always, never switched, rightly told."""
    rows = [json.loads(text) for text in lines.read_text().splitlines()]
    mot = tmp_path / "gt.txt"
    boxes = [(k + 1, *box) for k, row in enumerate(rows) for box in row["boxes"]]
    mot.write_text("".join(f"{k},1,{x1},{y1},{x2 - x1},{y2 - y1},1,1,1\n" for k, x1, y1, x2, y2 in boxes))
    site = site_file(tmp_path, SITE + "\n[acceptance]\nhota = 0.9\nidf1 = 0.95\nswitches_per_served = 0\n")
    assert "--truth-fps 25" in refused(lines, "--site", site, "--truth", mot)
    args = (lines, "--site", site, "--truth", mot, "--truth-fps", "5", "--out", tmp_path / "out")
    result = ran(*args)
    assert result.exit_code == 0, result.output
    found = summary(tmp_path / "out")["tracks"]["c1"]
    assert (found["people"], found["switches"], found["served"]) == (1, 0, 1)
    causes = found["queues"]["q1"]
    assert (causes["people"], causes["ghost"], causes["wrong_lane"], causes["switch"]) == (1, 0, 0, 0)
    assert causes["right"] > 0.9 * causes["pictures"]
    named = ran(lines, "--site", site, "--truth", f"c1={mot}", "--truth-fps", "5")
    assert named.exit_code == 0, named.output


def sealed(folder: Path, pts: list[float]) -> tuple[Path, Path]:
    """(the sealed file, the owner's private key) of one person at these moments."""
    public = new_key(folder / "owner")
    moments = [Moment(t, "q1", True) for t in pts]
    hand = HandCounts(moments, folder / "hand.csv", owner_key=public)
    for moment in moments:
        hand.put(moment, 3, certain=True)
    return folder / "hand.csv.sealed", folder / "owner"


def test_a_sealed_truth_tells_its_score_alone(tmp_path: Path, lines: Path) -> None:
    """Mean error and n come out and are judged; no moment and no count of it stands in any file."""
    truth, key = sealed(tmp_path, [12.25, 14.25, 16.25, 18.25, 20.25, 22.25])
    site = site_file(tmp_path, SITE + RULE.format(1.5))
    assert "--open-with" in refused(lines, "--site", site, "--truth", truth)
    result = ran(lines, "--site", site, "--truth", truth, "--open-with", key, "--out", tmp_path / "out")
    assert result.exit_code == 1, result.output
    block = summary(tmp_path / "out")["queues"]["q1"]
    assert (block["sealed"]["length"]["n"], block["sealed"]["length"]["mae"]) == (6, 2.0)
    assert "truth" not in block
    told = result.stdout + "".join((tmp_path / "out" / n).read_text() for n in ("summary.json", "report.html"))
    assert not re.search(r"1[246]\.25|2[02]\.25", told)
    assert "Sealed truth: at 6 moments 2.00 people off" in told


def test_few_sealed_moments_are_refused(tmp_path: Path, lines: Path) -> None:
    """The score of four moments would nearly be the counts: it is not told."""
    truth, key = sealed(tmp_path, [12.25, 14.25, 16.25, 18.25])
    said = refused(lines, "--site", site_file(tmp_path), "--truth", truth, "--open-with", key)
    assert "fewer than 5 certain moments of q1" in said


@pytest.mark.slow
def test_a_comparison_tells_what_a_change_did(tmp_path: Path, lines: Path, counts: Path, visits: Path) -> None:
    """A lane that counts after 20 s only, against one that counts after 5 s: worse moments, fewer seconds, by name."""
    late = site_file(tmp_path, SITE + "min_stay_s = 20\n")
    assert ran(lines, "--site", late, "--truth", counts, "--out", tmp_path / "late").exit_code == 0
    site = site_file(tmp_path)
    args = (lines, "--site", site, "--truth", counts, "--truth", visits, "--compare", tmp_path / "late")
    result = ran(*args, "--out", tmp_path / "out")
    assert result.exit_code == 0, result.output
    block = summary(tmp_path / "out")["compare"]
    assert block["changed"] == {"config": True, "model": False, "files": False}
    queue = block["queues"]["q1"]
    rows = {row["name"]: row for row in queue["rows"]}
    assert rows["length_mae"]["old"] > rows["length_mae"]["new"] == 0.0833
    assert rows["length_mae"]["difference"] < 0
    assert (queue["n_worse"], queue["n_better"]) == (0, len(queue["better"]))
    assert queue["better"][0] == {"pts_s": 12.0, "truth": 1, "old": 0, "new": 1}
    assert queue["seconds_apart"] >= 12
    assert "the site file changed" in result.stdout
    assert "What the change did" in (tmp_path / "out/report.html").read_text()


def test_recorded_detections_are_not_called_another_detector() -> None:
    """They name no detector: the comparison says that it does not know, and what of the site file it does know."""
    block = {"with": "old", "changed": {"config": False, "model": None, "files": True}, "only_new": [], "only_old": []}
    assert "nothing in the site file changed. Recorded detections were replayed" in proof_words.changed(block)
    block["changed"]["config"] = True
    assert "Against old: the site file changed. Recorded" in proof_words.changed(block)


@pytest.mark.slow
def test_a_comparison_with_itself_says_nothing_changed(tmp_path: Path, lines: Path, counts: Path) -> None:
    """The folder that is written anew may be the one that is compared with; every difference is 0."""
    args = (lines, "--site", site_file(tmp_path), "--truth", counts, "--out", tmp_path / "out")
    assert ran(*args).exit_code == 0
    assert ran(*args, "--compare", tmp_path / "out").exit_code == 0
    queue = summary(tmp_path / "out")["compare"]["queues"]["q1"]
    assert {row["difference"] for row in queue["rows"]} == {0}
    assert (queue["n_better"], queue["n_worse"], queue["n_same"], queue["seconds_apart"]) == (0, 0, 12, 0)


def test_what_cannot_be_compared_is_refused(tmp_path: Path, lines: Path) -> None:
    """A folder without a replay, and one of another recording."""
    site = site_file(tmp_path)
    assert "not the --out folder" in refused(lines, "--site", site, "--compare", tmp_path)
    short = recording(tmp_path / "short.jsonl", one_served(20))
    assert ran(short, "--site", site, "--out", tmp_path / "short").exit_code == 0
    assert "another recording" in refused(lines, "--site", site, "--compare", tmp_path / "short")


@pytest.mark.slow
def test_pictures_of_the_worst_moments(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A film whose count is wrong has its worst moment in the page as a picture; --no-pictures leaves it out."""
    boxes = {k * 200: [(140.0, 60.0, 180.0, 150.0, 0.9)] for k in range(60)}
    monkeypatch.setattr(runtimes, "open_detector", lambda *a, **k: FakeDetector(boxes))
    truth = tmp_path / "counts.csv"
    truth.write_text("pts_s,queue,length\n9,q1,3\n")
    args = (video(tmp_path / "f.mp4", seconds=12.0), "--site", site_file(tmp_path), "--truth", truth)
    for name, more, wanted in (("with", (), 1), ("without", ("--no-pictures",), 0)):
        result = ran(*args, "--out", tmp_path / name, *more)
        assert result.exit_code == 0, result.output
        page = (tmp_path / name / "report.html").read_text()
        assert page.count('<img src="data:image/jpeg;base64,') == wanted
        assert "0:09: 3 there, 1 counted" in page


def test_error_by_time_by_length_and_by_cause_stand_in_the_page(
    tmp_path: Path, lines: Path, counts: Path, visits: Path
) -> None:
    """The page has a table of each, and of joined and served by interval."""
    args = (lines, "--site", site_file(tmp_path), "--truth", counts, "--truth", visits, "--out", tmp_path / "out")
    assert ran(*args).exit_code == 0
    page = (tmp_path / "out/report.html").read_text()
    for head in ("Error by time", "Error by length", "Error by cause", "Joined and served"):
        assert f"<h3>{head}</h3>" in page
    assert "as far as counts tell" not in page
    truth = summary(tmp_path / "out")["queues"]["q1"]["truth"]
    assert sum(row["n"] for row in truth["by_time"]) == 12
    assert truth["causes"]["missed"]["n"] == 0
    assert (truth["flow"]["joined"]["n"], truth["flow"]["joined"]["worst"]) == (1, 0.0)


def test_who_is_in_the_wrong_lane_is_told(tmp_path: Path) -> None:
    """Two lanes drawn in each other's place: who stands in a is counted in b, who came to b is missed."""
    left = "[[0.05, 0.3], [0.45, 0.3], [0.45, 0.95], [0.05, 0.95]]"
    right = "[[0.55, 0.3], [0.95, 0.3], [0.95, 0.95], [0.55, 0.95]]"
    head = SITE.split("[[queue]]")[0]
    lane = '[[queue]]\nid = "{}"\n[[queue.lane]]\ncamera = "c1"\narea = {}\n'
    site = site_file(tmp_path, head + lane.format("a", right) + lane.format("b", left))
    film = [line(k / 5, [person(320, 500)] if 25 <= k < 225 else []) for k in range(300)]
    truth = tmp_path / "visits.csv"
    truth.write_text("queue,joined_s,served_s,left_s,outcome\na,5,,45,left\nb,50,,59,left\n")
    path = recording(tmp_path / "r.jsonl", film)
    result = ran(path, "--site", site, "--truth", truth, "--out", tmp_path / "out")
    assert result.exit_code == 0, result.output
    queues = summary(tmp_path / "out")["queues"]
    assert queues["a"]["truth"]["causes"]["wrong_lane"]["n"] == 1
    assert queues["a"]["truth"]["causes"]["missed"]["n"] == 0
    assert queues["b"]["truth"]["causes"]["wrong_lane"]["n"] == 1
    assert queues["b"]["truth"]["causes"]["missed"]["n"] == 1
