"""TensorRT engine files on disk: keyed, checked, rebuilt once when stale or corrupt. Needs neither GPU nor TensorRT."""

import hashlib
import json
import logging
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeVar

from detector.runtime.errors import DetectorError

log = logging.getLogger(__name__)
Engine = TypeVar("Engine")


@dataclass(frozen=True)
class EngineKey:
    """An engine runs only where all four are what they were when it was built."""

    model_sha256: str
    tensorrt: str
    gpu: str
    precision: str

    def file_name(self) -> str:
        """One file a model, precision and GPU: a newer TensorRT replaces the old engine instead of piling up."""
        place = hashlib.sha256(f"{self.model_sha256} {self.gpu} {self.precision}".encode()).hexdigest()[:16]
        return f"linewise-{place}.engine"


def write_engine(path: Path, key: EngineKey, plan: bytes) -> None:
    """A line of JSON (key, sha256 of the plan), then the plan; whole or not at all."""
    header = {**asdict(key), "plan_sha256": hashlib.sha256(plan).hexdigest()}
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_bytes(json.dumps(header).encode() + b"\n" + plan)
    os.replace(part, path)


def read_engine(path: Path, key: EngineKey) -> bytes:
    """The plan, if the file is whole and of this key; ValueError tells what is wrong with it."""
    head, _, plan = path.read_bytes().partition(b"\n")
    try:
        header = json.loads(head)
        if not isinstance(header, dict):
            raise ValueError("is no engine file of ours")
    except ValueError as error:
        raise ValueError(f"is corrupt ({error})") from error
    for name, wanted in asdict(key).items():
        if header.get(name) != wanted:
            raise ValueError(f"is stale: {name} was {header.get(name)!r} and is {wanted!r}")
    if header.get("plan_sha256") != hashlib.sha256(plan).hexdigest():
        raise ValueError("is corrupt: its checksum does not fit")
    return plan


def load_or_build(
    folder: Path, key: EngineKey, *, build: Callable[[], bytes], load: Callable[[bytes], Engine | None]
) -> Engine:
    """The engine of this key: from its file when that is good, else built once, written and loaded.

    Args:
        folder: where engine files lie.
        key: what the engine must fit.
        build: makes a plan.
        load: deserialises a plan; None when TensorRT refuses it.
    """
    path = folder / key.file_name()
    try:
        engine = load(read_engine(path, key))
        if engine is not None:
            return engine
        log.warning("engine file %s is refused by TensorRT; building it again", path)
    except FileNotFoundError:
        log.info("no engine file %s yet; building it", path)
    except ValueError as error:
        log.warning("engine file %s %s; building it again", path, error)
    plan = build()
    engine = load(plan)
    if engine is None:
        raise DetectorError(
            f"TensorRT {key.tensorrt} on {key.gpu} refuses the engine it has just built for {path}; "
            "install a newer driver, or set the runtime to openvino"
        )
    write_engine(path, key, plan)
    return engine
