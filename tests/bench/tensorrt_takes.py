"""Does TensorRT take the shipped files? `python -m tests.bench.tensorrt_takes [WEIGHTS]`, no GPU needed.

The parser and builder of tensorrt-rtx (the extra `rtx`: TensorRT's sibling, whose builder runs without a GPU) get every
ONNX file of every model in the manifest, by the very function that builds engines on a box. The CPUs' INT8 has to be
refused. Exit code 1 when one is not as it should be.
"""

import sys
import time
from pathlib import Path

from detector.runtime.errors import DetectorError
from detector.runtime.manifest import WEIGHTS_DIR, model_names, read_model, read_verified
from detector.runtime.tensorrt import build_plan

FOR_CPUS = "int8"


def main() -> None:
    """Prints a line a file."""
    try:
        import tensorrt_rtx as rtx
    except ImportError:
        sys.exit("tensorrt-rtx is not installed: pip install -e .[rtx]")
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else WEIGHTS_DIR
    logger = rtx.Logger(rtx.Logger.INTERNAL_ERROR)
    wrong = 0
    for name in model_names(folder):
        for precision, file in read_model(folder, name).files.items():
            started = time.perf_counter()
            try:
                size = len(build_plan(rtx, read_verified(file), logger))
                told = f"built, {size / 1e6:.1f} MB in {time.perf_counter() - started:.1f} s"
                wrong += precision == FOR_CPUS
            except DetectorError as error:
                told = "refused" + (", as it should be" if precision == FOR_CPUS else f": {error}")
                wrong += precision != FOR_CPUS
            print(f"{file.path.name:18} {told}")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
