"""Further files of a model: FP16, symmetric INT8, torch.export; TensorRT's builder takes them; all forms agree."""

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
import typer
from typer.testing import CliRunner

from detector import formats
from detector.data.readers import read_labels
from detector.evaluation.evaluate import Evaluation
from detector.export import to_int8
from detector.formats import FP16, INT8_TRT, write_formats
from detector.model.network import Network
from detector.parity import compare
from detector.runtime.errors import DetectorError
from detector.runtime.tensorrt import build_plan
from detector.shipping import calibration_pictures
from linewise import format_commands

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::UserWarning"),
]


@pytest.fixture(scope="module")
def weights(exported: tuple[Network, Path], drawn: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a small model in all its forms."""
    folder = tmp_path_factory.mktemp("weights")
    shutil.copy(exported[1], folder / "a-fp32.onnx")
    pictures = read_labels(drawn / "train.json")
    to_int8(folder / "a-fp32.onnx", folder / "a-int8.onnx", calibration_pictures(pictures, (96, 64)))
    files = {
        key: {"file": f"a-{key}.onnx", "sha256": hashlib.sha256((folder / f"a-{key}.onnx").read_bytes()).hexdigest()}
        for key in ("fp32", "int8")
    }
    entry = {"canvas": [96, 64], "score_threshold": 0.4, "duplicate_iou": 0.5, "files": files}
    models = {"models": {"a": {**entry, "recipe": {"network": "tiny"}}}}
    (folder / "manifest.json").write_text(json.dumps(models))
    write_formats(folder, "a", pictures, [])
    return folder


def test_every_form_says_what_pytorch_says(weights: Path, drawn: Path) -> None:
    """In float32 the same people and scores: PyTorch, torch.export, ONNX Runtime, OpenVINO; halves come near."""
    forms = {form.name: form for form in compare(weights, "a", read_labels(drawn / "val.json"))}
    exact = {"pytorch fp32", "torch.export program", "onnxruntime fp32", "openvino fp32"}
    assert exact <= set(forms)
    assert all(form.holds and form.people == form.reference_people for form in forms.values() if form.exact)
    assert {name for name, form in forms.items() if form.exact} == exact
    assert forms["onnxruntime fp16"].score_off < 0.02


def test_the_manifest_names_the_new_files(weights: Path) -> None:
    """With the checksum of what lies there; a file that was never scored is not named."""
    files = json.loads((weights / "manifest.json").read_text())["models"]["a"]["files"]
    assert set(files) == {"fp32", "int8", FP16, INT8_TRT}
    for row in files.values():
        assert hashlib.sha256((weights / row["file"]).read_bytes()).hexdigest() == row["sha256"]


def test_symmetric_int8_has_no_zero_points_and_float_biases(weights: Path) -> None:
    """As TensorRT wants it: every zero point is 0 and S8, nothing is quantised to INT32."""
    graph = onnx.load(weights / "a-int8trt.onnx").graph
    values = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in graph.initializer}
    points = [values[n.input[2]] for n in graph.node if n.op_type in {"QuantizeLinear", "DequantizeLinear"}]
    assert len(points) > 20
    assert all(point.dtype == np.int8 and not point.any() for point in points)


def test_each_file_passes_or_fails_by_itself(
    weights: Path, drawn: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """INT8 loses more than one point of AP50, FP16 does not: one is refused and unnamed, the other is there, scored."""
    folder = Path(shutil.copytree(weights, tmp_path / "w"))
    monkeypatch.setattr(formats, "_scored", scores_by_name({"int8trt": 0.68}))
    pictures = read_labels(drawn / "train.json")
    written = write_formats(folder, "a", pictures, pictures)
    assert written.refused == {INT8_TRT: "loses 0.020 AP50 against FP32 (0.700); at most 0.01 is allowed"}
    assert written.ap50 == {"fp32": 0.7, FP16: 0.7}
    entry = json.loads((folder / "manifest.json").read_text())["models"]["a"]
    assert set(entry["files"]) == {"fp32", "int8", FP16}
    assert entry["scores"][FP16]["ap50"] == {"all": 0.7}
    assert not list(folder.glob("*.part.onnx"))


def test_the_command_tells_what_was_refused(
    weights: Path, drawn: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One refused: told, exit code 0, the rest is written; all refused: exit code 1."""
    app = typer.Typer()
    format_commands.register(app)
    folder = Path(shutil.copytree(weights, tmp_path / "w"))
    words = ["formats", "--data", str(drawn), "--weights", str(folder), "--name", "a"]
    for low, code in (({"int8trt": 0.5}, 0), ({"int8trt": 0.5, "fp16": 0.6}, 1)):
        monkeypatch.setattr(formats, "_scored", scores_by_name(low))
        told = CliRunner().invoke(app, words, catch_exceptions=False)
        assert told.exit_code == code
        assert "a-int8trt.onnx is refused, and not in the manifest: loses 0.200 AP50" in told.output
        assert ("AP50 0.700 (FP32 0.700)" in told.output) == (code == 0)


def scores_by_name(low: dict[str, float]) -> Callable[..., Evaluation]:
    """A scorer: AP50 0.7 for every file but those whose name holds one of the words."""

    def scored(path: Path, *_: object) -> Evaluation:
        value = next((ap50 for word, ap50 in low.items() if word in path.name), 0.7)
        return Evaluation({"all": value}, {"all": 9}, {"all": 0.5}, 1.0, 0.0, 1.0, {})

    return scored


def test_tensorrts_builder_takes_every_file_for_it(weights: Path) -> None:
    """The builder of tensorrt-rtx parses and builds FP32, FP16 and symmetric INT8; the CPU's INT8 it refuses."""
    rtx = pytest.importorskip("tensorrt_rtx", reason="tensorrt-rtx is not installed: pip install -e .[rtx]")
    logger = rtx.Logger(rtx.Logger.INTERNAL_ERROR)
    for key in ("fp32", FP16, INT8_TRT):
        assert len(build_plan(rtx, (weights / f"a-{key}.onnx").read_bytes(), logger)) > 1000
    with pytest.raises(DetectorError, match="does not take the model"):
        build_plan(rtx, (weights / "a-int8.onnx").read_bytes(), logger)
