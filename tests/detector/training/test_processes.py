"""Training in real processes: killed in the middle, and two that train together."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from tests.detector.conftest import draw

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

SCRIPT = """
import sys, time
from dataclasses import replace
from pathlib import Path
import torch
torch.set_num_threads(1)
from detector.training import train as training
from detector.training.recipes import RECIPES
training.SAVE_EVERY_S = 0.0
data, out, pause_s = Path(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[3])
recipe = replace(RECIPES["tiny"], epochs=2, batch=16, evaluate_every=9)
step = training.train_step
def slow(*args, **kwargs):
    time.sleep(pause_s)
    return step(*args, **kwargs)
training.train_step = slow
training.train(recipe, training.Run(data=data, out=out, cache=out.parent / "cache", workers=0))
"""


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four batches of sixteen pictures."""
    folder = tmp_path_factory.mktemp("drawn")
    draw(folder, "train", 64, 0)
    draw(folder, "val", 4, 1)
    return folder


def command(data: Path, out: Path, pause_s: float = 0.0) -> list[str]:
    """The script's words after `python`."""
    script = out.parent / "script.py"
    script.write_text(SCRIPT, encoding="utf-8")
    return [str(script), str(data), str(out), str(pause_s)]


@pytest.fixture(scope="module")
def whole(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run in one process that nothing disturbed."""
    out = tmp_path_factory.mktemp("whole") / "run"
    subprocess.run([sys.executable, *command(data, out)], check=True, timeout=200)
    return out


def curve(run: Path) -> list[dict[str, float]]:
    """The log without its wall time."""
    rows = [json.loads(line) for line in (run / "log.jsonl").read_text(encoding="utf-8").splitlines()]
    return [{key: value for key, value in row.items() if key != "seconds"} for row in rows]


def weights(run: Path) -> dict[str, torch.Tensor]:
    """The averaged weights."""
    average: dict[str, torch.Tensor] = torch.load(run / "checkpoint.pt", weights_only=True)["ema"]
    return average


def test_a_run_killed_inside_an_epoch_continues_to_the_same_curve(
    data: Path, whole: Path, tmp_path: Path, until: Callable[..., None]
) -> None:
    """Killed with signal 9 in the middle of an epoch and started again: the same log, the same weights, bit by bit."""
    out = tmp_path / "run"
    process = subprocess.Popen([sys.executable, *command(data, out, pause_s=0.5)])
    try:
        until((out / "checkpoint.pt").exists, "a first checkpoint", 120.0)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait(timeout=60)
    step = torch.load(out / "checkpoint.pt", weights_only=True)["step"]
    assert 0 < step < 4
    subprocess.run([sys.executable, *command(data, out)], check=True, timeout=200)
    assert curve(out) == curve(whole)
    assert all(torch.equal(value, weights(whole)[name]) for name, value in weights(out).items())


def test_two_processes_train_like_one_with_the_whole_batch(data: Path, whole: Path, tmp_path: Path) -> None:
    """Under torchrun: losses within a thousandth and weights within a hundredth of their size."""
    out = tmp_path / "run"
    words = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", *command(data, out)]
    subprocess.run([sys.executable, *words], check=True, timeout=200, env={**os.environ, "OMP_NUM_THREADS": "1"})
    for one, two in zip(curve(whole), curve(out), strict=True):
        assert two == pytest.approx(one, rel=1e-3)
    one, two = (torch.cat([v.flatten().float() for v in weights(run).values()]) for run in (whole, out))
    assert (one - two).norm() < 0.01 * one.norm()
