"""What the product runs is what was scored and locked: files by their sha256, packages by their hashes, no pickle."""

import ast
import pickle
import re
import shutil
from pathlib import Path

import pytest

from detector.runtime.errors import DetectorError
from detector.runtime.manifest import WEIGHTS_DIR
from detector.runtime.open import open_detector
from tests.test_style import FILES, ROOT, named, nodes

PICKLES = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}


@pytest.mark.parametrize("runtime", ["onnx", "openvino"])
def test_a_model_file_that_was_changed_is_not_loaded(runtime: str, tmp_path: Path) -> None:
    """One bit of each shipped graph flipped: the detector does not start, and the message names file and sha256."""
    folder = tmp_path / "weights"
    shutil.copytree(WEIGHTS_DIR, folder)
    for file in folder.glob("n-*.onnx"):
        data = bytearray(file.read_bytes())
        data[len(data) // 2] ^= 1
        file.write_bytes(data)
    with pytest.raises(DetectorError, match=r"(?s)n-.*sha256"):
        open_detector(runtime, weights_dir=folder, model="n")


def test_a_model_is_loaded_without_pickle(monkeypatch: pytest.MonkeyPatch) -> None:
    """Loading the shipped model unpickles nothing."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("something was unpickled")

    monkeypatch.setattr(pickle, "loads", refuse)
    monkeypatch.setattr(pickle, "load", refuse)
    monkeypatch.setattr(pickle, "Unpickler", refuse)
    open_detector("onnx", model="n").close()


@pytest.mark.slow
def test_no_code_of_the_product_reads_pickles() -> None:
    """No import of a pickle module; numpy and torch load only with allow_pickle=False and weights_only=True."""
    faults = []
    for path in FILES:
        for node in nodes(path):
            if isinstance(node, ast.Import | ast.ImportFrom):
                names = [a.name for a in node.names] if isinstance(node, ast.Import) else [node.module or ""]
                faults += [f"{named(path)}:{node.lineno}: {name}" for name in names if name.split(".")[0] in PICKLES]
            if isinstance(node, ast.Call) and (fault := _unsafe(node)):
                faults.append(f"{named(path)}:{node.lineno}: {fault}")
    assert not faults, faults


def _unsafe(call: ast.Call) -> str:
    """What is wrong with a call that loads, "" if nothing."""
    if getattr(call.func, "attr", "") != "load":
        return ""
    given = {k.arg: getattr(k.value, "value", None) for k in call.keywords}
    match ast.unparse(call.func):
        case "np.load" | "numpy.load" if given.get("allow_pickle") is True:
            return "np.load with pickles"
        case "torch.load" if given.get("weights_only") is not True:
            return "torch.load without weights_only=True"
    return ""


@pytest.mark.parametrize("lock", sorted((ROOT / "lock").glob("*.txt")), ids=lambda p: p.name)
def test_every_locked_package_has_its_hash(lock: Path) -> None:
    """Each requirement of a lock file is pinned to one version and has a sha256."""
    blocks = re.split(r"\n(?=\S)", lock.read_text().replace("\\\n", " "))
    requirements = [block for block in blocks if block.strip() and not block.startswith(("#", "-"))]
    assert requirements
    bad = [block.split()[0] for block in requirements if "==" not in block.split()[0] or "--hash=sha256:" not in block]
    assert not bad, bad
