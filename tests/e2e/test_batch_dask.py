"""Several recordings on a Dask cluster of worker processes on this machine."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import pytest

from calibration import batch_dask
from calibration.proof import prove
from calibration.request import Request
from edge.errors import InputError
from linewise import batch_command
from linewise.batch_command import Many
from tests.calibration.made import one_served, recording, site_file
from tests.linewise.test_batch_command import outputs

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]


@pytest.fixture
def cluster() -> Iterator[str]:
    """The address of a scheduler with two worker processes."""
    code = (
        "import distributed, sys\n"
        "if __name__ == '__main__':\n"
        "    options = dict(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None)\n"
        "    with distributed.LocalCluster(**options) as cluster:\n"
        "        print(cluster.scheduler_address, flush=True)\n"
        "        sys.stdin.read()\n"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert child.stdin is not None
    assert child.stdout is not None
    try:
        yield child.stdout.readline().strip()
    finally:
        child.stdin.close()
        child.wait(60)
        child.stdout.close()


def test_a_cluster_gives_the_bytes_of_this_machine(tmp_path: Path, cluster: str) -> None:
    """The files of workers are those of this process; a bad recording is told and stops none."""
    site = site_file(tmp_path)
    recordings = tuple(recording(tmp_path / f"{n}.jsonl", one_served(s)) for n, s in (("a", 40.0), ("b", 50.0)))
    bad = recording(tmp_path / "bad.jsonl", ["oops"])
    there = tmp_path / "there"
    request = Request(site, None, (), (), there, None, None, None)
    many = Many(None, (*recordings, bad), site, None, cluster)
    result, words, code = batch_command.run(request, many, bar=False)
    assert (result["failed"], code) == (["bad"], 2)
    assert "bad.jsonl:1: not JSON" in words
    for file in recordings:
        alone = replace(request, recording=file, out=tmp_path / "here" / file.stem)
        summary = prove(alone, lambda length_s: nullcontext(lambda pts_s: None), now_utc_s=0.0).summary
        assert outputs(there, file.stem) == outputs(tmp_path / "here", file.stem)
        assert result["recordings"][file.stem]["queues"] == summary["queues"]


def test_no_cluster_is_told() -> None:
    """Where no scheduler listens, the address is named."""
    with pytest.raises(InputError, match=r"--dask tcp://127.0.0.1:1: no scheduler answers there"):
        list(batch_dask.run(print, [1], address="tcp://127.0.0.1:1", on_told=lambda index, at: None))
