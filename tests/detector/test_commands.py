"""The detector's commands on the command line."""

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from edge.errors import InputError
from linewise import train_commands

app = typer.Typer()
train_commands.register(app)


def run(*words: object) -> str:
    """Runs a command, gives what it prints; faults come out as they are."""
    return CliRunner().invoke(app, [str(word) for word in words], catch_exceptions=False).output


@pytest.mark.slow
def test_evaluate_prints_a_table_and_writes_detections(drawn: Path, tmp_path: Path) -> None:
    """AP50 in all and by source, recall, count error and time; boxes of every picture in the file."""
    out = run("evaluate", drawn / "val.json", "--detections-out", tmp_path / "d.json")
    assert "AP50" in out
    assert "ms a picture" in out
    rows = json.loads((tmp_path / "d.json").read_text(encoding="utf-8"))
    assert len(rows) == 4
    assert all(len(row["boxes"]) == len(row["scores"]) for row in rows.values())


@pytest.mark.slow
def test_evaluate_as_json(drawn: Path) -> None:
    """One object with every number."""
    result = json.loads(run("evaluate", drawn / "val.json", "--json"))
    assert {"ap50", "recall", "count_error", "ms", "runtime"} <= set(result)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("evaluate", "no/such.json"), r"no/such\.json.*cannot be read"),
        (("evaluate", "{drawn}/val.json", "--runtime", "cuda"), "no runtime is called 'cuda'"),
        (("evaluate", "{drawn}/val.json", "--model", "xl"), "no model is called 'xl'"),
        (("bench", "--model", "xl"), "no model is called 'xl'"),
        (("train", "--data", "no", "--out", "{tmp}", "--recipe", "tiny"), r"train\.json.*cannot be read"),
        (("train", "--data", "no", "--out", "{tmp}", "--recipe", "xl"), "no recipe is called 'xl'"),
        (("train", "--data", "{drawn}", "--out", "{tmp}", "--recipe", "n-narrow"), r"name its folder \(--start\)"),
        (("export", "--run", "no", "--data", "{drawn}", "--out", "{tmp}"), "name the --out folder of a run"),
    ],
)
def test_wrong_input_is_told(words: tuple[str, ...], message: str, drawn: Path, tmp_path: Path) -> None:
    """What is wrong comes as the error that the command prints without a traceback, exit code 2."""
    filled = [word.format(drawn=drawn, tmp=tmp_path) for word in words]
    with pytest.raises(InputError, match=message) as caught:
        run(*filled)
    assert caught.value.exit_code == 2


@pytest.mark.slow
def test_bench_times_every_runtime() -> None:
    """A line for each of the four."""
    out = run("bench", "--rounds", "2")
    assert out.count(" ms") == 8
