"""TensorRT engine files and the session, with a fake TensorRT."""

import logging
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from detector.runtime.engines import EngineKey, load_or_build, read_engine, write_engine
from detector.runtime.errors import DetectorError
from detector.runtime.tensorrt import TensorRtSession

KEY = EngineKey("abc", "10.13", "NVIDIA L4 8.9", "fp16")


class Builder:
    """Counts what is built and loaded; refuses plans that it is told to refuse."""

    def __init__(self, refused: tuple[bytes, ...] = ()) -> None:
        self.built, self.refused = 0, refused

    def build(self) -> bytes:
        """A plan."""
        self.built += 1
        return f"plan {self.built}".encode()

    def load(self, plan: bytes) -> str | None:
        """The plan as an engine."""
        return None if plan in self.refused else plan.decode()

    def get(self, folder: Path, key: EngineKey = KEY) -> str:
        """load_or_build with this builder."""
        return load_or_build(folder, key, build=self.build, load=self.load)


def test_an_engine_is_built_once(tmp_path: Path) -> None:
    """The second time it comes from its file."""
    builder = Builder()
    assert builder.get(tmp_path) == builder.get(tmp_path) == "plan 1"
    assert builder.built == 1


@pytest.mark.parametrize(("field", "value"), [("tensorrt", "11.4")])
def test_a_stale_engine_is_named_and_rebuilt(
    tmp_path: Path, field: str, value: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Built by another TensorRT: the log names the file and what changed; the new one replaces it."""
    builder = Builder()
    builder.get(tmp_path)
    with caplog.at_level(logging.WARNING):
        assert builder.get(tmp_path, replace(KEY, **{field: value})) == "plan 2"
    assert "is stale: tensorrt was '10.13' and is '11.4'" in caplog.text
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("field", ["model_sha256", "gpu", "precision"])
def test_other_models_gpus_and_precisions_have_files_of_their_own(tmp_path: Path, field: str) -> None:
    """They do not replace each other."""
    builder = Builder()
    builder.get(tmp_path)
    builder.get(tmp_path, replace(KEY, **{field: "other"}))
    assert builder.get(tmp_path) == "plan 1"
    assert builder.built == 2


@pytest.mark.parametrize("damage", [b"", b"rubbish", b"[1]\nplan", b"cut"])
def test_a_corrupt_file_is_named_and_rebuilt(tmp_path: Path, damage: bytes, caplog: pytest.LogCaptureFixture) -> None:
    """Empty, not ours, or cut short: rebuilt once."""
    builder = Builder()
    builder.get(tmp_path)
    (path,) = tmp_path.iterdir()
    path.write_bytes(path.read_bytes()[:-2] if damage == b"cut" else damage)
    with caplog.at_level(logging.WARNING):
        assert builder.get(tmp_path) == "plan 2"
    assert str(path) in caplog.text
    assert read_engine(path, KEY) == b"plan 2"


def test_an_engine_that_tensorrt_refuses_is_rebuilt_once(tmp_path: Path) -> None:
    """A whole file that does not load is built again; when the new one is refused too, that is an error in words."""
    write_engine(tmp_path / KEY.file_name(), KEY, b"old")
    assert Builder(refused=(b"old",)).get(tmp_path) == "plan 1"
    write_engine(tmp_path / KEY.file_name(), KEY, b"old")
    hopeless = Builder(refused=(b"old", b"plan 1"))
    with pytest.raises(DetectorError, match="refuses the engine it has just built"):
        hopeless.get(tmp_path)
    assert hopeless.built == 1


def fake_modules(*, parses: bool = True, cuda_error: int = 0) -> tuple[Any, Any]:
    """TensorRT and CUDA as far as the session uses them; "device memory" is the host's."""
    shapes = {"pictures": (1, 4, 6, 3), "boxes": (1, 2, 4), "scores": (1, 2)}
    names = list(shapes)
    context = SimpleNamespace(set_tensor_address=lambda *_: True, execute_async_v3=lambda _: True)
    engine = SimpleNamespace(
        num_io_tensors=3,
        get_tensor_name=lambda i: names[i],
        get_tensor_shape=lambda n: shapes[n],
        get_tensor_dtype=lambda n: np.uint8 if n == "pictures" else np.float32,
        create_execution_context=lambda: context,
    )
    parser = SimpleNamespace(parse=lambda _: parses, num_errors=1, get_error=lambda _: "no such layer")
    builder = SimpleNamespace(
        create_network=lambda _: None, create_builder_config=lambda: None, build_serialized_network=lambda *_: b"plan"
    )
    logger = type("Logger", (), {"WARNING": 1, "__init__": lambda self, level: None})
    trt = SimpleNamespace(
        __version__="10.13",
        Logger=logger,
        Runtime=lambda _: SimpleNamespace(deserialize_cuda_engine=lambda _: engine),
        Builder=lambda _: builder,
        OnnxParser=lambda *_: parser,
        NetworkDefinitionCreationFlag=SimpleNamespace(STRONGLY_TYPED=1),
        nptype=lambda dtype: dtype,
    )
    cuda = SimpleNamespace(
        cudaGetDeviceProperties=lambda _: (cuda_error, SimpleNamespace(name=b"Fake GPU", major=8, minor=9)),
        cudaStreamCreate=lambda: (0, 1),
        cudaMalloc=lambda size: (0, size),
        cudaMemcpyAsync=lambda *_: (0,),
        cudaStreamSynchronize=lambda _: (0,),
        cudaFree=lambda _: (0,),
        cudaMemcpyKind=SimpleNamespace(cudaMemcpyHostToDevice=1, cudaMemcpyDeviceToHost=2),
    )
    return trt, cuda


def test_a_session_allocates_what_the_engine_says(tmp_path: Path) -> None:
    """Outputs have the engine's shapes, and the engine file lies in the folder under its key."""
    session = TensorRtSession(b"graph", ("abc", "fp32"), folder=tmp_path, modules=fake_modules())
    boxes, scores = session.run(np.zeros((1, 4, 6, 3), np.uint8))
    assert (boxes.shape, scores.shape) == ((1, 2, 4), (1, 2))
    key = EngineKey("abc", "10.13", "Fake GPU 8.9", "fp32")
    assert read_engine(tmp_path / key.file_name(), key) == b"plan"
    session.close()


def test_what_tensorrt_does_not_take_is_told(tmp_path: Path) -> None:
    """The parser's own words are part of the message."""
    with pytest.raises(DetectorError, match="does not take the model: no such layer"):
        TensorRtSession(b"graph", ("abc", "fp32"), folder=tmp_path, modules=fake_modules(parses=False))


def test_a_missing_driver_is_told(tmp_path: Path) -> None:
    """CUDA's error comes with a remedy."""
    with pytest.raises(DetectorError, match="CUDA says 35; is the driver loaded"):
        TensorRtSession(b"graph", ("abc", "fp32"), folder=tmp_path, modules=fake_modules(cuda_error=35))
