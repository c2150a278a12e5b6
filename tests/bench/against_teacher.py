"""Shipped models against a teacher, one thread, in turn.

`python -m tests.bench.against_teacher TEACHER.onnx [--rounds 20]`

Every graph gets five pictures, then the next graph does, round after round, so that what else the machine does falls on
all of them alike. Told are the process's CPU time (what a thread costs when it need not wait for others: the median and
the fastest tenth, which is near what it costs on an idle machine) and the median wall time. The teacher takes one NHWC
picture in float32 and is timed on ONNX Runtime and on OpenVINO, the models as they are shipped.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnxruntime
import openvino

from detector.runtime.manifest import WEIGHTS_DIR, read_model, read_verified
from detector.runtime.onnx import OnnxSession
from detector.runtime.openvino import OpenVinoSession

MODELS = ("n", "m", "s")
WARM, IN_A_ROW = 2, 5
Call = Callable[[], object]


def teacher_calls(path: Path) -> dict[str, Call]:
    """The teacher on both runtimes, FP32, one thread."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    entry = session.get_inputs()[0]
    picture = np.random.default_rng(0).integers(0, 256, entry.shape).astype(np.float32)
    settings = {"INFERENCE_NUM_THREADS": 1, "NUM_STREAMS": 1, "INFERENCE_PRECISION_HINT": "f32"}
    request = openvino.Core().compile_model(path, "CPU", settings).create_infer_request()
    return {
        "teacher onnx-fp32": lambda: session.run(None, {entry.name: picture}),
        "teacher openvino-fp32": lambda: request.infer({0: picture}),
    }


def model_calls(weights_dir: Path, name: str) -> dict[str, Call]:
    """A shipped model's INT8 graph on both runtimes."""
    model = read_model(weights_dir, name)
    graph = read_verified(model.files["int8"])
    width, height = model.canvas
    picture = np.random.default_rng(0).integers(0, 256, (1, height, width, 3), dtype=np.uint8)
    vino, onnx = OpenVinoSession(graph, 1), OnnxSession(graph, 1)
    return {f"{name} openvino-int8": lambda: vino.run(picture), f"{name} onnx-int8": lambda: onnx.run(picture)}


def main() -> None:
    """Prints a line a graph: CPU ms, wall ms, and the CPU time's share of the faster teacher's."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("teacher", type=Path)
    parser.add_argument("--weights", type=Path, default=WEIGHTS_DIR)
    parser.add_argument("--rounds", type=int, default=20)
    options = parser.parse_args()
    calls = teacher_calls(options.teacher)
    for name in MODELS:
        calls |= model_calls(options.weights, name)
    cpu: dict[str, list[float]] = {name: [] for name in calls}
    wall: dict[str, list[float]] = {name: [] for name in calls}
    for index in range(WARM + options.rounds):
        for name, call in calls.items():
            times = [timed(call) for _ in range(IN_A_ROW)]
            if index >= WARM:
                cpu[name] += [used for used, _ in times]
                wall[name] += [passed for _, passed in times]
    teacher = min(statistics.median(rows) for name, rows in cpu.items() if name.startswith("teacher"))
    for name, rows in cpu.items():
        ms, passed = statistics.median(rows), statistics.median(wall[name])
        best = statistics.quantiles(rows, n=10)[0]
        told = f"{name:22} CPU {ms:6.2f} ms, fastest tenth {best:6.2f}; wall {passed:6.2f} ms"
        print(f"{told}; {ms / teacher:.2f} of the teacher's")


def timed(call: Call) -> tuple[float, float]:
    """CPU time and wall time of one call, ms."""
    started, used = time.perf_counter(), time.process_time()
    call()
    return (time.process_time() - used) * 1e3, (time.perf_counter() - started) * 1e3


if __name__ == "__main__":
    main()
