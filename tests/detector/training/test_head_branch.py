"""The head branch is only a wrapper."""

import copy
from pathlib import Path

import pytest
import torch

from detector.export import to_onnx
from detector.model.network import Network
from detector.training.head_branch import HeadBranch


def test_the_body_is_not_changed_by_the_branch(tiny: Network) -> None:
    """Body logits and boxes with the branch are bit for bit those without it."""
    pictures = torch.randn(2, 3, 64, 96)
    with torch.no_grad():
        logits, boxes = tiny(pictures)
        with_logits, with_boxes, heads = HeadBranch(tiny).eval()(pictures)
    assert torch.equal(logits, with_logits)
    assert torch.equal(boxes, with_boxes)
    assert heads.boxes.shape == boxes.shape
    assert heads.logits.shape == logits.shape


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::UserWarning")
def test_the_exported_graph_never_knew_of_the_branch(exported: tuple[Network, Path], tmp_path: Path) -> None:
    """Byte for byte: the file of a network out of a branch equals that of one that never had it."""
    never, path = exported
    to_onnx(HeadBranch(copy.deepcopy(never)).eval().network, (96, 64), tmp_path / "out_of_branch.onnx")
    assert (tmp_path / "out_of_branch.onnx").read_bytes() == path.read_bytes()


def test_heads_reach_the_shared_features(tiny: Network) -> None:
    """A head loss moves the trunk: that is what the branch is for."""
    model = HeadBranch(tiny)
    _, _, heads = model(torch.randn(1, 3, 64, 96))
    heads.boxes.sum().backward()
    assert tiny.neck.mix[0].conv.weight.grad.abs().sum() > 0
