"""From a trained network to the files that are shipped: ONNX, and INT8 in QDQ form.

Export is a wrapper around the network (Deployed) and a folding of what is constant (folded); the network itself has
no export flag.
"""

import copy
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnxruntime.quantization import CalibrationMethod, QuantFormat, QuantType, quantize_static
from torch import Tensor, nn
from torch.nn.utils import fuse_conv_bn_eval

from detector.model.layers import ConvNormRelu, StillConv
from detector.model.network import Network, normalise

TOP = 256  # boxes that leave the graph: 25 people with ten places each
OPSET = 18
INPUT, OUTPUTS = "pictures", ["boxes", "scores"]


class ExportError(Exception):
    """A file was not written; the message says why."""


class Deployed(nn.Module):
    """uint8 pictures in, the best boxes and scores out."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """Takes uint8 (N, H, W, 3) RGB -> boxes (N, K, 4) xyxy in input pixels, scores (N, K), best first."""
        logits, boxes = self.network(normalise(pictures))
        scores, order = logits.topk(min(TOP, logits.shape[1]))
        return boxes.gather(1, order[..., None].expand(-1, -1, 4)), scores.sigmoid()


class PlainConv(nn.Module):
    """A convolution with everything constant folded in."""

    def __init__(self, conv: nn.Conv2d, activation: nn.Module) -> None:
        super().__init__()
        self.conv, self.activation = conv, activation

    def forward(self, x: Tensor) -> Tensor:
        """(N, I, H, W) -> (N, O, H / stride, W / stride)."""
        y: Tensor = self.activation(self.conv(x))
        return y


@torch.no_grad()
def calibrated(network: Network, gain: float, offset: float) -> Network:
    """A copy whose score logits are gain * logit + offset: folded into the last convolutions, the graph stays equal."""
    network = copy.deepcopy(network)
    for head in network.level_heads():
        head.score.weight.mul_(gain)
        if head.score.bias is not None:
            head.score.bias.mul_(gain).add_(offset)
    return network


@torch.no_grad()
def folded(network: Network) -> Network:
    """A copy in which statistics, scales and batch norms are part of the kernels; outputs stay equal."""
    network = copy.deepcopy(network).eval()
    _fold_children(network)
    return network


def _fold_children(module: nn.Module) -> None:
    for name, child in module.named_children():
        if isinstance(child, StillConv):
            setattr(module, name, _fold_still(child))
        elif isinstance(child, ConvNormRelu):
            setattr(module, name, PlainConv(fuse_conv_bn_eval(child.conv, child.norm), nn.ReLU()))
        else:
            _fold_children(child)


def _fold_still(layer: StillConv) -> PlainConv:
    out, inside, kernel, _ = layer.weight.shape
    groups = out if inside == 1 else 1
    conv = nn.Conv2d(inside * groups, out, kernel, layer.stride, kernel // 2, groups=groups)
    gain = layer.scale / layer.std
    conv.weight.copy_(layer.weight * gain[:, None, None, None])
    conv.bias = nn.Parameter(layer.shift - layer.mean * gain)
    return PlainConv(conv, nn.ReLU6() if layer.relu6 else nn.Identity())


def to_onnx(network: Network, canvas: tuple[int, int], path: Path, *, batch: int = 1) -> None:
    """Writes the FP32 graph for `batch` pictures at once of canvas (width, height)."""
    picture = torch.zeros(batch, canvas[1], canvas[0], 3, dtype=torch.uint8)
    program = torch.onnx.export(
        Deployed(folded(network)).eval(),
        (picture,),
        input_names=[INPUT],
        output_names=OUTPUTS,
        opset_version=OPSET,
        dynamo=True,
        verbose=False,
    )
    model: Any = program.model_proto  # type: ignore[union-attr]
    for node in model.graph.node:
        del node.metadata_props[:]  # stack traces of the exporting machine
    for value in [*model.graph.value_info, *model.graph.input, *model.graph.output, *model.graph.initializer]:
        del value.metadata_props[:]
    del model.graph.metadata_props[:]
    cast_first(model)
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString(deterministic=True))


def cast_first(model: Any) -> None:
    """Lets pictures become float before they are transposed: the same numbers, and TensorRT transposes no uint8."""
    nodes = model.graph.node
    first = next((node for node in nodes if INPUT in node.input), None)
    after = [node for node in nodes if first is not None and first.output[0] in node.input]
    if first is None or first.op_type != "Transpose" or [node.op_type for node in after] != ["Cast"]:
        return
    cast = after[0]
    between, behind = first.output[0], cast.output[0]
    cast.input[0], cast.output[0] = INPUT, between
    first.input[0], first.output[0] = between, behind
    ordered = [cast, *[node for node in nodes if node is not cast]]
    copies = [type(node).FromString(node.SerializeToString()) for node in ordered]
    del nodes[:]
    nodes.extend(copies)
    for value in [value for value in model.graph.value_info if value.name in {between, behind}]:
        model.graph.value_info.remove(value)  # their types and shapes have changed places


class Calibration:
    """Feeds pictures to onnxruntime's quantiser: (H, W, 3) uint8 each, already on the canvas."""

    def __init__(self, pictures: Iterable[NDArray[np.uint8]]) -> None:
        self.rest = iter(pictures)

    def get_next(self) -> dict[str, NDArray[np.uint8]] | None:
        """The next feed, or None at the end."""
        picture = next(self.rest, None)
        return None if picture is None else {INPUT: picture[None]}


def to_int8(fp32: Path, int8: Path, pictures: Iterable[NDArray[np.uint8]]) -> None:
    """Static quantisation to QDQ: activations U8, kernels S8 a channel; ONNX Runtime and OpenVINO run the same file.

    The last convolutions (scores, log distances) stay in float: they are 1 % of the work and all of the precision.
    """
    model = onnx.load(fp32)
    convolutions = [node for node in model.graph.node if node.op_type == "Conv"]
    shapes = {tensor.name: list(tensor.dims) for tensor in model.graph.initializer}
    last = [node.name for node in convolutions if shapes[node.input[1]][0] in (1, 4)]
    quantize_static(
        str(fp32),
        str(int8),
        Calibration(pictures),
        quant_format=QuantFormat.QDQ,
        op_types_to_quantize=["Conv", "Clip", "Relu", "Add", "Resize"],
        nodes_to_exclude=last,
        per_channel=True,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
        calibrate_method=CalibrationMethod.MinMax,
        extra_options={"CalibMovingAverage": True},
    )
