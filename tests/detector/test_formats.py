"""Further files of a model: FP16, symmetric INT8, torch.export; TensorRT's builder takes them; all forms agree."""

import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
import onnx
import pytest

from detector import formats
from detector.data.readers import read_labels
from detector.export import ExportError, to_int8
from detector.formats import FP16, INT8_TRT, write_formats
from detector.model.network import Network
from detector.parity import compare
from detector.runtime.errors import DetectorError
from detector.runtime.tensorrt import build_plan

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::UserWarning")


@pytest.fixture(scope="module")
def weights(exported: tuple[Network, Path], drawn: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a small model in all its forms."""
    folder = tmp_path_factory.mktemp("weights")
    shutil.copy(exported[1], folder / "a-fp32.onnx")
    pictures = read_labels(drawn / "train.json")
    to_int8(folder / "a-fp32.onnx", folder / "a-int8.onnx", formats.calibration_pictures(pictures, (96, 64)))
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


def test_a_file_that_loses_too_much_is_not_named(
    weights: Path, drawn: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More than one point of AP50: refused with what was lost, and the manifest stays."""
    folder = Path(shutil.copytree(weights, tmp_path / "w"))
    before = (folder / "manifest.json").read_text()
    monkeypatch.setattr(formats, "_ap50", lambda path, *_: 0.68 if "int8trt" in path.name else 0.7)
    pictures = read_labels(drawn / "train.json")
    with pytest.raises(ExportError, match=r"int8trt loses 0\.020 AP50 against FP32 \(0\.700\)"):
        write_formats(folder, "a", pictures, pictures)
    assert (folder / "manifest.json").read_text() == before


def test_tensorrts_builder_takes_every_file_for_it(weights: Path) -> None:
    """The builder of tensorrt-rtx parses and builds FP32, FP16 and symmetric INT8; the CPU's INT8 it refuses."""
    rtx = pytest.importorskip("tensorrt_rtx", reason="tensorrt-rtx is not installed: pip install -e .[rtx]")
    logger = rtx.Logger(rtx.Logger.INTERNAL_ERROR)
    for key in ("fp32", FP16, INT8_TRT):
        assert len(build_plan(rtx, (weights / f"a-{key}.onnx").read_bytes(), logger)) > 1000
    with pytest.raises(DetectorError, match="does not take the model"):
        build_plan(rtx, (weights / "a-int8.onnx").read_bytes(), logger)
