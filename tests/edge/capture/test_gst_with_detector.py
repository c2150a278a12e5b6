"""GStreamer and the inference runtimes in one process."""

import subprocess
import sys

import pytest

CODE = """
import numpy
from edge.capture.gst_library import gst
gst()
from detector.runtime.open import open_detector
open_detector({runtime!r}).detect(numpy.zeros((72, 128, 3), numpy.uint8), 0.0)
"""


@pytest.mark.slow
@pytest.mark.parametrize("runtime", ["openvino-int8", "onnx-int8"])
def test_exceptions_inside_a_runtime_do_not_end_the_process(runtime: str) -> None:
    """After numpy and GStreamer, in this order, a runtime still compiles and runs a model."""
    code = CODE.format(runtime=runtime)
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=100, check=False)
    assert run.returncode == 0, run.stderr
