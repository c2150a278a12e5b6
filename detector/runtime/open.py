"""One way to get a detector, whatever is installed."""

import logging
from collections.abc import Callable
from pathlib import Path

from detector.runtime.errors import DetectorError
from detector.runtime.manifest import DEFAULT_MODEL, WEIGHTS_DIR, Model, read_model, read_verified
from detector.runtime.model_detector import ModelDetector, Session, Working
from detector.runtime.onnx import OnnxSession
from detector.runtime.openvino import OpenVinoSession
from detector.runtime.protocol import Detector
from detector.runtime.score_scale import LEAST_SCORE
from detector.runtime.tensorrt import TensorRtSession, engine_folder, import_modules

log = logging.getLogger(__name__)

# what to try, in order; each is runtime-precision
CHOICES = {
    "auto": ("openvino-int8", "onnx-int8", "onnx-fp32"),
    "openvino": ("openvino-int8", "onnx-int8", "onnx-fp32"),
    "onnx": ("onnx-int8", "onnx-fp32"),
    "tensorrt": ("tensorrt-fp16", "tensorrt-fp32", "openvino-int8", "onnx-int8", "onnx-fp32"),
    "tensorrt-int8": ("tensorrt-int8",),
    "tensorrt-fp16": ("tensorrt-fp16",),
    "tensorrt-fp32": ("tensorrt-fp32",),
    "openvino-int8": ("openvino-int8",),
    "openvino-fp32": ("openvino-fp32",),
    "onnx-int8": ("onnx-int8",),
    "onnx-fp32": ("onnx-fp32",),
}


def open_detector(
    runtime: str = "auto",
    *,
    weights_dir: Path | None = None,
    model: str = DEFAULT_MODEL,
    threads: int = 1,
    score_threshold: float = LEAST_SCORE,
) -> Detector:
    """Loads a shipped model on the first runtime that starts; the detector's name tells which.

    Args:
        runtime: "auto", "openvino", "onnx", "tensorrt" (each falls back to the next best), or exactly one of
            "openvino-int8", "openvino-fp32", "onnx-int8", "onnx-fp32", "tensorrt-int8", "tensorrt-fp16",
            "tensorrt-fp32".
        weights_dir: folder with manifest.json; the shipped one by default.
        model: name in the manifest.
        threads: CPU threads of one detector.
        score_threshold: boxes with a smaller score are dropped; scores are told on the scale of score_scale.py.

    Raises:
        DetectorError: no such runtime or model, the file is not the scored one, or nothing starts (all reasons told).
    """
    if runtime not in CHOICES:
        raise DetectorError(f"no runtime is called {runtime!r}; there are: {', '.join(CHOICES)}")
    if threads < 1:
        raise DetectorError(f"threads must be at least 1, got {threads}")
    entry = read_model(weights_dir or WEIGHTS_DIR, model)
    working = Working(entry.canvas, entry.score_threshold, entry.duplicate_iou, score_threshold)
    reasons = []
    for choice in CHOICES[runtime]:
        try:
            detector = _open(choice, entry, working, threads)
        except DetectorError as error:
            reasons.append(f"{choice}: {error}")
            continue
        if reasons:
            log.warning("detector runs on %s; did not start: %s", detector.name, " | ".join(reasons))
        return detector
    raise DetectorError(f"no runtime starts for model {model!r}. " + " | ".join(reasons))


def _open(choice: str, entry: Model, working: Working, threads: int) -> ModelDetector:
    runtime, precision = choice.split("-")
    kind = "int8trt" if choice == "tensorrt-int8" else precision  # TensorRT's INT8 is a file of its own (formats.py)
    if kind not in entry.files:
        raise DetectorError(
            f"model {entry.name!r} has no {kind} file: make it with `linewise formats`, or name another runtime"
        )
    file = entry.files[kind]
    graph = read_verified(file)
    starters: dict[str, Callable[[], Session]] = {
        "openvino": lambda: OpenVinoSession(graph, threads),
        "onnx": lambda: OnnxSession(graph, threads),
        "tensorrt": lambda: TensorRtSession(
            graph, (file.sha256, precision), folder=engine_folder(), modules=import_modules()
        ),
    }
    return ModelDetector(starters[runtime](), working, name=choice, model_sha256=file.sha256)
