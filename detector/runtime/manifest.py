"""Which model files there are, and that they are the ones that were scored."""

import hashlib
import json
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from detector.runtime.errors import DetectorError

log = logging.getLogger(__name__)

WEIGHTS_DIR = Path(__file__).resolve().parent.parent / "weights"
MANIFEST = "manifest.json"
DEFAULT_MODEL = "m"  # as [detector] model in the site file
RENAMED = {"quick": "n"}  # names that site files may still have


@dataclass(frozen=True)
class ModelFile:
    """One graph of a model: precision "fp32" or "int8", where it lies, the sha256 it must have."""

    precision: str
    path: Path
    sha256: str


@dataclass(frozen=True)
class Model:
    """One model of the manifest.

    Attributes:
        name: "n", "m", "s".
        canvas: (width, height) px of the graph's input.
        score_threshold: the raw score at which as many people are missed as are seen twice or wrongly.
        duplicate_iou: boxes that overlap this much are one person (model_detector.py: from less on, one is doubted).
        files: by precision.
    """

    name: str
    canvas: tuple[int, int]
    score_threshold: float
    duplicate_iou: float
    files: dict[str, ModelFile]


def model_names(weights_dir: Path) -> list[str]:
    """The models of a manifest, in its order."""
    return list(_models(weights_dir / MANIFEST))


def _only(folder: Path) -> str:
    names = model_names(folder)
    if len(names) != 1:
        raise DetectorError(f"{folder / MANIFEST}: holds {', '.join(names) or 'no model'}; a folder of one is wanted")
    return names[0]


def _models(path: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(path.read_text(encoding="utf-8"))["models"])
    except OSError as error:
        raise DetectorError(
            f"{path}: cannot be read ({error.strerror}); install linewise again or name a folder with a {MANIFEST}"
        ) from error
    except (ValueError, KeyError, TypeError) as error:
        raise DetectorError(f"{path}: is no manifest ({error}); install linewise again") from error


def read_model(weights_dir: Path, name: str) -> Model:
    """The manifest's entry of a model; one that had another name once is found by it, and the log says so.

    Args:
        weights_dir: folder with manifest.json.
        name: in that manifest; or, with a / in it, another folder of exported weights that holds one model.
    """
    if "/" in name:
        weights_dir, name = Path(name), _only(Path(name))
    path = weights_dir / MANIFEST
    models = _models(path)
    if name not in models and RENAMED.get(name) in models:
        log.warning("the model %r is called %r now; write that in [detector] model", name, RENAMED[name])
        name = RENAMED[name]
    if name not in models:
        raise DetectorError(f"{path}: no model is called {name!r}; there are: {', '.join(sorted(models))}")
    try:
        return _model(weights_dir, name, models[name])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise DetectorError(
            f"{path}: the entry of model {name!r} lacks or spoils {error}; install linewise again"
        ) from error


def _model(weights_dir: Path, name: str, entry: dict[str, Any]) -> Model:
    width, height = entry["canvas"]
    files = {
        precision: ModelFile(precision, weights_dir / row["file"], row["sha256"])
        for precision, row in entry["files"].items()
    }
    return Model(name, (int(width), int(height)), float(entry["score_threshold"]), float(entry["duplicate_iou"]), files)


def read_verified(file: ModelFile) -> bytes:
    """The file's bytes, if they are the ones the manifest promises."""
    try:
        content = file.path.read_bytes()
    except OSError as error:
        raise DetectorError(f"{file.path}: cannot be read ({error.strerror}); install linewise again") from error
    found = hashlib.sha256(content).hexdigest()
    if found != file.sha256:
        raise DetectorError(
            f"{file.path}: is not the file that was scored (sha256 {found[:12]}..., the manifest says "
            f"{file.sha256[:12]}...); it is damaged or was replaced: install linewise again"
        )
    return content
