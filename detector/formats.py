"""More files of a shipped model: FP16 and symmetric INT8 for TensorRT, and torch.export's program.

All are made from the FP32 graph that was scored: a box's owner needs no checkpoint. TensorRT 11 takes its precision
from the file; its INT8 wants symmetric activations and float biases, which are slower on CPUs: so it is a file apart.
"""

import hashlib
import json
import logging
import os
from collections.abc import Iterable
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
from detector.evaluation.evaluate import evaluate
from detector.export import Calibration, Deployed, ExportError, cast_first, folded
from detector.model.network import Network
from detector.runtime.manifest import MANIFEST, read_model, read_verified
from detector.runtime.model_detector import ModelDetector, Working
from detector.runtime.onnx import OnnxSession
from detector.runtime.score_scale import WORKING_SCORE
from detector.shipping import calibration_pictures
from detector.training.restore import network_from_onnx

log = logging.getLogger(__name__)

MOST_LOST_AP50 = 0.01
# parts of the network that stay in float, by words in their weights' names: the first that costs little enough is taken
FLOAT_PARTS = ((), ("stem", "heads"), ("stem", "stages.0.", "stages.1.", "stages.2.", "heads"))
FP16, INT8_TRT, PROGRAM = "fp16", "int8trt", "program"


@dataclass(frozen=True)
class Formats:
    """What was written: path by precision, and AP50 by precision where there was something to score on."""

    paths: dict[str, Path]
    ap50: dict[str, float]


def write_formats(weights_dir: Path, name: str, train: list[Picture], val: list[Picture]) -> Formats:
    """Writes the further files of a model beside its graphs and names the ONNX ones in the manifest.

    Args:
        weights_dir: folder with manifest.json and the FP32 graph.
        name: of the model.
        train: pictures to see the ranges of activations on.
        val: pictures for the accuracy gate; without any there is none.

    Raises:
        ExportError: a file lost more than one AP50 point against FP32; nothing is named in the manifest then.
    """
    model = read_model(weights_dir, name)
    fp32 = model.files["fp32"].path
    read_verified(model.files["fp32"])
    paths = {key: weights_dir / f"{name}-{key}.onnx" for key in (FP16, INT8_TRT)}
    parts = {key: path.with_suffix(".part.onnx") for key, path in paths.items()}
    working = Working(model.canvas, model.score_threshold, model.duplicate_iou, 0.003)
    seen = calibration_pictures(train, model.canvas)
    to_fp16(fp32, parts[FP16])
    ap50 = {key: _ap50(path, working, val) for key, path in (("fp32", fp32), (FP16, parts[FP16])) if val}
    for in_float in FLOAT_PARTS if val else FLOAT_PARTS[-1:]:
        to_int8_symmetric(fp32, parts[INT8_TRT], seen, in_float)
        if val:
            ap50[INT8_TRT] = _ap50(parts[INT8_TRT], working, val)
            log.info("symmetric INT8 with %s in float: AP50 %.3f", ", ".join(in_float) or "nothing", ap50[INT8_TRT])
            if ap50["fp32"] - ap50[INT8_TRT] <= MOST_LOST_AP50:
                break
    lost = {key: ap50["fp32"] - value for key, value in ap50.items() if ap50["fp32"] - value > MOST_LOST_AP50}
    if lost:
        told = ", ".join(f"{key} loses {value:.3f}" for key, value in lost.items())
        raise ExportError(f"{told} AP50 against FP32 ({ap50['fp32']:.3f}); at most {MOST_LOST_AP50} is allowed")
    for key, path in paths.items():
        os.replace(parts[key], path)
    _name(weights_dir / MANIFEST, name, paths)
    network = network_from_onnx(fp32, plan_of(weights_dir, name))
    paths[PROGRAM] = weights_dir / f"{name}.pt2"
    to_program(network, model.canvas, paths[PROGRAM])
    return Formats(paths, ap50)


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


def _ap50(path: Path, working: Working, val: list[Picture]) -> float:
    detector = ModelDetector(OnnxSession(path.read_bytes(), 1), working, name=path.name, model_sha256="")
    return evaluate(detector, val, threshold=WORKING_SCORE, progress=False).ap50["all"]


def plan_of(weights_dir: Path, name: str) -> str:
    """The network's name, as build_network knows it, of a model in a manifest."""
    entry = json.loads((weights_dir / MANIFEST).read_text(encoding="utf-8"))["models"][name]
    return str(entry.get("recipe", {}).get("network", name))


def _name(path: Path, name: str, files: dict[str, Path]) -> None:
    manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    for key, file in files.items():
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        manifest["models"][name]["files"][key] = {"file": file.name, "sha256": digest}
    part = path.with_suffix(".part")
    part.write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
    os.replace(part, path)
