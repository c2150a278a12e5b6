"""Cleaning drawn pictures with planted errors: what is found, what becomes of it, the page, the command."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from detector.cleaning.clean import clean
from detector.cleaning.embedding import Embedder, crop
from detector.cleaning.report import write_report
from detector.data.people_json import write_people_json
from detector.data.pictures import DataError, Picture, join, nobody, people_of
from detector.data.readers import read_labels
from detector.runtime.detections import Detections
from detector.runtime.fake import FakeDetector
from detector.training.pretrained import imagenet_state
from linewise import clean_command
from linewise.cli import app
from tests.detector.conftest import draw

pytestmark = pytest.mark.slow

PLANTED = {"double": 0, "empty": 1, "shifted": 2}  # which picture


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    """The real one."""
    return Embedder(imagenet_state())


@pytest.fixture(scope="module")
def truth(tmp_path_factory: pytest.TempPathFactory) -> list[Picture]:
    """Forty drawn pictures whose people do not overlap much."""
    folder = tmp_path_factory.mktemp("people")
    draw(folder, "train", 40, 5)
    return read_labels(folder / "train.json")


@pytest.fixture
def planted(truth: list[Picture]) -> list[Picture]:
    """The same with one double, one empty and one shifted box."""
    pictures = list(truth)
    for kind, index in PLANTED.items():
        people = pictures[index].people.take(np.array([0]))
        x1, y1, x2, y2 = (float(v) for v in people.boxes[0])
        if kind == "double":
            people = join([people, people_of([([x1 + 1, y1 + 2, x2 - x1, y2 - y1], 1.0, None, 0.0)])])
        elif kind == "empty":
            people = join([people, people_of([([0.0 if x1 > 40 else 80.0, 20.0, 16.0, 40.0], 1.0, None, 0.0)])])
        else:
            people = replace(people, boxes=people.boxes + np.array([8, 0, 8, 0], np.float32))
        pictures[index] = replace(pictures[index], people=people)
    return pictures


def knows(truth: list[Picture]) -> FakeDetector:
    """A detector that sees the true people of picture number pts_s."""

    def answer(pts_s: float, image: np.ndarray) -> Detections:
        picture = truth[int(pts_s)]
        kept = picture.people.boxes[:1] if int(pts_s) in PLANTED.values() else picture.people.boxes
        return Detections(pts_s, picture.size_px, kept, np.full(len(kept), 0.9, np.float32))

    return FakeDetector(answer)


def test_planted_errors_are_found_and_mended(
    truth: list[Picture], planted: list[Picture], embedder: Embedder, tmp_path: Path
) -> None:
    """A double goes, an empty box is set aside, a shifted one moves back; the page shows each."""
    cleaned = clean(planted, knows(truth), embedder, rounds=3, rng=np.random.default_rng(0))
    found = {(int(cleaned.table.picture[s.row]), s.kind): s for s in cleaned.suspects}
    for kind, index in PLANTED.items():
        assert (index, kind) in found
    double, empty, shifted = (cleaned.pictures[index].people for index in PLANTED.values())
    assert (double.weights > 0).sum() == 1
    assert empty.weights.tolist() == [1.0, 0.0]
    np.testing.assert_allclose(shifted.boxes[0], truth[2].people.boxes[0])
    write_report(tmp_path / "r.html", cleaned, "<people>")
    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert "&lt;people&gt;" in page
    assert page.count("<img") == len(cleaned.suspects)
    assert "http" not in page


def test_the_same_seed_finds_the_same(truth: list[Picture], planted: list[Picture], embedder: Embedder) -> None:
    """Chance comes from the generator alone."""
    a, b = (
        clean(planted[:12], knows(truth), embedder, rounds=2, rng=np.random.default_rng(7)).suspects for _ in range(2)
    )
    assert [(s.row, s.kind, s.action, s.chance) for s in a] == [(s.row, s.kind, s.action, s.chance) for s in b]


def test_labels_without_people_are_told(truth: list[Picture], embedder: Embedder) -> None:
    """There is nothing to clean."""
    empty = [replace(picture, people=nobody()) for picture in truth[:3]]
    with pytest.raises(DataError, match="hold no person"):
        clean(empty, FakeDetector({}), embedder, rounds=1, rng=np.random.default_rng(0))


def test_a_crop_keeps_the_persons_aspect(truth: list[Picture]) -> None:
    """A red box of any shape lies in the middle of its crop, and the picture's border repeats."""
    image = np.zeros((60, 80, 3), np.uint8)
    image[10:50, 30:40] = (250, 0, 0)
    view = crop(image, np.array([30, 10, 40, 50], np.float32))
    assert view.shape == (128, 64, 3)
    ys, xs = np.nonzero(view[..., 0] > 125)
    assert (ys.max() - ys.min()) / (xs.max() - xs.min()) == pytest.approx(4, rel=0.1)
    assert abs(xs.mean() - 32) < 1.5


def test_the_command_writes_what_train_takes(
    truth: list[Picture], planted: list[Picture], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Labels, page and list of suspects; the labels read back and find their pictures; the source stays as it was."""
    (tmp_path / "data").mkdir()
    write_people_json(tmp_path / "data" / "train.json", planted)
    before = (tmp_path / "data" / "train.json").read_bytes()
    monkeypatch.setattr("linewise.train_commands.open_model", lambda *_, **__: knows(truth))
    words = ["clean", "--data", str(tmp_path / "data"), "--out", str(tmp_path / "out"), "--rounds", "2"]
    result = CliRunner().invoke(app, words, catch_exceptions=False)
    assert result.exit_code == 0
    assert "suspicious boxes among" in result.output
    read = read_labels(tmp_path / "out" / "train.json")
    assert all(picture.path.exists() for picture in read)
    assert (tmp_path / "data" / "train.json").read_bytes() == before
    rows = json.loads((tmp_path / "out" / "suspects.json").read_text())
    assert {"double", "empty", "shifted"} <= {row["kind"] for row in rows}
    assert clean_command.SEED == 0
