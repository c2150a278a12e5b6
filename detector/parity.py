"""One model in all its forms on the same pictures: as many people, and the same scores?"""

import functools
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from detector.data.cache import read_picture
from detector.data.pictures import Picture
from detector.export import Deployed, folded
from detector.formats import PROGRAM, plan_of
from detector.runtime.detections import Detections
from detector.runtime.errors import DetectorError
from detector.runtime.manifest import read_model
from detector.runtime.model_detector import ModelDetector, Session, Working
from detector.runtime.onnx import OnnxSession
from detector.runtime.openvino import OpenVinoSession
from detector.runtime.score_scale import WORKING_SCORE
from detector.training.restore import network_from_onnx

EXACT = 1e-3  # told scores of forms in float32 differ by no more
MARGIN = 0.02  # around the working threshold: a box this near may fall on either side


class TorchSession:
    """A module or an exported program on PyTorch, on the CPU."""

    def __init__(self, module: nn.Module | Callable[..., tuple[torch.Tensor, torch.Tensor]]) -> None:
        self.module = module

    @torch.inference_mode()
    def run(self, pictures: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """See detector.runtime.model_detector.Session."""
        boxes, scores = self.module(torch.from_numpy(pictures))
        return boxes.numpy(), scores.numpy()

    def close(self) -> None:
        """Nothing to give back."""


@dataclass(frozen=True)
class Form:
    """One form beside PyTorch.

    Attributes:
        name: "onnxruntime fp32", ...
        people, reference_people: at the working threshold, over all pictures.
        pictures_off: pictures whose counts differ by more than boxes right at the threshold explain.
        score_off: the largest difference of the n-th best told score of a picture, above 0.1.
        ms: median time of a picture.
        exact: float32, so it must be equal.
    """

    name: str
    people: int
    reference_people: int
    pictures_off: int
    score_off: float
    ms: float
    exact: bool

    @property
    def holds(self) -> bool:
        """Whether a form in float32 says what PyTorch says; others are held by the accuracy gate."""
        return not self.exact or (self.score_off <= EXACT and self.pictures_off == 0)


def compare(weights_dir: Path, name: str, pictures: list[Picture]) -> list[Form]:
    """Every form that lies in the folder, PyTorch first."""
    model = read_model(weights_dir, name)
    working = Working(model.canvas, model.score_threshold, model.duplicate_iou)
    images = [read_picture(picture) for picture in pictures]
    forms: list[Form] = []
    reference: list[Detections] = []
    for label, (opened, exact) in _forms(weights_dir, name).items():
        detector = ModelDetector(opened(), working, name=label, model_sha256="")
        started = time.perf_counter()
        seen = [detector.detect(image, 0.0) for image in images]
        ms = (time.perf_counter() - started) * 1e3 / max(1, len(images))
        detector.close()
        reference = reference or seen
        forms.append(_form(label, seen, reference, ms=ms, exact=exact))
    return forms


def _forms(weights_dir: Path, name: str) -> dict[str, tuple[Callable[[], Session], bool]]:
    files = read_model(weights_dir, name).files
    network = folded(network_from_onnx(files["fp32"].path, plan_of(weights_dir, name)))
    forms: dict[str, tuple[Callable[[], Session], bool]] = {
        "pytorch fp32": (lambda: TorchSession(Deployed(network).eval()), True)
    }
    program = weights_dir / f"{name}.pt2"
    if program.exists():
        forms[f"torch.export {PROGRAM}"] = (lambda: TorchSession(torch.export.load(program).module()), True)
    for precision, file in files.items():
        opened = functools.partial(OnnxSession, file.path.read_bytes(), 1)
        forms[f"onnxruntime {precision}"] = (opened, precision == "fp32")
        if precision in {"fp32", "int8"}:
            opened_too = functools.partial(OpenVinoSession, file.path.read_bytes(), 1)
            forms[f"openvino {precision}"] = (opened_too, precision == "fp32")
    return forms


def _form(name: str, seen: list[Detections], reference: list[Detections], *, ms: float, exact: bool) -> Form:
    if len(seen) != len(reference):
        raise DetectorError(f"{name}: looked at {len(seen)} pictures, PyTorch at {len(reference)}")
    off, differences = 0, [0.0]
    for ours, theirs in zip(seen, reference, strict=True):
        unsure = int((np.abs(theirs.scores - WORKING_SCORE) < MARGIN).sum())
        off += abs(_count(ours) - _count(theirs)) > unsure
        shared = min(len(ours.scores), len(theirs.scores))
        differences.append(float(np.abs(ours.scores[:shared] - theirs.scores[:shared]).max(initial=0)))
    people, wanted = sum(map(_count, seen)), sum(map(_count, reference))
    return Form(name, people, wanted, int(off), max(differences), ms, exact)


def _count(seen: Detections) -> int:
    return int((seen.scores >= WORKING_SCORE).sum())
