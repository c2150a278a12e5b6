"""TensorRT on NVIDIA GPUs. Engines are built on the box itself and kept (see engines.py).

NOT YET RUN ON A GPU: what a CPU can reach (keys, stale and corrupt files, the fallback) is tested with a fake module;
building is tested with tensorrt-rtx's builder; running follows TensorRT 10 and 11's documented calls.
"""

import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detector.runtime.engines import EngineKey, load_or_build
from detector.runtime.errors import DetectorError


def engine_folder() -> Path:
    """Where engines are kept: $LINEWISE_ENGINES, or the user's cache."""
    return Path(os.environ.get("LINEWISE_ENGINES") or Path.home() / ".cache" / "linewise" / "engines")


def import_modules() -> tuple[Any, Any]:
    """The tensorrt module and CUDA's runtime bindings, or an error that says what to install."""
    try:
        import tensorrt
        from cuda.bindings import runtime as cudart
    except ImportError as error:
        raise DetectorError(
            f"TensorRT is not usable ({error}): pip install tensorrt cuda-bindings, and an NVIDIA driver"
        ) from error
    return tensorrt, cudart


def build_plan(trt: Any, graph: bytes, logger: Any) -> bytes:
    """ONNX -> plan, with the module tensorrt (or tensorrt_rtx, its sibling whose builder needs no GPU).

    Networks are strongly typed: precision is what the ONNX file says, see detector/formats.py.
    """
    builder = trt.Builder(logger)
    # TensorRT 11 types every network strongly and has dropped the flag's name
    strongly = getattr(trt.NetworkDefinitionCreationFlag, "STRONGLY_TYPED", None)
    network = builder.create_network(0 if strongly is None else 1 << int(strongly))
    parser = trt.OnnxParser(network, logger)
    if not parser.parse(graph):
        faults = "; ".join(str(parser.get_error(index)) for index in range(parser.num_errors))
        raise DetectorError(f"TensorRT {trt.__version__} does not take the model: {faults}")
    plan = builder.build_serialized_network(network, builder.create_builder_config())
    if plan is None:
        raise DetectorError(f"TensorRT {trt.__version__} could not build an engine; see its log above")
    return bytes(plan)


class TensorRtSession:
    """A graph on TensorRT; precision lives in the ONNX file (strongly typed networks).

    Args:
        graph: ONNX bytes.
        key_parts: (sha256 of the model, precision).
        folder: of engine files.
        modules: (tensorrt, cudart); tests pass fakes.
    """

    def __init__(self, graph: bytes, key_parts: tuple[str, str], *, folder: Path, modules: tuple[Any, Any]) -> None:
        self.trt, self.cudart = modules
        self.logger = self.trt.Logger(self.trt.Logger.WARNING)
        properties = self._cuda(self.cudart.cudaGetDeviceProperties(0))
        name = properties.name.decode() if isinstance(properties.name, bytes) else str(properties.name)
        key = EngineKey(
            key_parts[0], self.trt.__version__, f"{name} {properties.major}.{properties.minor}", key_parts[1]
        )
        runtime = self.trt.Runtime(self.logger)
        self.engine: Any = load_or_build(
            folder, key, build=lambda: build_plan(self.trt, graph, self.logger), load=runtime.deserialize_cuda_engine
        )
        self.context = self.engine.create_execution_context()
        self.stream = self._cuda(self.cudart.cudaStreamCreate())
        self.host: dict[str, NDArray[Any]] = {}
        self.device: dict[str, int] = {}
        for index in range(self.engine.num_io_tensors):
            self._allocate(self.engine.get_tensor_name(index))

    def run(self, pictures: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """(1, H, W, 3) uint8 RGB -> boxes (1, K, 4) xyxy in canvas pixels, scores (1, K)."""
        kinds = self.cudart.cudaMemcpyKind
        self._copy(self.device["pictures"], np.ascontiguousarray(pictures), kinds.cudaMemcpyHostToDevice)
        if not self.context.execute_async_v3(self.stream):
            raise DetectorError("TensorRT could not run the model; see its log above")
        for name in ("boxes", "scores"):
            self._copy(self.device[name], self.host[name], kinds.cudaMemcpyDeviceToHost)
        self._cuda(self.cudart.cudaStreamSynchronize(self.stream))
        return self.host["boxes"].copy(), self.host["scores"].copy()

    def close(self) -> None:
        """Frees buffers, context and engine."""
        for pointer in self.device.values():
            self.cudart.cudaFree(pointer)
        self.device, self.context, self.engine = {}, None, None

    def _allocate(self, name: str) -> None:
        shape = tuple(self.engine.get_tensor_shape(name))
        self.host[name] = np.zeros(shape, self.trt.nptype(self.engine.get_tensor_dtype(name)))
        self.device[name] = self._cuda(self.cudart.cudaMalloc(self.host[name].nbytes))
        self.context.set_tensor_address(name, int(self.device[name]))

    def _copy(self, device: int, host: NDArray[Any], kind: Any) -> None:
        to_device = kind == self.cudart.cudaMemcpyKind.cudaMemcpyHostToDevice
        target, source = (device, host.ctypes.data) if to_device else (host.ctypes.data, device)
        self._cuda(self.cudart.cudaMemcpyAsync(target, source, host.nbytes, kind, self.stream))

    @staticmethod
    def _cuda(result: Any) -> Any:
        """CUDA's calls give (error, value...)."""
        error, *values = result
        if int(error) != 0:
            raise DetectorError(f"CUDA says {error}; is the driver loaded and the GPU free?")
        return values[0] if values else None
