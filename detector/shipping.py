"""From a training run to shipped weights: export, quantise, score, and refuse what lost too much."""

import hashlib
import json
import math
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from detector.data.cache import read_picture
from detector.data.pictures import Picture
from detector.data.readers import read_labels
from detector.evaluation.ap import match
from detector.evaluation.calibrate import fit_calibration
from detector.evaluation.evaluate import Evaluation, evaluate
from detector.export import INPUT, OUTPUTS, TOP, ExportError, calibrated, to_int8, to_onnx
from detector.model.network import Network
from detector.runtime.letterbox import letterbox
from detector.runtime.manifest import MANIFEST
from detector.runtime.model_detector import ModelDetector, Working
from detector.runtime.onnx import OnnxSession
from detector.runtime.openvino import OpenVinoSession
from detector.runtime.score_scale import WORKING_SCORE
from detector.training.checkpoint import averaged_network

MOST_LOST_AP50 = 0.01
CALIBRATION_PICTURES = 128
TOLD = ("ap50", "people", "recall", "count_error", "count_bias", "ap50_95", "mr2", "ap_dense")
LEAST_SCORE = 0.003  # for scoring: the whole curve


@dataclass(frozen=True)
class Shipment:
    """What to ship, and how it is to be used: working threshold, IoU of duplicates."""

    run: Path
    data: Path
    weights_dir: Path
    name: str
    score_threshold: float = 0.4
    duplicate_iou: float = 0.7


def load_network(run: Path) -> tuple[Network, dict[str, Any]]:
    """The averaged weights of a run, and the recipe that made them."""
    network = averaged_network(run)
    saved = torch.load(run / "checkpoint.pt", map_location="cpu", weights_only=True)
    return network, {**saved["recipe"], "trained_epochs": saved["epoch"]}


def ship(shipment: Shipment) -> dict[str, Any]:
    """Writes the graphs and their entry in the manifest; gives the entry.

    Raises:
        ExportError: INT8 lost more than one AP50 point against FP32.
    """
    network, recipe = load_network(shipment.run)
    canvas = (int(recipe["canvas"][0]), int(recipe["canvas"][1]))
    shipment.weights_dir.mkdir(parents=True, exist_ok=True)
    parts = {
        precision: shipment.weights_dir / f"{shipment.name}-{precision}.part.onnx" for precision in ("fp32", "int8")
    }
    val = read_labels(shipment.data / "val.json")
    to_onnx(network, canvas, parts["fp32"])
    as_they_are = replace(shipment, score_threshold=WORKING_SCORE)  # told scores are then raw ones
    gain, offset = _fit(_score(parts["fp32"], val, canvas, as_they_are), val)
    to_onnx(calibrated(network, gain, offset), canvas, parts["fp32"])
    calibration = calibration_pictures(read_labels(shipment.data / "train.json"), canvas)
    to_int8(parts["fp32"], parts["int8"], calibration)
    scores = {precision: _score(path, val, canvas, shipment) for precision, path in parts.items()}
    lost = scores["fp32"].ap50["all"] - scores["int8"].ap50["all"]
    if lost > MOST_LOST_AP50:
        raise ExportError(
            f"INT8 loses {lost:.3f} AP50 against FP32 ({scores['fp32'].ap50['all']:.3f}); at most {MOST_LOST_AP50} is "
            f"allowed. Nothing was shipped; the files are {', '.join(str(path) for path in parts.values())}"
        )
    entry = _entry(shipment, recipe, canvas, scores) | {"score_gain": gain, "score_offset": offset}
    for precision, path in parts.items():
        os.replace(path, shipment.weights_dir / entry["files"][precision]["file"])
    _write_manifest(shipment.weights_dir / MANIFEST, shipment.name, entry)
    return entry


def calibration_pictures(pictures: list[Picture], canvas: tuple[int, int]) -> list[NDArray[np.uint8]]:
    """Every so manyth training picture on the canvas, for the ranges of activations."""
    step = max(1, len(pictures) // CALIBRATION_PICTURES)
    return [letterbox(read_picture(picture), canvas)[0] for picture in pictures[::step]]


def _fit(result: Evaluation, pictures: list[Picture]) -> tuple[float, float]:
    """What turns raw scores into chances, from the detections of an evaluation."""
    rows = []
    for picture in pictures:
        seen = result.detections.get(picture.file)
        if seen is not None:
            rows += match(seen.boxes, seen.scores, picture.people)[0]
    return fit_calibration(rows)


def _score(path: Path, val: list[Picture], canvas: tuple[int, int], shipment: Shipment) -> Evaluation:
    """FP32 on ONNX Runtime, INT8 on OpenVINO: as they are used."""
    graph = path.read_bytes()
    session = OpenVinoSession(graph, 1) if "int8" in path.name else OnnxSession(graph, 1)
    working = Working(canvas, shipment.score_threshold, shipment.duplicate_iou, LEAST_SCORE)
    detector = ModelDetector(session, working, name=path.name, model_sha256="")
    return evaluate(detector, val, threshold=WORKING_SCORE)


def _entry(
    shipment: Shipment, recipe: dict[str, Any], canvas: tuple[int, int], scores: dict[str, Evaluation]
) -> dict[str, Any]:
    files = {}
    for precision in scores:
        path = shipment.weights_dir / f"{shipment.name}-{precision}.part.onnx"
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        files[precision] = {"file": f"{shipment.name}-{precision}.onnx", "sha256": digest}
    return {
        "canvas": list(canvas),
        "input": {"name": INPUT, "shape": [1, canvas[1], canvas[0], 3], "dtype": "uint8", "colour": "RGB"},
        "outputs": {
            OUTPUTS[0]: {"shape": [1, TOP, 4], "dtype": "float32", "meaning": "x1 y1 x2 y2 in input pixels"},
            OUTPUTS[1]: {"shape": [1, TOP], "dtype": "float32", "meaning": "score of each box, best first"},
        },
        "score_threshold": shipment.score_threshold,
        "duplicate_iou": shipment.duplicate_iou,
        "files": files,
        "scores": {precision: told_scores(result) for precision, result in scores.items()},
        "recipe": recipe,
    }


def told_scores(result: Evaluation) -> dict[str, Any]:
    """The numbers of an evaluation as they stand in the manifest."""
    return {name: _rounded(getattr(result, name)) for name in TOLD if not _is_nan(getattr(result, name))}


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items() if not _is_nan(item)}
    return round(value, 4) if isinstance(value, float) else value


def _is_nan(value: Any) -> bool:
    """The AP of pictures without people."""
    return isinstance(value, float) and math.isnan(value)


def _write_manifest(path: Path, name: str, entry: dict[str, Any]) -> None:
    manifest = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {"models": {}}
    manifest["models"][name] = entry
    part = path.with_suffix(".part")
    part.write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
    os.replace(part, path)
