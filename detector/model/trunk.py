"""EfficientNet-Lite0 down to stride 32: inverted residuals, ReLU6, no squeeze-and-excite (so that INT8 suits it).

The plan is that of Tan and Le (2019) as cut down for Lite in github.com/tensorflow/tpu, efficientnet/lite. The last
stage (320 channels), the block before it and the classifier are left out: they cost more time than they find people.
"""

from torch import Tensor, nn

from detector.model.layers import ConvNormRelu, StillConv

# (out channels, kernel, stride of the first block, expansion)
STAGES = ((16, 3, 1, 1), (24, 3, 2, 6), (40, 5, 2, 6), (80, 3, 2, 6), (112, 5, 1, 6), (192, 5, 2, 6))
Wides = tuple[tuple[int, ...], ...]
PlainPlan = tuple[tuple[int, int], ...]
# inner channels of every block, stage by stage: the original's (in channels times expansion) ...
LITE0: Wides = ((32,), (96, 144), (144, 240), (240, 480, 480), (480, 672, 672), (672, 1152, 1152))
# ... and those that are worth their time, see detector.training.narrow
NARROW: Wides = ((32,), (80, 128), (128, 192), (192, 384, 384), (384, 512, 512), (512, 640, 512))
# stages 0 to 2 as plain 3x3 convolutions, (channels, stride) each: on INT8 half the time of the original's; and what
# the stages after them keep, see detector.training.guide
PLAIN_STEM: PlainPlan = ((16, 2), (32, 2), (64, 2), (64, 1))
AFTER_PLAIN: Wides = ((128, 256, 256), (256, 320, 320), (320, 384, 384))
TINY_STEM: PlainPlan = ((8, 2), (8, 2), (8, 2))
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


class PlainStem(nn.Sequential):
    """Plain 3x3 convolutions down to stride 8 in the place of stages 0 to 2: big maps, where depthwise ones cost most.

    Args:
        plan: (out channels, stride) of each; a last one gives stage 2's channels, without an activation as there.
    """

    def __init__(self, plan: PlainPlan) -> None:
        layers: list[nn.Module] = []
        inside = 3
        for out, stride in plan:
            layers.append(ConvNormRelu(inside, out, stride=stride))
            inside = out
        layers.append(StillConv((inside, LEVEL_CHANNELS[0]), kernel=3, stride=1, is_depthwise=False, relu6=False))
        super().__init__(*layers)


class Trunk(nn.Module):
    """Picture to features at strides 8, 16 and 32.

    Args:
        wides: inner channels of every block, stage by stage; their number is that of the stage's blocks.
        plain: the plain stem that stands for stages 0 to 2 (wides then begin at stage 3), or empty.
    """

    def __init__(self, wides: Wides = LITE0, plain: PlainPlan = ()) -> None:
        super().__init__()
        first = LEVEL_STAGES[0] + 1 if plain else 0
        self.stem: nn.Module = (
            PlainStem(plain)
            if plain
            else StillConv((3, STEM_CHANNELS), kernel=3, stride=2, is_depthwise=False, relu6=True)
        )
        self.stages = nn.ModuleList()
        self.stage_numbers = range(first, len(STAGES))
        inside = LEVEL_CHANNELS[0] if plain else STEM_CHANNELS
        for (out, kernel, stride, expansion), stage_wides in zip(STAGES[first:], wides, strict=True):
            stage = []
            for index, wide in enumerate(stage_wides):
                channels, step = ((inside, out), stride) if index == 0 else ((out, out), 1)
                stage.append(Block(channels, kernel=kernel, stride=step, wide=wide, expand=expansion > 1))
            self.stages.append(nn.Sequential(*stage))
            inside = out

    def block_list(self) -> list[Block]:
        """All blocks in the order of the picture's way."""
        return [module for module in self.modules() if isinstance(module, Block)]

    def fine(self, x: Tensor) -> Tensor:
        """Takes x (N, 3, H, W), normalised -> (N, 40, H/8, W/8): the way to the first level only."""
        x = self.stem(x)
        for number, stage in zip(self.stage_numbers, self.stages, strict=True):
            if number <= LEVEL_STAGES[0]:
                x = stage(x)
        return x

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Takes x (N, 3, H, W), normalised -> (N, 40, H/8, W/8), (N, 112, H/16, W/16), (N, 192, H/32, W/32)."""
        x = self.fine(x)
        levels = [x]
        for number, stage in zip(self.stage_numbers, self.stages, strict=True):
            if number > LEVEL_STAGES[0]:
                x = stage(x)
                if number in LEVEL_STAGES:
                    levels.append(x)
        return levels[0], levels[1], levels[2]
