"""More files of a shipped model: FP16 and symmetric INT8 for TensorRT, and torch.export's program.

All are made from the FP32 graph that was scored: a box's owner needs no checkpoint. TensorRT 11 takes its precision
from the file; its INT8 wants symmetric activations and float biases, which are slower on CPUs: so it is a file apart.
Each file passes or fails the accuracy gate by itself.
"""

import hashlib
import json
import logging
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnxruntime.quantization import CalibrationMethod, QuantFormat, QuantType, quantize_static
from onnxruntime.transformers.float16 import convert_float_to_float16
from onnxruntime.transformers.onnx_model import OnnxModel

from detector.data.pictures import Picture
from detector.evaluation.evaluate import Evaluation, evaluate
from detector.export import Calibration, Deployed, ExportError, cast_first, folded
from detector.model.network import Network
from detector.runtime.manifest import MANIFEST, read_model, read_verified
from detector.runtime.model_detector import ModelDetector, Working
from detector.runtime.onnx import OnnxSession
from detector.runtime.score_scale import WORKING_SCORE
from detector.shipping import MOST_LOST_AP50, calibration_pictures, told_scores
from detector.training.restore import network_from_onnx

log = logging.getLogger(__name__)

# parts of the network that stay in float, by words in their weights' names: the first that costs little enough is taken
FLOAT_PARTS = ((), ("stem", "heads"), ("stem", "stages.0.", "stages.1.", "stages.2.", "heads"))
FP16, INT8_TRT, PROGRAM = "fp16", "int8trt", "program"


@dataclass(frozen=True)
class Formats:
    """What was written, and what the gate refused.

    Attributes:
        paths: of what passed, and of torch.export's program.
        ap50: of FP32 and of what passed, where there was something to score on.
        refused: by precision, what the gate says.
    """

    paths: dict[str, Path]
    ap50: dict[str, float]
    refused: dict[str, str]


def write_formats(weights_dir: Path, name: str, train: list[Picture], val: list[Picture]) -> Formats:
    """Writes the further files of a model beside its graphs and names the ONNX ones in the manifest.

    A file that loses more than one AP50 point against FP32 is neither kept nor named; the others are.

    Args:
        weights_dir: folder with manifest.json and the FP32 graph.
        name: of the model.
        train: pictures to see the ranges of activations on.
        val: pictures for the accuracy gate; without any there is none.
    """
    model = read_model(weights_dir, name)
    fp32 = model.files["fp32"].path
    read_verified(model.files["fp32"])
    gate = Gate(Working(model.canvas, model.score_threshold, model.duplicate_iou, 0.003), val, fp32)
    passed: dict[str, Path] = {}
    scores: dict[str, Evaluation] = {}
    refused: dict[str, str] = {}
    for key, ways in _ways(fp32, calibration_pictures(train, model.canvas), scored=bool(val)).items():
        path = weights_dir / f"{name}-{key}.onnx"
        part = path.with_suffix(".part.onnx")
        try:
            result = gate.first_that_passes(part, ways)
        except ExportError as error:
            refused[key] = str(error)
            part.unlink(missing_ok=True)
            continue
        os.replace(part, path)
        passed[key] = path
        if result is not None:
            scores[key] = result
    _name(weights_dir / MANIFEST, name, passed, {key: told_scores(result) for key, result in scores.items()})
    program = weights_dir / f"{name}.pt2"
    to_program(network_from_onnx(fp32, plan_of(weights_dir, name)), model.canvas, program)
    told = {"fp32": gate.reference} if val else {}
    ap50 = told | {key: result.ap50["all"] for key, result in scores.items()}
    return Formats(passed | {PROGRAM: program}, ap50, refused)


Way = Callable[[Path], None]  # writes one ONNX file


def _ways(fp32: Path, seen: list[NDArray[np.uint8]], *, scored: bool) -> dict[str, list[Way]]:
    """How to write each ONNX format, in the order to try; the last alone where nothing can be scored."""

    def quantised(in_float: tuple[str, ...]) -> Way:
        return lambda part: to_int8_symmetric(fp32, part, seen, in_float)

    parts = FLOAT_PARTS if scored else FLOAT_PARTS[-1:]
    return {FP16: [lambda part: to_fp16(fp32, part)], INT8_TRT: [quantised(in_float) for in_float in parts]}


class Gate:
    """What a file may lose against FP32 on labelled pictures; lets everything pass where there are none."""

    def __init__(self, working: Working, val: list[Picture], fp32: Path) -> None:
        self.working, self.val = working, val
        self.reference = _scored(fp32, working, val).ap50["all"] if val else 0.0

    def first_that_passes(self, part: Path, ways: list[Way]) -> Evaluation | None:
        """Writes the file in one way after the other until one loses little enough; gives its scores, if any.

        Raises:
            ExportError: all lost too much; the message tells how much the best did.
        """
        least = 1.0
        for write in ways:
            write(part)
            if not self.val:
                return None
            result = _scored(part, self.working, self.val)
            lost = self.reference - result.ap50["all"]
            log.info("%s: AP50 %.3f, FP32 %.3f", part.name, result.ap50["all"], self.reference)
            if lost <= MOST_LOST_AP50:
                return result
            least = min(least, lost)
        raise ExportError(
            f"loses {least:.3f} AP50 against FP32 ({self.reference:.3f}); at most {MOST_LOST_AP50} is allowed"
        )


def to_fp16(fp32: Path, path: Path) -> None:
    """Weights and arithmetic in float16; pictures come in as uint8 and answers go out as float32, as before."""
    # boxes are pixels up to 600: float16 would round them to a quarter; so what decodes them stays in float32
    model = onnx.load(fp32)
    cast_first(model)
    kept = [node.name for node in model.graph.node if node.op_type not in {"Conv", "Relu", "Clip", "Add", "Resize"}]
    half = convert_float_to_float16(model, keep_io_types=True, node_block_list=kept)
    OnnxModel(half).topological_sort()  # the converter hangs its casts on at the end
    onnx.checker.check_model(half)
    path.write_bytes(half.SerializeToString(deterministic=True))


def to_int8_symmetric(
    fp32: Path, path: Path, pictures: Iterable[NDArray[np.uint8]], in_float: tuple[str, ...] = ()
) -> None:
    """Static quantisation as TensorRT wants it: S8 activations and kernels around zero, float biases.

    As in export.to_int8 the last convolutions (scores, log distances) stay in float; so does what `in_float` names.
    """
    model = onnx.load(fp32)
    cast_first(model)
    shapes = {tensor.name: list(tensor.dims) for tensor in model.graph.initializer}
    last = [
        node.name
        for node in model.graph.node
        if node.op_type == "Conv"
        and (shapes[node.input[1]][0] in (1, 4) or any(word in node.input[1] for word in in_float))
    ]
    quantize_static(
        model,
        str(path),
        Calibration(pictures),
        quant_format=QuantFormat.QDQ,
        op_types_to_quantize=["Conv", "Add"],
        nodes_to_exclude=last,
        per_channel=True,
        activation_type=QuantType.QInt8,
        weight_type=QuantType.QInt8,
        calibrate_method=CalibrationMethod.MinMax,
        extra_options={
            "ActivationSymmetric": True,
            "WeightSymmetric": True,
            "QuantizeBias": False,
            "AddQDQPairToWeight": True,
            "CalibMovingAverage": True,
        },
    )


def to_program(network: Network, canvas: tuple[int, int], path: Path) -> None:
    """torch.export's file, the successor of TorchScript: runs wherever PyTorch does, without this code."""
    picture = torch.zeros(1, canvas[1], canvas[0], 3, dtype=torch.uint8)
    torch.export.save(torch.export.export(Deployed(folded(network)).eval(), (picture,)), path)


def _scored(path: Path, working: Working, val: list[Picture]) -> Evaluation:
    detector = ModelDetector(OnnxSession(path.read_bytes(), 1), working, name=path.name, model_sha256="")
    return evaluate(detector, val, threshold=WORKING_SCORE, progress=False)


def plan_of(weights_dir: Path, name: str) -> str:
    """The network's name, as build_network knows it, of a model in a manifest."""
    entry = json.loads((weights_dir / MANIFEST).read_text(encoding="utf-8"))["models"][name]
    return str(entry.get("recipe", {}).get("network", name))


def _name(path: Path, name: str, files: dict[str, Path], scores: dict[str, Any]) -> None:
    """Writes checksums and scores into the manifest; what was there of these formats before goes."""
    manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    entry = manifest["models"][name]
    entry.setdefault("scores", {})
    for key in (FP16, INT8_TRT):
        entry["files"].pop(key, None)
        entry["scores"].pop(key, None)
    for key, file in files.items():
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        entry["files"][key] = {"file": file.name, "sha256": digest}
    entry["scores"] |= scores
    part = path.with_suffix(".part")
    part.write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
    os.replace(part, path)
