"""Export: folding, the graph's words, quantisation, the accuracy gate."""

import json
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from detector import shipping
from detector.evaluation.evaluate import Evaluation
from detector.export import Deployed, ExportError, folded, to_int8
from detector.model.network import Network
from detector.shipping import Shipment, ship
from detector.training.recipes import RECIPES
from detector.training.train import Run, train

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::UserWarning")
CANVAS = (96, 64)


def picture(seed: int = 0) -> np.ndarray:
    """A random canvas."""
    return np.random.default_rng(seed).integers(0, 256, (CANVAS[1], CANVAS[0], 3), dtype=np.uint8)


def test_folding_changes_nothing(tiny: Network) -> None:
    """The folded copy answers like the network, and the network keeps its own layers."""
    names = set(tiny.state_dict())
    with torch.no_grad():
        x = torch.randn(1, 3, 64, 96)
        for ours, reference in zip(folded(tiny)(x), tiny(x), strict=True):
            torch.testing.assert_close(ours, reference, rtol=1e-3, atol=1e-3)
    assert set(tiny.state_dict()) == names


@pytest.mark.slow
def test_the_graph_says_what_pytorch_says(exported: tuple[Network, Path]) -> None:
    """Takes uint8 pictures, gives fixed K without NonZero, the same boxes and scores as PyTorch."""
    network, path = exported
    graph = onnx.load(path).graph
    assert "NonZero" not in {node.op_type for node in graph.node}
    assert graph.input[0].type.tensor_type.elem_type == onnx.TensorProto.UINT8
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    boxes, scores = session.run(["boxes", "scores"], {"pictures": picture()[None]})
    with torch.no_grad():
        wanted_boxes, wanted_scores = Deployed(network)(torch.from_numpy(picture()[None]))
    assert boxes.shape == (1, 126, 4)
    np.testing.assert_allclose(scores, wanted_scores.numpy(), atol=1e-4)
    far = np.abs(boxes[0][:, None] - wanted_boxes[0].numpy()[None]).max(-1)  # (K, K); equal scores may change places
    assert far.min(0).max() < 0.1
    assert far.min(1).max() < 0.1


@pytest.mark.slow
def test_the_int8_file_runs(exported: tuple[Network, Path], tmp_path: Path) -> None:
    """Convolutions read quantised values, and scores are scores."""
    _, path = exported
    to_int8(path, tmp_path / "b.onnx", [picture(seed) for seed in range(2)])
    kinds = [node.op_type for node in onnx.load(tmp_path / "b.onnx").graph.node]
    assert kinds.count("QuantizeLinear") > 20
    session = onnxruntime.InferenceSession(tmp_path / "b.onnx", providers=["CPUExecutionProvider"])
    _, scores = session.run(["boxes", "scores"], {"pictures": picture()[None]})
    assert scores.shape == (1, 126)
    assert ((scores >= 0) & (scores <= 1)).all()


@pytest.fixture
def trained(tmp_path: Path, drawn: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run of one epoch, and writers of graphs that write a word."""
    monkeypatch.setattr(shipping, "to_onnx", lambda network, canvas, path: path.write_bytes(b"fp32"))
    monkeypatch.setattr(shipping, "to_int8", lambda fp32, int8, pictures: int8.write_bytes(b"int8"))
    out = tmp_path / "run"
    train(RECIPES["tiny"], Run(data=drawn, out=out, cache=tmp_path / "cache", workers=0), stop_after=1)
    return out


def fake_score(ap50: dict[str, float]) -> object:
    """Stands for scoring: AP50 by precision."""

    def score(path: Path, *_: object) -> Evaluation:
        ap = ap50["int8" if "int8" in path.name else "fp32"]
        return Evaluation({"all": ap, "empty": float("nan")}, {"all": 9}, {"all": 0.5}, 1.0, -1.0, 1.0, {})

    return score


def test_int8_that_loses_too_much_is_not_shipped(
    trained: Path, drawn: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More than one point of AP50: refused with both numbers, no manifest, no graph."""
    monkeypatch.setattr(shipping, "_score", fake_score({"fp32": 0.7, "int8": 0.68}))
    with pytest.raises(ExportError, match=r"INT8 loses 0\.020 AP50 against FP32 \(0\.700\)"):
        ship(Shipment(trained, drawn, tmp_path / "weights", "n"))
    assert not (tmp_path / "weights" / "manifest.json").exists()
    assert not (tmp_path / "weights" / "n-int8.onnx").exists()


@pytest.mark.slow
def test_a_shipment_is_complete(trained: Path, drawn: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both graphs, their hashes, scores without NaN, the recipe; other models of the manifest stay."""
    monkeypatch.setattr(shipping, "_score", fake_score({"fp32": 0.7, "int8": 0.695}))
    weights = tmp_path / "weights"
    ship(Shipment(trained, drawn, weights, "a"))
    ship(Shipment(trained, drawn, weights, "b", score_threshold=0.2))
    models = json.loads((weights / "manifest.json").read_text(encoding="utf-8"))["models"]
    assert set(models) == {"a", "b"}
    assert models["b"]["score_threshold"] == 0.2
    assert models["a"]["scores"]["int8"]["ap50"] == {"all": 0.695}
    assert models["a"]["recipe"]["trained_epochs"] == 1
    assert sorted(p.name for p in weights.glob("*.onnx")) == [
        "a-fp32.onnx",
        "a-int8.onnx",
        "b-fp32.onnx",
        "b-int8.onnx",
    ]
