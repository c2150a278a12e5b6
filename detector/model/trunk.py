"""EfficientNet-Lite0 down to stride 32: inverted residuals, ReLU6, no squeeze-and-excite (so that INT8 suits it).

The plan is that of Tan and Le (2019) as cut down for Lite in github.com/tensorflow/tpu, efficientnet/lite. The last
stage (320 channels), the block before it and the classifier are left out: they cost more time than they find people.
"""

from torch import Tensor, nn

from detector.model.layers import StillConv

# (out channels, kernel, stride of the first block, expansion)
STAGES = ((16, 3, 1, 1), (24, 3, 2, 6), (40, 5, 2, 6), (80, 3, 2, 6), (112, 5, 1, 6), (192, 5, 2, 6))
Wides = tuple[tuple[int, ...], ...]
# inner channels of every block, stage by stage: the original's (in channels times expansion) ...
LITE0: Wides = ((32,), (96, 144), (144, 240), (240, 480, 480), (480, 672, 672), (672, 1152, 1152))
# ... and those that are worth their time, see detector.training.narrow
NARROW: Wides = ((32,), (80, 128), (128, 192), (192, 384, 384), (384, 512, 512), (512, 640, 512))
TINY: Wides = ((32,), (32,), (32,), (32,), (32,), (32,))
STEM_CHANNELS = 32
LEVEL_STAGES = (2, 4, 5)  # the last stages at strides 8, 16 and 32
LEVEL_CHANNELS = tuple(STAGES[stage][0] for stage in LEVEL_STAGES)


class Block(nn.Module):
    """Inverted residual: expand 1x1, depthwise, project 1x1; the input is added where the shape stays."""

    def __init__(self, channels: tuple[int, int], *, kernel: int, stride: int, wide: int, expand: bool) -> None:
        super().__init__()
        inside, out = channels
        self.expand: StillConv | None = (
            StillConv((inside, wide), kernel=1, stride=1, is_depthwise=False, relu6=True) if expand else None
        )
        self.depthwise = StillConv((wide, wide), kernel=kernel, stride=stride, is_depthwise=True, relu6=True)
        self.project = StillConv((wide, out), kernel=1, stride=1, is_depthwise=False, relu6=False)
        self.residual = inside == out and stride == 1

    def forward(self, x: Tensor) -> Tensor:
        """Takes x (N, in, H, W) -> (N, out, H / stride, W / stride)."""
        y: Tensor = self.project(self.depthwise(x if self.expand is None else self.expand(x)))
        return x + y if self.residual else y


class Trunk(nn.Module):
    """Picture to features at strides 8, 16 and 32.

    Args:
        wides: inner channels of every block, stage by stage; their number is that of the stage's blocks.
    """

    def __init__(self, wides: Wides = LITE0) -> None:
        super().__init__()
        self.stem = StillConv((3, STEM_CHANNELS), kernel=3, stride=2, is_depthwise=False, relu6=True)
        self.stages = nn.ModuleList()
        inside = STEM_CHANNELS
        for (out, kernel, stride, expansion), stage_wides in zip(STAGES, wides, strict=True):
            stage = []
            for index, wide in enumerate(stage_wides):
                channels, step = ((inside, out), stride) if index == 0 else ((out, out), 1)
                stage.append(Block(channels, kernel=kernel, stride=step, wide=wide, expand=expansion > 1))
            self.stages.append(nn.Sequential(*stage))
            inside = out

    def block_list(self) -> list[Block]:
        """All blocks in the order of the picture's way."""
        return [module for module in self.modules() if isinstance(module, Block)]

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Takes x (N, 3, H, W), normalised -> (N, 40, H/8, W/8), (N, 112, H/16, W/16), (N, 192, H/32, W/32)."""
        x = self.stem(x)
        levels = []
        for index, stage in enumerate(self.stages):
            x = stage(x)
            if index in LEVEL_STAGES:
                levels.append(x)
        return levels[0], levels[1], levels[2]
