"""ONNX Runtime: works everywhere."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from detector.runtime.errors import DetectorError


class OnnxSession:
    """A graph on ONNX Runtime's CPU provider."""

    def __init__(self, graph: bytes, threads: int) -> None:
        try:
            import onnxruntime
        except ImportError as error:
            raise DetectorError("onnxruntime is not installed: pip install onnxruntime") from error
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        try:
            self.session: Any = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
        except Exception as error:
            raise DetectorError(f"onnxruntime {onnxruntime.__version__} does not take the model: {error}") from error
        self.input = self.session.get_inputs()[0].name

    def run(self, pictures: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """(1, H, W, 3) uint8 RGB -> boxes (1, K, 4) xyxy in canvas pixels, scores (1, K)."""
        boxes, scores = self.session.run(["boxes", "scores"], {self.input: pictures})
        return boxes, scores

    def close(self) -> None:
        """Frees the session."""
        self.session = None
