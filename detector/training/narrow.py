"""A wide network made narrow: only the channels stay that move what comes after them.

A channel's worth is the variance it brings to what reads it, std(channel) * |the reader's column for it|. What a
dropped channel gives on average is added to the reader's shift, so that little changes before the fine-tuning. Cut are
the inner channels of the trunk's blocks, and the width of neck and heads. A plain stem has no counterpart in a wide
network and keeps the weights it has (see guide.py).
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from detector.model.layers import ConvNormRelu, StillConv
from detector.model.network import LevelHead, Network
from detector.model.trunk import Block


@dataclass(frozen=True, eq=False)
class Moments:
    """What a layer says over pictures and places: mean (C,), std (C,)."""

    mean: Tensor
    std: Tensor


@torch.no_grad()
def narrow(wide: Network, target: Network, pictures: Tensor) -> None:
    """Fills `target` with the weights of `wide`, of which it is a narrower copy.

    Args:
        wide: a trained network.
        target: any weights.
        pictures: (N, 3, H, W) normalised, to see what the channels do.
    """
    said = layer_moments(wide, pictures)
    if isinstance(target.trunk.stem, StillConv):
        target.trunk.stem.load_state_dict(wide.trunk.stem.state_dict())
    blocks = target.trunk.block_list()
    for source, block in zip(wide.trunk.block_list()[-len(blocks) :], blocks, strict=True):
        _narrow_block(source, block, said[source.depthwise])
    _narrow_neck(wide, target, said)


@torch.no_grad()
def layer_moments(network: Network, pictures: Tensor) -> dict[nn.Module, Moments]:
    """Mean and standard deviation of every convolution's output after its activation, and of the mixes' inputs.

    A mix's input is kept under its convolution: `said[mix.conv]`; its output under the mix itself.
    """
    said: dict[nn.Module, Moments] = {}

    def look(module: nn.Module, _inputs: tuple[Tensor, ...], y: Tensor) -> None:
        said[module] = Moments(y.mean((0, 2, 3)), y.std((0, 2, 3)))

    def look_before(module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        said[module] = Moments(inputs[0].mean((0, 2, 3)), inputs[0].std((0, 2, 3)))

    layers = [module for module in network.modules() if isinstance(module, StillConv | ConvNormRelu)]
    hooks = [layer.register_forward_hook(look) for layer in layers]
    hooks += [mix.conv.register_forward_pre_hook(look_before) for mix in _mixes(network)]
    network.eval()(pictures)
    for hook in hooks:
        hook.remove()
    return said


def _narrow_block(source: Block, block: Block, inner: Moments) -> None:
    column = (source.project.weight[:, :, 0, 0] * (source.project.scale / source.project.std)[:, None]).norm(dim=0)
    kept, dropped = _best(inner.std * column, len(block.depthwise.weight))
    if block.expand is not None and source.expand is not None:
        _copy(source.expand, block.expand, kept)
    _copy(source.depthwise, block.depthwise, kept)
    state = source.project.state_dict()
    block.project.load_state_dict({**state, "weight": state["weight"][:, kept]})
    gain = block.project.scale / block.project.std
    block.project.shift.add_((source.project.weight[:, dropped, 0, 0] @ inner.mean[dropped]) * gain)


def _narrow_neck(wide: Network, target: Network, said: dict[nn.Module, Moments]) -> None:
    """Neck and heads to the target's width: one choice of channels for all that is added up on the way down."""
    worth = torch.zeros(wide.width)
    for mix, head in zip(_mixes(wide), wide.level_heads(), strict=True):
        worth += said[mix.conv].std * _columns(mix) * 0.5
        worth += said[mix].std * (_columns(head.score_tower) + _columns(head.box_tower))
    kept, _ = _best(worth, target.width)
    for source, lateral in zip(_laterals(wide), _laterals(target), strict=True):
        everything = torch.arange(source.conv.in_channels)
        _thin(source, lateral, (everything, kept), torch.zeros(len(everything)))
    for source, mix in zip(_mixes(wide), _mixes(target), strict=True):
        _thin(source, mix, (kept, kept), said[source.conv].mean)
    for above, source_head, head in zip(_mixes(wide), wide.level_heads(), target.level_heads(), strict=True):
        _narrow_head(source_head, head, kept, said, said[above].mean)


def _narrow_head(
    source: LevelHead, head: LevelHead, kept: Tensor, said: dict[nn.Module, Moments], mean: Tensor
) -> None:
    pairs = (
        (source.score_tower, head.score_tower, source.score, head.score),
        (source.box_tower, head.box_tower, source.box, head.box),
    )
    for tower, thin_tower, last, thin_last in pairs:
        inner = said[tower]
        chosen, dropped = _best(inner.std * last.weight[:, :, 0, 0].norm(dim=0), thin_tower.conv.out_channels)
        _thin(tower, thin_tower, (kept, chosen), mean)
        thin_last.weight.copy_(last.weight[:, chosen])
        if last.bias is not None and thin_last.bias is not None:
            thin_last.bias.copy_(last.bias + last.weight[:, dropped, 0, 0] @ inner.mean[dropped])


def _thin(source: ConvNormRelu, target: ConvNormRelu, kept: tuple[Tensor, Tensor], mean: Tensor) -> None:
    """Takes the input and output channels `kept`; `mean` (in,) is what the inputs are on average."""
    ins, outs = kept
    weight = source.conv.weight[outs]
    gone = torch.ones(weight.shape[1], dtype=torch.bool)
    gone[ins] = False
    target.conv.weight.copy_(weight[:, ins])
    for name, value in source.norm.state_dict().items():
        target.norm.state_dict()[name].copy_(value[outs] if value.ndim else value)
    if target.norm.running_mean is not None:
        target.norm.running_mean.sub_(weight[:, gone].sum((2, 3)) @ mean[gone])


def _best(worth: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """Places of the `count` worthiest channels in their order, and the places of the rest."""
    order = worth.argsort(descending=True)
    return order[:count].sort().values, order[count:]


def _columns(layer: ConvNormRelu) -> Tensor:
    """How much the layer's outputs, after its norm, take from each input: (in,)."""
    spread = layer.norm.running_var if layer.norm.running_var is not None else torch.ones_like(layer.norm.weight)
    gain = layer.norm.weight / (spread + layer.norm.eps).sqrt()
    return (layer.conv.weight * gain[:, None, None, None]).square().sum((0, 2, 3)).sqrt()


def _laterals(network: Network) -> list[ConvNormRelu]:
    return [layer for layer in network.neck.lateral if isinstance(layer, ConvNormRelu)]


def _mixes(network: Network) -> list[ConvNormRelu]:
    return [layer for layer in network.neck.mix if isinstance(layer, ConvNormRelu)]


def _copy(source: StillConv, target: StillConv, kept: Tensor) -> None:
    """Takes the output channels `kept`."""
    for name, value in source.state_dict().items():
        target.state_dict()[name].copy_(value[kept])
