import csv
import json

import pytest
import typer
from typer.testing import CliRunner

from calibration.simulator import make, recording
from linewise.simulate_command import register


@pytest.fixture
def app() -> typer.Typer:
    """A program of two commands: with one alone its name would not be asked for."""
    app = typer.Typer()
    register(app)
    app.command("other")(lambda: None)
    return app


def run_once(folder):
    folder.mkdir()
    make.simulate(make.find("canteen", 30.0), 3, folder, video=False, progress=lambda steps, _total: steps)
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_run_repeats_to_the_byte(tmp_path):
    """The same scenario and seed leave the same six files."""
    first, second = run_once(tmp_path / "a"), run_once(tmp_path / "b")
    assert first == second
    assert set(first) == {"visits.csv", "counts.csv", "detections.jsonl", "site.toml", "tracks.txt", "seqinfo.ini"}


def test_files_have_the_agreed_columns(tmp_path):
    """The truth's columns and the detections' keys are the ones that replay reads."""
    run_once(tmp_path / "run")
    with (tmp_path / "run" / "visits.csv").open() as file:
        assert next(csv.reader(file)) == ["queue", "joined_s", "served_s", "left_s", "outcome"]
    with (tmp_path / "run" / "counts.csv").open() as file:
        assert next(csv.reader(file)) == ["pts_s", "queue", "length", "certain"]
    lines = (tmp_path / "run" / "detections.jsonl").read_text().splitlines()
    first = json.loads(lines[0])
    assert set(first) == {"pts_s", "width", "height", "boxes", "scores"}
    assert len(lines) == 30 * 5


def test_a_longer_run_has_people_to_its_end():
    """Two hours of a scenario of ten minutes are two hours of people, not ten minutes and an empty place."""
    whole, longer, shorter = make.find("one-till"), make.find("one-till", 7200.0), make.find("one-till", 60.0)
    assert (longer.duration_s, longer.arrivals[-1].until_s) == (7200.0, 7200.0)
    assert longer.arrivals[-1].per_min == whole.arrivals[-1].per_min
    assert (shorter.duration_s, shorter.arrivals) == (60.0, whole.arrivals)


def test_a_wrong_name_is_told_with_the_nearest(app):
    """A scenario that does not exist ends with code 2, names the nearest one and shows no traceback."""
    result = CliRunner().invoke(app, ["simulate", "cantine"])
    assert result.exit_code == 2
    assert "did you mean 'canteen'?" in result.output
    assert "Traceback" not in result.output


def test_a_folder_that_cannot_be_is_told(app, tmp_path):
    """An --out below a file ends with code 2 and says which path is at fault."""
    (tmp_path / "file").write_text("")
    result = CliRunner().invoke(app, ["simulate", "canteen", "--out", str(tmp_path / "file" / "x")])
    assert result.exit_code == 2
    assert "cannot write to" in result.output


def test_visits_alone_are_made_without_motion_and_repeat(app, tmp_path):
    """--visits-only leaves the truth alone, the same each time, for a scenario of groups on a lift too."""
    folders = [tmp_path / "a", tmp_path / "b"]
    for folder in folders:
        made = CliRunner().invoke(app, ["simulate", "chairlift", "--seed", "4", "--visits-only", "--out", str(folder)])
        assert made.exit_code == 0, made.output
    first, second = ({path.name: path.read_bytes() for path in folder.iterdir()} for folder in folders)
    assert first == second
    assert set(first) == {"visits.csv", "counts.csv"}


def test_a_film_of_visits_alone_is_refused(app, tmp_path):
    """Nobody moves at that depth: code 2, and nothing is made."""
    result = CliRunner().invoke(
        app, ["simulate", "canteen", "--visits-only", "--video", "--out", str(tmp_path / "made")]
    )
    assert result.exit_code == 2
    assert "leave one out" in result.output
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize("seconds", ["0", "nan", "inf", "90000"])
def test_a_duration_that_cannot_be_is_refused(app, tmp_path, seconds):
    """From a second to a day: code 2 at once, not a run without an end."""
    arguments = ["simulate", "canteen", "--duration-s", seconds, "--out", str(tmp_path / "made")]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 2
    assert "--duration-s" in result.output


def test_a_film_that_breaks_off_leaves_none(tmp_path, monkeypatch):
    """The encoder fails in the middle: no half film under the name of a whole one, and an earlier one stays."""

    def broken(path, frames, *, fps):
        path.write_bytes(b"half")
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr(recording, "write_video", broken)
    monkeypatch.setattr(recording, "pictures", lambda *_: iter(()))
    (tmp_path / "video.mp4").write_bytes(b"whole")
    with pytest.raises(OSError, match="No space"):
        make.simulate(make.find("canteen", 2.0), 3, tmp_path, video=True, progress=lambda steps, _total: steps)
    assert (tmp_path / "video.mp4").read_bytes() == b"whole"
    assert not list(tmp_path.glob(".*part*"))
