"""TensorRT against PyTorch on an NVIDIA GPU, batches of 1, 4 and 8: `python -m tests.bench.tensorrt_batches [MODEL]`.

NOT YET RUN ON A GPU: none was at hand. Without one it says so and ends with exit code 1.
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from detector.export import Deployed, folded, to_onnx
from detector.formats import plan_of, to_fp16
from detector.runtime.manifest import WEIGHTS_DIR, read_model
from detector.runtime.tensorrt import TensorRtSession, import_modules
from detector.training.restore import network_from_onnx

BATCHES = (1, 4, 8)
WARM, ROUNDS = 20, 200


def median_ms(call: Callable[[], object]) -> float:
    """The median of many calls after some that do not count."""
    times = []
    for index in range(WARM + ROUNDS):
        started = time.perf_counter()
        call()
        torch.cuda.synchronize()
        if index >= WARM:
            times.append((time.perf_counter() - started) * 1e3)
    return statistics.median(times)


def main() -> None:
    """Prints latency and throughput of every form and batch; pictures are copied to the GPU each time."""
    if not torch.cuda.is_available():
        sys.exit("this bench needs an NVIDIA GPU with its driver; there is none here, nothing was measured")
    name = sys.argv[1] if len(sys.argv) > 1 else "n"
    model = read_model(WEIGHTS_DIR, name)
    network = network_from_onnx(model.files["fp32"].path, plan_of(WEIGHTS_DIR, name))
    width, height = model.canvas
    print(f"{torch.cuda.get_device_name()}, {name} at {width}x{height}; ms a batch, pictures a second")
    for batch in BATCHES:
        pictures = np.random.default_rng(0).integers(0, 256, (batch, height, width, 3), dtype=np.uint8)
        calls: dict[str, Callable[[], object]] = {}
        for label, dtype in (("pytorch fp32", torch.float32), ("pytorch fp16", torch.float16)):
            module = Deployed(folded(network)).eval().cuda()

            def run(module: Deployed = module, dtype: torch.dtype = dtype, pictures: np.ndarray = pictures) -> object:
                with torch.inference_mode(), torch.autocast("cuda", dtype, enabled=dtype != torch.float32):
                    boxes, scores = module(torch.from_numpy(pictures).cuda())
                    return boxes.cpu(), scores.cpu()

            calls[label] = run
        with tempfile.TemporaryDirectory() as folder:
            fp32, fp16 = Path(folder) / "fp32.onnx", Path(folder) / "fp16.onnx"
            to_onnx(network, model.canvas, fp32, batch=batch)
            to_fp16(fp32, fp16)
            for label, path in (("tensorrt fp32", fp32), ("tensorrt fp16", fp16)):
                graph = path.read_bytes()
                key = (f"bench {name} {batch}", label)
                session = TensorRtSession(graph, key, folder=Path(folder), modules=import_modules())
                calls[label] = lambda session=session, pictures=pictures: session.run(pictures)
            for label, call in calls.items():
                ms = median_ms(call)
                print(f"batch {batch}  {label:14} {ms:8.2f} ms {batch / ms * 1e3:9.0f}/s")


if __name__ == "__main__":
    main()
