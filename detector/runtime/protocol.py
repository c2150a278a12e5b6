"""What every inference runtime offers; the edge knows no more of the detector than this."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from detector.runtime.detections import Detections


class Detector(Protocol):
    """One loaded model on one runtime.

    Attributes:
        name: the runtime in words, as health shows it ("openvino-int8", "onnx-fp32", "tensorrt-fp16", "fake").
        model_sha256: hex digest of the model file that is loaded ("" for a fake).
    """

    name: str
    model_sha256: str

    def detect(self, image: NDArray[np.uint8], pts_s: float) -> Detections:
        """Finds people in one picture: (H, W, 3) uint8 RGB of any size; boxes come back in its pixels."""
        ...

    def close(self) -> None:
        """Gives memory and threads back; the detector is unusable afterwards."""
        ...
