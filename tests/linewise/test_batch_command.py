"""`linewise replay` of several recordings."""

import json
import os
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from calibration.proof import prove
from calibration.request import Request
from linewise import batch_command
from linewise.batch_command import Many
from tests.calibration.made import one_served, recording, site_file

FILES = ("readings.jsonl", "visits.jsonl", "lines.jsonl", "detections.jsonl", "summary.json")


def told(folder: Path, many: Many) -> tuple[dict[str, Any], str, int]:
    """What several recordings come to, with the results in `folder`."""
    truth = () if many.plan else (many.recordings[0].parent,)
    request = Request(many.site or Path(), None, (), truth, folder, None, None, None)
    return batch_command.run(request, many, bar=False)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three recordings, one of which is none, a site, a truth and a plan of them."""
    site_file(tmp_path)
    recording(tmp_path / "a.jsonl", one_served())
    recording(tmp_path / "b.jsonl", one_served(50.0))
    recording(tmp_path / "bad.jsonl", ["oops"])
    (tmp_path / "a.counts.csv").write_text("pts_s,queue,length\n20,q1,1\n38,q1,0\n")
    plan = 'site = "site.toml"\n[[recording]]\nfile = "a.jsonl"\ntruth = ["a.counts.csv"]\n'
    (tmp_path / "plan.toml").write_text(plan + '[[recording]]\nfile = "b.jsonl"\n[[recording]]\nfile = "bad.jsonl"\n')
    return tmp_path


def outputs(out: Path, name: str) -> dict[str, Any]:
    """What one recording's folder holds."""
    return {file: (out / name / file).read_bytes() for file in FILES}


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_processes_give_the_bytes_of_one_after_the_other_and_a_bad_one_stops_none(folder: Path) -> None:
    """Three processes at once by a plan, and one alone in this process: the same files; the bad one is told, code 2."""
    for name, truth in (("a", (folder / "a.counts.csv",)), ("b", ())):
        out = folder / "alone" / name
        request = Request(folder / "site.toml", folder / f"{name}.jsonl", (), truth, out, None, None, None)
        prove(request, lambda length_s: nullcontext(lambda pts_s: None), now_utc_s=0.0)
    result, words, code = told(folder / "many", Many(folder / "plan.toml", (), None, 3, None))
    assert code == 2
    assert "bad: FAILED." in words
    assert "bad.jsonl:1: not JSON" in words
    assert "Together: 2 certain moments, 0.00 people off" in words
    for name in ("a", "b"):
        assert outputs(folder / "many", name) == outputs(folder / "alone", name)
    written = json.loads((folder / "many/summary.json").read_text())
    assert written == {key: value for key, value in result.items() if key != "run"}
    assert written["failed"] == ["bad"]
    assert sorted(result["run"]) == ["a", "b"]
    assert 'href="a/report.html"' in (folder / "many/index.html").read_text()


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_process_that_dies_is_told_and_stops_none(tmp_path: Path) -> None:
    """Work that ends its process by a signal fails alone."""
    code = (
        "import os, signal, sys\n"
        "from calibration import batch_processes as b\n"
        "def work(job, told):\n"
        "    told(1.0)\n"
        "    if job == 'die': os.kill(os.getpid(), signal.SIGKILL)\n"
        "    return job.upper()\n"
        "if __name__ == '__main__':\n"
        "    heard = []\n"
        "    ended = b.run(work, ['a', 'die', 'b'], at_once=2, on_told=lambda i, v: heard.append((i, v)))\n"
        "    for one in sorted(ended, key=lambda e: e.index): print(one.index, one.result, one.error)\n"
        "    print(sorted(heard))\n"
    )
    path = tmp_path / "dies.py"
    path.write_text(code)
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run([sys.executable, str(path)], capture_output=True, text=True, check=True, env=environment)
    lines = done.stdout.splitlines()
    assert lines[0] == "0 A "
    assert lines[1].startswith("1 None its process was ended by signal SIGKILL")
    assert lines[2] == "2 B "
    assert (0, 1.0) in eval(lines[3])  # noqa: S307 (our own output)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("a.jsonl", "b.jsonl", "--site", "site.toml", "--fit"), "--fit: for one recording at a time"),
        (("a.jsonl", "--plan", "plan.toml"), "the plan names recordings, sites and truth"),
        (("a.jsonl", "b.jsonl", "--site", "site.toml", "--overlay", "o.mp4"), "give --out"),
        (("a.jsonl", "b.jsonl", "--site", "site.toml", "--dask", "tcp://127.0.0.1:1"), "--dask: give --out"),
        (("a.jsonl", "b.jsonl"), "--site"),
    ],
)
def test_what_makes_no_sense_for_several_is_refused(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: Any, said: str
) -> None:
    """In words, with exit code 2, before anything is replayed."""
    from linewise import cli

    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "argv", ["linewise", "replay", *arguments])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 2
    assert said in capsys.readouterr().err
    assert not list(folder.glob("*/readings.jsonl"))
