"""Certificates beside the site file: written, read again, void when they should be."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from edge import certificate
from edge.certificate import Certificate, Score
from edge.errors import InputError
from edge.vocabulary import LaneSettings, QueueSettings

LANE = LaneSettings("tills", ((0.1, 0.1), (0.9, 0.1), (0.9, 0.9)))
QUEUE = QueueSettings("till-1", "Till 1", lanes=(LANE,))
MADE = Certificate(
    queue="till-1",
    cameras=("tills",),
    lanes=certificate.fingerprints(QUEUE),
    made_utc=datetime(2026, 5, 4, 10, 12, tzinfo=UTC),
    config_sha256="c" * 64,
    model_sha256=None,
    passed=True,
    scores=(Score(name="length_mae", value=0.25, low=0.1, high=0.4, n=24),),
)


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    """A certificate comes back from its file as it was made; without a file there are none."""
    path = certificate.certificates_path(tmp_path / "canteen.toml")
    assert path.name == "canteen.certificates.json"
    assert certificate.read(path) == ()
    path.write_text(certificate.text("canteen", [MADE]), encoding="utf-8")
    assert certificate.read(path) == (MADE,)


@pytest.mark.parametrize("text", ["", "{", '{"schema": 2, "site": "a", "certificates": []}', "[]", "\xff"])
def test_a_broken_file_is_told_in_words(tmp_path: Path, text: str) -> None:
    """A file that is not certificates is an input error that names the file."""
    path = tmp_path / "canteen.certificates.json"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(InputError, match=r"canteen\.certificates\.json"):
        certificate.read(path)


def test_no_number_that_is_none(tmp_path: Path) -> None:
    """A score that is NaN is refused: a page would show it as a figure."""
    path = tmp_path / "canteen.certificates.json"
    path.write_text(certificate.text("canteen", [MADE]).replace("0.25", "NaN"), encoding="utf-8")
    with pytest.raises(InputError, match="value"):
        certificate.read(path)


def test_void_when_lanes_change_or_a_camera_moves() -> None:
    """It holds for the lanes measured and cameras in their place, and for nothing else."""
    assert certificate.void(MADE, QUEUE, moved=["door"]) is None
    assert certificate.void(MADE, replace(QUEUE, name="Renamed")) is None
    assert "lanes" in (certificate.void(MADE, replace(QUEUE, lanes=(replace(LANE, min_stay_s=9.0),))) or "")
    assert "tills" in (certificate.void(MADE, QUEUE, moved=["tills"]) or "")
