"""Which recordings a call looks at: a plan file, or many recordings of one site."""

from pathlib import Path

import pytest

from calibration import batch_plan
from edge.config_faults import ConfigError
from edge.errors import InputError


def plan_file(folder: Path, text: str) -> Path:
    """Writes a plan."""
    path = folder / "plan.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_plan_names_recordings_with_site_and_truth_relative_to_itself(tmp_path: Path) -> None:
    """The top's site holds where a recording names none; equal names are told apart."""
    text = """
site = "site.toml"
[[recording]]
file = "a/monday.mp4"
truth = ["a/monday.counts.csv"]
camera = "tills"
[[recording]]
file = "b/monday.mp4"
site = "b/site.toml"
[[recording]]
cameras = { door = "d.mp4", tills = "t.mp4" }
name = "both"
"""
    first, second, third = batch_plan.read_plan(plan_file(tmp_path, text))
    assert (first.name, first.site, first.recording) == ("monday", tmp_path / "site.toml", tmp_path / "a/monday.mp4")
    assert first.truth == (tmp_path / "a/monday.counts.csv",)
    assert first.cameras == ("tills",)
    assert (second.name, second.site, second.truth) == ("monday-2", tmp_path / "b/site.toml", ())
    assert (third.name, third.recording) == ("both", None)
    assert third.cameras == (f"door={tmp_path / 'd.mp4'}", f"tills={tmp_path / 't.mp4'}")


def test_every_fault_of_a_plan_is_told_at_once(tmp_path: Path) -> None:
    """Each with its line, what is allowed, and the nearest right key."""
    text = """sites = "x"
[[recording]]
fil = "a.mp4"
[[recording]]
file = 3
site = "s.toml"
truth = "t.csv"
name = "a b"
"""
    with pytest.raises(ConfigError) as caught:
        batch_plan.read_plan(plan_file(tmp_path, text))
    said = str(caught.value)
    for part in (
        'plan.toml:1: sites = "x": there is no such key; did you mean "site"?',
        'plan.toml:3: recording.fil = "a.mp4": there is no such key; did you mean "file"?',
        'plan.toml:2: recording: no site; write site = "site.toml"',
        "plan.toml:5: recording.file = 3: allowed: a file, relative to the plan",
        'plan.toml:7: recording.truth = "t.csv": allowed: a list of files',
        'plan.toml:8: recording.name = "a b": allowed: 1 to 40 of',
    ):
        assert part in said, said


@pytest.mark.parametrize(("text", "said"), [("", "missing; a plan has one"), ("a = [", "plan.toml")])
def test_an_empty_plan_and_one_that_is_no_toml_are_refused(tmp_path: Path, text: str, said: str) -> None:
    """In words, with the file's name."""
    with pytest.raises(ConfigError, match=said):
        batch_plan.read_plan(plan_file(tmp_path, text))


def test_a_truth_folder_gives_each_recording_its_own(tmp_path: Path) -> None:
    """Files that begin with the recording's name and a dot are its truth."""
    for name in ("mon.counts.csv", "mon.visits.csv", "monday.counts.csv", "mon.notes.md"):
        (tmp_path / name).write_text("")
    recordings = [tmp_path / "mon.mp4", tmp_path / "tue.jsonl"]
    mon, tue = batch_plan.of_arguments(recordings, tmp_path / "s.toml", ("c1",), [tmp_path])
    assert [t.name for t in mon.truth] == ["mon.counts.csv", "mon.visits.csv"]
    assert (tue.name, tue.truth, tue.cameras) == ("tue", (), ("c1",))


def test_what_cannot_belong_to_several_recordings_is_refused(tmp_path: Path) -> None:
    """One truth file for all, a folder with nobody's truth, and a camera with a recording of its own."""
    recordings = [tmp_path / "a.mp4", tmp_path / "b.mp4"]
    file = tmp_path / "counts.csv"
    file.write_text("")
    for cameras, truth, said in (
        ((), [file], "a folder that holds the truth of each"),
        ((), [tmp_path], "no file there belongs to any of the recordings; a.mp4's would be called a.counts.csv"),
        (("c1=a.mp4",), [], "name the camera alone"),
    ):
        with pytest.raises(InputError, match=said):
            batch_plan.of_arguments(recordings, tmp_path / "s.toml", cameras, truth)
