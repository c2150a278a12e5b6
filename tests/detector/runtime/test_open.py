"""Opening a detector: the manifest, the checks, the fallbacks; on the shipped weights."""

import json
import logging
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from detector.runtime import open as opening
from detector.runtime.errors import DetectorError
from detector.runtime.manifest import DEFAULT_MODEL, WEIGHTS_DIR, read_model, read_verified
from detector.runtime.model_detector import ModelDetector
from detector.runtime.open import open_detector
from edge.config_keys import KEYS, RUNTIMES


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """The shipped weights in a folder that may be spoilt."""
    return Path(shutil.copytree(WEIGHTS_DIR, tmp_path / "weights"))


def noise(seed: int) -> np.ndarray:
    """A coarse random picture, 1280x720."""
    small = np.random.default_rng(seed).integers(0, 256, (9, 16, 3), dtype=np.uint8)
    return cv2.resize(small, (1280, 720), interpolation=cv2.INTER_CUBIC)


def test_every_shipped_file_is_the_scored_one() -> None:
    """sha256 of every file in the manifest, and its scores stand beside it."""
    models = json.loads((WEIGHTS_DIR / "manifest.json").read_text(encoding="utf-8"))["models"]
    assert list(models) == ["n", "m", "s"]
    assert DEFAULT_MODEL in models
    for name, entry in models.items():
        for file in read_model(WEIGHTS_DIR, name).files.values():
            assert read_verified(file)
        assert set(entry["scores"]) == set(entry["files"])


@pytest.mark.slow
@pytest.mark.parametrize("pair", [("onnx-fp32", "openvino-fp32"), ("onnx-int8", "openvino-int8")])
def test_runtimes_agree(pair: tuple[str, str]) -> None:
    """ONNX Runtime and OpenVINO give the same scores and boxes from one file, places within rounding."""
    exact = "fp32" in pair[0]
    a, b = (open_detector(choice, score_threshold=0.02) for choice in pair)
    assert (a.name, b.name) == pair
    assert a.model_sha256 == b.model_sha256
    for seed in range(3):
        seen_a, seen_b = a.detect(noise(seed), 0.0), b.detect(noise(seed), 0.0)
        if exact:
            np.testing.assert_allclose(seen_a.scores, seen_b.scores, atol=1e-3)
            np.testing.assert_allclose(seen_a.boxes, seen_b.boxes, atol=0.5)
        else:
            top = min(len(seen_a.scores), len(seen_b.scores), 5)
            np.testing.assert_allclose(seen_a.scores[:top], seen_b.scores[:top], atol=0.05)
    a.close()
    b.close()


@pytest.mark.slow
def test_auto_takes_openvino() -> None:
    """Where OpenVINO is installed it serves, in INT8."""
    assert open_detector().name == "openvino-int8"


def test_a_runtime_that_does_not_start_falls_back(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The next one serves, `name` says which, and the log says why."""

    def refuse(graph: bytes, threads: int) -> None:
        raise DetectorError("openvino is not installed: pip install openvino")

    monkeypatch.setattr(opening, "OpenVinoSession", refuse)
    with caplog.at_level(logging.WARNING):
        assert open_detector("auto").name == "onnx-int8"
    assert "pip install openvino" in caplog.text


def test_tensorrt_without_a_gpu_falls_back() -> None:
    """Asked for TensorRT on a box without it, a CPU runtime serves."""
    assert open_detector("tensorrt").name in ("openvino-int8", "onnx-int8")


def test_a_precision_without_its_file_is_refused_with_the_command_that_makes_it(copied: Path) -> None:
    """No INT8 file for TensorRT in the folder: the message names it and `linewise formats`."""
    manifest = json.loads((copied / "manifest.json").read_text(encoding="utf-8"))
    manifest["models"]["m"]["files"].pop("int8trt", None)
    (copied / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    with pytest.raises(DetectorError, match=r"no int8trt file.*linewise formats"):
        open_detector("tensorrt-int8", weights_dir=copied)


def test_the_choices_are_those_of_the_site_file() -> None:
    """What a site file may name can be opened, and the other way round."""
    assert set(opening.CHOICES) == set(RUNTIMES)
    assert KEYS["detector"]["model"].value == DEFAULT_MODEL


def test_an_exact_runtime_does_not_fall_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """runtime-precision means that one or an error."""

    def refuse(graph: bytes, threads: int) -> None:
        raise DetectorError("broken here")

    monkeypatch.setattr(opening, "OnnxSession", refuse)
    with pytest.raises(DetectorError, match="onnx-fp32: broken here"):
        open_detector("onnx-fp32")


def test_a_damaged_file_is_refused(copied: Path) -> None:
    """One byte changed: the message names the file and both hashes, and nothing runs it."""
    path = copied / "m-int8.onnx"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(bytes(content))
    with pytest.raises(DetectorError, match=r"m-int8\.onnx.*not the file that was scored.*install linewise again"):
        open_detector("openvino-int8", weights_dir=copied)


def test_a_missing_file_is_told(copied: Path) -> None:
    """The message names it."""
    (copied / "m-int8.onnx").unlink()
    with pytest.raises(DetectorError, match=r"m-int8\.onnx: cannot be read"):
        open_detector("onnx-int8", weights_dir=copied)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "cannot be read"),
        ("{", "is no manifest"),
        ("{}", "is no manifest"),
        ('{"models": {}}', "no model is called 'm'"),
        ('{"models": {"m": {}}}', "lacks or spoils 'canvas'"),
    ],
)
def test_a_spoilt_manifest_is_told(tmp_path: Path, content: str | None, message: str) -> None:
    """Missing, not JSON, without models, without this model, without a key."""
    if content is not None:
        (tmp_path / "manifest.json").write_text(content, encoding="utf-8")
    with pytest.raises(DetectorError, match=message):
        open_detector(weights_dir=tmp_path)


def test_an_old_name_still_opens(copied: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A site file from before the rename says "quick": it gets what is called "n" now, and a word in the log."""
    assert read_model(copied, "quick") == read_model(copied, "n")
    assert [record.getMessage() for record in caplog.records] == [
        "the model 'quick' is called 'n' now; write that in [detector] model"
    ]


def test_a_folder_of_ones_own_weights_opens(copied: Path) -> None:
    """A model with a / is a folder that `linewise export` made: its only model serves; several are refused by name."""
    with pytest.raises(DetectorError, match="holds n, m, s; a folder of one is wanted"):
        open_detector(model=str(copied))
    manifest = json.loads((copied / "manifest.json").read_text(encoding="utf-8"))
    manifest["models"] = {"ours": manifest["models"]["n"]}
    (copied / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    assert read_model(WEIGHTS_DIR, str(copied)).name == "ours"
    assert (
        open_detector("onnx", model=str(copied)).model_sha256 == manifest["models"]["ours"]["files"]["int8"]["sha256"]
    )
    with pytest.raises(DetectorError, match=r"no/such/manifest\.json: cannot be read"):
        open_detector(model="no/such")


def test_wrong_arguments_are_told() -> None:
    """Runtime names and thread counts are checked."""
    with pytest.raises(DetectorError, match=r"'cuda'.*auto, openvino"):
        open_detector("cuda")
    with pytest.raises(DetectorError, match="at least 1, got 0"):
        open_detector(threads=0)


@pytest.mark.parametrize(("model", "canvas"), [("n", (416, 256)), ("m", (416, 256)), ("s", (640, 384))])
def test_every_shipped_model_opens(model: str, canvas: tuple[int, int]) -> None:
    """Its files are the scored ones, it takes its own canvas and sees nobody in an even grey."""
    detector = open_detector("onnx-int8", model=model)
    assert isinstance(detector, ModelDetector)
    assert detector.working.canvas == canvas
    assert len(detector.detect(np.full((180, 320, 3), 114, np.uint8), 0.0).scores) == 0
