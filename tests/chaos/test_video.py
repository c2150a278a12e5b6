"""Broken recordings play or are told; a thousand of them by `python -m tests.chaos.video`."""

from pathlib import Path

import pytest

from tests.chaos import video
from tests.chaos.recordings import RECORDINGS, damaged, record

# Text that is no UTF-8 in a title, a track that comes up in the middle: these seeds ended in a traceback once.
BROKE_ONCE = (137, 503, 602, 700, 708, 820, 944, 989)


@pytest.fixture(scope="module")
def templates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a whole recording of each kind."""
    folder = tmp_path_factory.mktemp("recordings")
    for name in RECORDINGS:
        record(folder / name)
    return folder


def test_whole_recordings_play(templates: Path) -> None:
    """Unbroken, each kind plays: 1 pixel and 16,384, 10 bit, in pieces, without a container."""
    assert {name: video.play(templates / name, "pyav") for name in RECORDINGS} == dict.fromkeys(RECORDINGS, "played")


@pytest.mark.parametrize("seed", BROKE_ONCE)
def test_what_broke_once_does_not_again(seed: int, templates: Path, tmp_path: Path) -> None:
    """Text that can't be read and tracks that nobody announced are no reason to die: words, or pictures."""
    assert video.play(damaged(templates, tmp_path, seed)[0], "pyav") in ("played", "told")


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_broken_recordings_kill_no_child(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each of forty broken recordings plays or is told in words that name it, within 3 GB."""
    found = video.run(range(40), "auto", tmp_path)
    with capsys.disabled():
        print(f" {dict(found.outcomes)}, at most {found.most_mb} MB", end="")
    assert found.faults == []
    assert sum(found.outcomes.values()) == 40
    assert sum(times for outcome, times in found.outcomes.items() if outcome.endswith(": told")) >= 5
