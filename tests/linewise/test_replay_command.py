"""The command `linewise replay`: what it prints, what it writes, what it refuses."""

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from detector.runtime import open as runtimes
from detector.runtime.fake import FakeDetector
from edge.errors import LinewiseError
from linewise import replay_command
from tests.calibration.made import one_served, recording, site_file, video


def ran(*args: str | Path) -> Result:
    """The command with these arguments, as the root command would run it."""
    app = typer.Typer(pretty_exceptions_enable=False)
    replay_command.register(app)
    return CliRunner().invoke(app, [str(a) for a in args])


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A site of one camera and one queue."""
    return site_file(tmp_path)


@pytest.fixture
def lines(tmp_path: Path) -> Path:
    """One person who is served."""
    return recording(tmp_path / "r.jsonl", one_served())


def test_without_out_it_only_tells(site: Path, lines: Path) -> None:
    """The result is told in words; nothing is written."""
    before = sorted(p.name for p in site.parent.iterdir())
    result = ran(lines, "--site", site)
    assert result.exit_code == 0, result.output
    assert "Queue <one> (q1)" in result.stdout
    assert "1 person joined: 1 served" in result.stdout
    assert sorted(p.name for p in site.parent.iterdir()) == before


def test_json_is_one_document_and_the_files_are_there(site: Path, lines: Path, tmp_path: Path) -> None:
    """--json prints one JSON document: summary.json with the speed as "run"."""
    result = ran(lines, "--site", site, "--json", "--out", tmp_path / "out")
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    run = told.pop("run")
    assert told == json.loads((tmp_path / "out/summary.json").read_text())
    assert run == json.loads((tmp_path / "out/run.json").read_text())
    assert run["times_real_time"] > 0
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == [
        "detections.jsonl", "lines.jsonl", "readings.jsonl", "report.html", "run.json", "summary.json", "visits.jsonl"
    ]  # fmt: skip


def test_a_video_goes_through_the_detector(site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A video is detected with the site's model unless told otherwise, and drawn with --overlay."""
    asked: list[tuple[str, str, int]] = []

    def opened(runtime: str, *, model: str, threads: int) -> FakeDetector:
        asked.append((runtime, model, threads))
        return FakeDetector({k * 200: [(140.0, 60.0, 180.0, 150.0, 0.9)] for k in range(40)})

    monkeypatch.setattr(runtimes, "open_detector", opened)
    film, drawn = video(tmp_path / "f.mp4", seconds=4.0), tmp_path / "o.mp4"
    result = ran(film, "--site", site, "--json", "--overlay", drawn, "--runtime", "onnx")
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["run"]["detector"] == "fake"
    assert asked == [("onnx", "m", 1)]
    assert drawn.stat().st_size > 1000


def test_bad_input_is_told_with_exit_code_2(site: Path, lines: Path, tmp_path: Path) -> None:
    """Each kind of wrong input raises the error that the command prints, with exit code 2."""
    text = tmp_path / "text.mp4"
    text.write_text("no video\n" * 99)
    counts = tmp_path / "counts.csv"
    counts.write_text("pts_s,queue,length\n1,other,2\n")
    for args, said in [
        ((tmp_path / "none.mp4", "--site", site), "none.mp4: no such file"),
        ((text, "--site", site), "text.mp4"),
        ((recording(tmp_path / "bad.jsonl", ["oops"]), "--site", site), "bad.jsonl:1: not JSON"),
        ((lines, "--site", site, "--camera", "c7"), "has no camera 'c7'; it has c1"),
        ((lines, "--site", site, "--truth", counts), "counts.csv:2: the site has no queue 'other'. It has q1"),
        ((lines, "--site", tmp_path / "none.toml"), "none.toml"),
        ((lines, "--site", site, "--out", lines), "can't be written"),
        ((lines, "--site", site, "--overlay", tmp_path / "o.mp4"), "there is no video"),
    ]:
        result = ran(*args)
        assert isinstance(result.exception, LinewiseError), (said, result.output)
        assert result.exception.exit_code == 2
        assert said in str(result.exception)


def test_a_runtime_that_is_none_is_refused(site: Path, tmp_path: Path) -> None:
    """An unknown --runtime is told with those that there are."""
    result = ran(video(tmp_path / "f.mp4", seconds=0.5), "--site", site, "--runtime", "magic")
    assert isinstance(result.exception, LinewiseError)
    assert "no runtime is called 'magic'; there are: auto" in str(result.exception)
