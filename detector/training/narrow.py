"""A wide network made narrow: in every block of the trunk only the inner channels that move its output stay.

A channel's worth is the variance it brings to the block's output, std(channel) * |its column of the projection|. What a
dropped channel gives on average is added to the projection's shift, so that little changes before the fine-tuning.
"""

import torch
from torch import Tensor, nn

from detector.model.layers import StillConv
from detector.model.network import Network
from detector.model.trunk import Block


@torch.no_grad()
def narrow(wide: Network, target: Network, pictures: Tensor) -> None:
    """Fills `target` with the weights of `wide`, which differs from it only in the blocks' inner channels.

    Args:
        wide: a trained network.
        target: any weights.
        pictures: (N, 3, H, W) normalised, to see what the channels do.
    """
    moments = inner_moments(wide, pictures)
    state = target.state_dict()
    state.update({k: v for k, v in wide.state_dict().items() if v.shape == state[k].shape})
    target.load_state_dict(state)
    for source, block, (mean, std) in zip(wide.trunk.block_list(), target.trunk.block_list(), moments, strict=True):
        _narrow_block(source, block, mean, std)


@torch.no_grad()
def inner_moments(network: Network, pictures: Tensor) -> list[tuple[Tensor, Tensor]]:
    """Mean and standard deviation (C,) of every block's depthwise output over pictures and places."""
    moments: list[tuple[Tensor, Tensor]] = []

    def look(_module: nn.Module, _inputs: tuple[Tensor, ...], y: Tensor) -> None:
        moments.append((y.mean((0, 2, 3)), y.std((0, 2, 3))))

    hooks = [block.depthwise.register_forward_hook(look) for block in network.trunk.block_list()]
    network.eval()(pictures)
    for hook in hooks:
        hook.remove()
    return moments


def _narrow_block(source: Block, block: Block, mean: Tensor, std: Tensor) -> None:
    column = (source.project.weight[:, :, 0, 0] * (source.project.scale / source.project.std)[:, None]).norm(dim=0)
    order = (std * column).argsort(descending=True)
    kept = order[: len(block.depthwise.weight)].sort().values
    dropped = order[len(kept) :]
    if block.expand is not None and source.expand is not None:
        _copy(source.expand, block.expand, kept)
    _copy(source.depthwise, block.depthwise, kept)
    project = block.project
    project.weight.copy_(source.project.weight[:, kept])
    gain = project.scale / project.std
    project.shift.add_((source.project.weight[:, dropped, 0, 0] @ mean[dropped]) * gain)


def _copy(source: StillConv, target: StillConv, kept: Tensor) -> None:
    """Takes the output channels `kept`."""
    for name, value in source.state_dict().items():
        target.state_dict()[name].copy_(value[kept])
