"""OpenVINO: the fastest on CPUs."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from detector.runtime.errors import DetectorError


class OpenVinoSession:
    """A graph on OpenVINO's CPU plugin.

    What INT8 leaves in float runs in float32: the plugin would take bfloat16 by itself where the CPU has it, and one
    site's counts must not depend on its CPU.
    """

    def __init__(self, graph: bytes, threads: int) -> None:
        try:
            import openvino
        except ImportError as error:
            raise DetectorError("openvino is not installed: pip install openvino") from error
        settings = {
            "INFERENCE_NUM_THREADS": threads,
            "NUM_STREAMS": 1,
            "INFERENCE_PRECISION_HINT": "f32",
            "PERFORMANCE_HINT": "LATENCY",
        }
        try:
            core = openvino.Core()
            compiled = core.compile_model(core.read_model(graph, b""), "CPU", settings)
        except Exception as error:
            raise DetectorError(f"openvino {openvino.__version__} does not take the model: {error}") from error
        self.request: Any = compiled.create_infer_request()

    def run(self, pictures: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """(1, H, W, 3) uint8 RGB -> boxes (1, K, 4) xyxy in canvas pixels, scores (1, K)."""
        self.request.infer({0: pictures}, share_inputs=True)
        return self.request.get_output_tensor(0).data.copy(), self.request.get_output_tensor(1).data.copy()

    def close(self) -> None:
        """Frees the request."""
        self.request = None
