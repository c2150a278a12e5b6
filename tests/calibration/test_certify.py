"""`linewise replay --certify`: what the dashboard then reads, and what is refused."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from calibration import certify
from edge.certificate import certificates_path, fingerprints, read, void
from edge.config import load_site
from edge.errors import InputError
from tests.calibration.made import site_file
from tests.calibration.test_fit import counts_file, ran, two_stand


def test_the_certificate_holds_the_scores_of_the_replay(tmp_path: Path) -> None:
    """Twelve moments, one person short at each of three: the MAE, its interval and n stand beside the site file."""
    path = site_file(tmp_path)
    truth = counts_file(tmp_path, [2, 2, 2, 3] * 3)
    result = ran(two_stand(tmp_path), "--site", path, "--truth", truth, "--certify")
    assert result.exit_code == 0, result.output
    assert result.stdout.endswith(f"Written: {certificates_path(path)}\n")
    [made] = read(certificates_path(path))
    queue = load_site(path).queues[0]
    assert (made.queue, made.cameras, made.lanes, made.passed) == ("q1", ("c1",), fingerprints(queue), None)
    scores = {s.name: s for s in made.scores}
    assert set(scores) == {"length_mae", "length_bias", "within_1"}
    mae = scores["length_mae"]
    assert (mae.value, mae.n, scores["length_bias"].value, scores["within_1"].value) == (0.25, 12, -0.25, 1.0)
    assert mae.low is not None
    assert mae.high is not None
    assert mae.low < 0.25 < mae.high
    assert abs((datetime.now(UTC) - made.made_utc).total_seconds()) < 600
    assert void(made, queue) is None


def test_it_takes_the_old_ones_place_and_leaves_other_queues(tmp_path: Path) -> None:
    """A second certificate of the queue replaces the first; another queue's stays; wait scores are in it."""
    site = load_site(site_file(tmp_path))
    block = {"truth": {"wait": {"n": 3, "mae": 9.5, "bias": -2.0}}}
    summary = {"queues": {"q1": block}, "config_sha256": "c", "model_sha256": None}
    [old] = certify.certificates(site, summary, 1000.0)
    assert [(s.name, s.value, s.n) for s in old.scores] == [("wait_mae_s", 9.5, 3), ("wait_bias_s", -2.0, 3)]
    certify.write(site, [old.model_copy(update={"queue": "q9"}), old])
    [new] = certify.certificates(site, summary, 2000.0)
    written = certify.write(site, [new])
    assert written == certificates_path(site.path)
    assert [(c.queue, int(c.made_utc.timestamp())) for c in read(written)] == [("q9", 1000), ("q1", 2000)]


def test_without_scores_nothing_is_certified(tmp_path: Path) -> None:
    """A queue without truth gets no certificate, and no file is made."""
    site = load_site(site_file(tmp_path))
    summary = {"queues": {"q1": {}}, "config_sha256": "c", "model_sha256": None}
    assert certify.write(site, certify.certificates(site, summary, 0.0)) is None
    assert not certificates_path(site.path).exists()


def test_refusals(tmp_path: Path) -> None:
    """No truth, a broken file, --fit at the same time: each is told in words before the replay."""
    path, film = site_file(tmp_path), two_stand(tmp_path)
    truth = counts_file(tmp_path, [2] * 20)
    for args, said in [
        (("--certify",), "there is no truth to certify by"),
        (("--truth", truth, "--fit", "--certify"), "first replay with --fit, then again with --certify"),
    ]:
        result = ran(film, "--site", path, *args)
        assert isinstance(result.exception, InputError), result.output
        assert said in str(result.exception)
    certificates_path(path).write_text("{}")
    broken = ran(film, "--site", path, "--truth", truth, "--certify")
    assert isinstance(broken.exception, InputError)
    with pytest.raises(InputError, match="take the file away"):
        read(certificates_path(path))
