"""Shipped graphs back into networks that learn: the weights are read from the ONNX file's initialisers, no pickle.

The graph has its batch norms folded into the kernels. Unfolded, a norm gets the statistics that it would have by now:
`settled` measures them on pictures and changes no output.
"""

from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn

from detector.export import folded
from detector.model.layers import ConvNormRelu, StillConv
from detector.model.network import Network, build_network
from detector.training.checkpoint import TrainingError

PREFIX = "network."  # of export.Deployed


@torch.no_grad()
def network_from_onnx(path: Path, name: str) -> Network:
    """The network of a shipped FP32 graph, in evaluation mode; it answers as the graph does.

    Args:
        path: of the ONNX file.
        name: of the network, for build_network.
    """
    try:
        graph = onnx.load(path).graph
    except OSError as error:
        raise TrainingError(f"{path}: cannot be read ({error.strerror})") from error
    found = {
        tensor.name.removeprefix(PREFIX): torch.from_numpy(np.array(numpy_helper.to_array(tensor)))
        for tensor in graph.initializer
    }
    network = build_network(name).eval()
    wanted = folded(network).state_dict()
    wrong = [key for key, value in wanted.items() if key not in found or found[key].shape != value.shape]
    if wrong:
        raise TrainingError(
            f"{path}: holds no network {name!r}: {len(wrong)} of {len(wanted)} tensors are missing or of another shape "
            f"({wrong[0]} is the first); name a graph that was exported as FP32"
        )
    for key, module in network.named_modules():
        _fill(key, module, found)
    return network


def _fill(key: str, module: nn.Module, found: dict[str, Tensor]) -> None:
    if isinstance(module, StillConv):
        module.weight.copy_(found[f"{key}.conv.weight"])
        module.shift.copy_(found[f"{key}.conv.bias"])
        module.scale.fill_(1.0)
        module.mean.zero_()
        module.std.fill_(1.0)
    elif isinstance(module, ConvNormRelu):
        module.conv.weight.copy_(found[f"{key}.conv.weight"])
        _norm_to(module.norm, found[f"{key}.conv.bias"], torch.tensor(0.0), torch.tensor(1.0))
    elif isinstance(module, nn.Conv2d) and f"{key}.weight" in found:
        module.weight.copy_(found[f"{key}.weight"])
        if module.bias is not None:
            module.bias.copy_(found[f"{key}.bias"])


def _norm_to(norm: nn.BatchNorm2d, bias: Tensor, mean: Tensor, variance: Tensor) -> None:
    """Sets statistics such that the norm only adds `bias`."""
    assert norm.running_mean is not None  # noqa: S101  track_running_stats is on
    assert norm.running_var is not None  # noqa: S101
    norm.running_mean.copy_(mean)
    norm.running_var.copy_(variance)
    norm.weight.copy_((norm.running_var + norm.eps).sqrt())
    norm.bias.copy_(bias + norm.running_mean)


@torch.no_grad()
def settled(network: Network, pictures: Tensor) -> Network:
    """The same network, its batch norms with the statistics of these pictures; in evaluation mode it answers as before.

    Args:
        network: from network_from_onnx.
        pictures: (N, 3, H, W) normalised.
    """
    layers = [module for module in network.modules() if isinstance(module, ConvNormRelu)]
    moments: dict[ConvNormRelu, tuple[Tensor, Tensor]] = {}

    def look(layer: ConvNormRelu, y: Tensor) -> None:
        moments[layer] = (y.mean((0, 2, 3)), y.var((0, 2, 3), unbiased=False))

    hooks = [layer.conv.register_forward_hook(lambda _m, _x, y, layer=layer: look(layer, y)) for layer in layers]
    network.eval()(pictures)
    for hook in hooks:
        hook.remove()
    for layer, (mean, variance) in moments.items():
        assert layer.norm.running_mean is not None  # noqa: S101
        _norm_to(layer.norm, layer.norm.bias - layer.norm.running_mean, mean, variance)
    return network
