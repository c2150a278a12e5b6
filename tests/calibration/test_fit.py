"""`linewise replay --fit`: the miss rate, the half that judges it, the file, the refusals."""

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from calibration import fit
from calibration.truth import TruthCount
from edge.calibration_file import calibration_path, read_fits
from edge.config import load_site
from edge.errors import InputError
from linewise import replay_command
from tests.calibration.made import line, person, recording, site_file


def two_stand(folder: Path) -> Path:
    """Two people in the lane for a minute, at two pictures a second."""
    boxes = [person(500, 300), person(780, 300)]
    return recording(folder / "r.jsonl", [line(k / 2, boxes) for k in range(121)])


def counts_file(folder: Path, lengths: list[int]) -> Path:
    """Counts from 20 s on, one each 2 s."""
    path = folder / "counts.csv"
    rows = "".join(f"{20 + 2 * k},q1,{n}\n" for k, n in enumerate(lengths))
    path.write_text(f"pts_s,queue,length\n{rows}")
    return path


def ran(*args: str | Path) -> Result:
    """`linewise replay` with these arguments."""
    app = typer.Typer(pretty_exceptions_enable=False)
    replay_command.register(app)
    return CliRunner().invoke(app, [str(a) for a in args])


@pytest.mark.slow
def test_a_third_missed_is_found_written_and_used(tmp_path: Path) -> None:
    """Two of three told: rate 1/3, shown on the other half, written; the next replay tells three."""
    site, film = site_file(tmp_path), two_stand(tmp_path)
    truth = counts_file(tmp_path, [3] * 20)
    first = ran(film, "--site", site, "--truth", truth, "--fit", "--json")
    assert first.exit_code == 0, first.output
    told = json.loads(first.stdout)["queues"]["q1"]["fit"]
    assert told["miss_rate"] == pytest.approx(1 / 3, abs=1e-4)
    assert (told["moments"], told["before"]["n"], told["refused"]) == (10, 10, None)
    assert (told["before"]["mae"], told["before"]["bias"]) == (1.0, -1.0)
    assert (told["after"]["mae"], told["after"]["bias"]) == (0.0, 0.0)
    [lane] = read_fits(calibration_path(site))
    assert (lane.queue, lane.lane, lane.moments) == ("q1", 1, 10)
    again = ran(film, "--site", site, "--truth", truth, "--json")
    assert json.loads(again.stdout)["queues"]["q1"]["truth"]["length"]["mae"] == 0.0


@pytest.mark.slow
def test_the_gain_is_not_that_of_the_fitted_half(tmp_path: Path) -> None:
    """Blocks of two: three people in the fitted ones, two in the judging ones; that makes it worse: nothing written."""
    site = site_file(tmp_path)
    truth = counts_file(tmp_path, [3, 3, 2, 2] * 4)
    result = ran(two_stand(tmp_path), "--site", site, "--truth", truth, "--fit")
    assert result.exit_code == 0, result.output
    assert "Miss rate 0.33 from 8 moments; at 8 moments that it was not fitted on: 0.00 people off" in result.stdout
    assert "1.00 people off (bias +1.00) with it. But the other half's moments come out worse" in result.stdout
    assert not calibration_path(site).exists()


def test_too_few_counts_are_refused_before_the_replay(tmp_path: Path) -> None:
    """Fifteen certain counts, or none at all, are told with what is needed; arguable ones don't help."""
    site = site_file(tmp_path)
    few = ran(two_stand(tmp_path), "--site", site, "--truth", counts_file(tmp_path, [3] * 15), "--fit")
    assert isinstance(few.exception, InputError)
    assert "at least 16 certain counts of a queue are needed" in str(few.exception)
    assert "q1 has 15" in str(few.exception)
    with pytest.raises(InputError, match="there are none"):
        fit.check([])
    with pytest.raises(InputError, match="q1 has 0"):
        fit.check([TruthCount("q1", float(k), 2, certain=False) for k in range(40)])


@pytest.mark.slow
def test_an_empty_lane_tells_no_rate(tmp_path: Path) -> None:
    """Twenty counts of nobody are no ground for a rate; the words say so and no file is written."""
    site = site_file(tmp_path)
    result = ran(two_stand(tmp_path), "--site", site, "--truth", counts_file(tmp_path, [0] * 20), "--fit")
    assert result.exit_code == 0, result.output
    assert "Miss rate not fitted: 0 people in those moments, 8 are needed." in result.stdout
    assert not calibration_path(site).exists()


def test_what_else_is_in_the_file_stays(tmp_path: Path) -> None:
    """Lanes of other queues and other tables, comments too, are kept; the queue's own old rate goes."""
    path = site_file(tmp_path)
    other = '[[lane]]\nqueue = "{}"\nlane = 1\nfingerprint = "0123456789abcdef"\nmiss_rate = 0.5\nmoments = 9\n'
    extra = "\n[wait]\nscale = 1.5  # by hand\n"
    calibration_path(path).write_text(f'schema = 1\nsite = "made"\n{other.format("q1")}{other.format("q9")}{extra}')
    written = fit.write(load_site(path), [fit.QueueFit("q1", 0.25, 10)])
    assert written == calibration_path(path)
    assert [(f.queue, f.miss_rate) for f in read_fits(written)] == [("q9", 0.5), ("q1", 0.25)]
    assert "[wait]\nscale = 1.5  # by hand" in written.read_text()
    assert fit.write(load_site(path), [fit.QueueFit("q1", refused="too few")]) is None
