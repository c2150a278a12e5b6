"""Recipes: everything that decides a training run, saved whole in its checkpoints."""

from dataclasses import asdict, dataclass, field, replace
from typing import Any

from detector.data.augment import Augmentation
from detector.training.losses import LossWeights


@dataclass(frozen=True)
class Recipe:
    """One training run.

    Attributes:
        network: name for detector.model.network.build_network.
        canvas: (width, height) px, multiples of 32.
        epochs, batch: as usual; the last batch of an epoch is dropped when it is short.
        trunk_rate, rate: AdamW's learning rates for the pretrained trunk and for the rest.
        frozen_stages: stem and so many stages of the trunk do not learn; 0: everything learns.
        plain_epochs: at the end, without mosaic and with mild scales.
        head_branch: whether heads are learnt beside bodies.
        teacher_sure, teacher_maybe: a teacher's unlabelled box above `sure` becomes a soft label, above `maybe` an
            ignore box.
        guided: the run it starts from stays beside it as a guide (guide.py).
        stem_epochs: so many epochs first in which only the way to the first level learns, from the guide alone.
        needs_start: starts from another run's weights (Run.start) and from nothing else.
        bf16: mixed precision by bfloat16 autocast (weights and losses stay float32).
    """

    network: str
    canvas: tuple[int, int]
    epochs: int
    batch: int = 16
    rate: float = 1e-3
    trunk_rate: float = 3e-4
    weight_decay: float = 0.02
    warm_up_steps: int = 300
    final_rate_share: float = 0.02
    clip_norm: float = 10.0
    ema_decay: float = 0.999
    frozen_stages: int = 2
    pretrained: bool = True
    plain_epochs: int = 3
    augmentation: Augmentation = field(default_factory=Augmentation)
    plain: Augmentation = field(
        default_factory=lambda: Augmentation(mosaic=0.0, scale_low=0.8, scale_high=1.25, shift=0.08, colour=0.5)
    )
    loss: LossWeights = field(default_factory=LossWeights)
    head_branch: bool = True
    teacher_sure: float = 0.45
    teacher_maybe: float = 0.25
    evaluate_every: int = 3
    bf16: bool = True
    guided: bool = False
    stem_epochs: int = 0
    needs_start: bool = False
    seed: int = 0

    def as_dict(self) -> dict[str, Any]:
        """Plain data, for checkpoints and logs."""
        return asdict(self)

    def with_epochs(self, epochs: int) -> "Recipe":
        """The same recipe, longer or shorter."""
        return replace(self, epochs=epochs, plain_epochs=min(self.plain_epochs, max(0, epochs - 1)))

    def with_lines(self, share: float) -> "Recipe":
        """The same recipe with another share of pictures that get a composed line of people."""
        mixed, plain = (replace(part, lines=share) for part in (self.augmentation, self.plain))
        return replace(self, augmentation=mixed, plain=plain)


TINY = Recipe(  # for tests
    network="tiny",
    canvas=(96, 64),
    epochs=2,
    batch=2,
    warm_up_steps=2,
    frozen_stages=0,
    pretrained=False,
    bf16=False,
    plain_epochs=1,
)

N_QUICK = Recipe(  # starts from a run of n
    network="n-quick",
    canvas=(416, 256),
    epochs=12,
    rate=1.5e-3,
    trunk_rate=3e-4,
    warm_up_steps=100,
    frozen_stages=0,
    pretrained=False,
    head_branch=False,
    guided=True,
    stem_epochs=4,
    evaluate_every=4,
    needs_start=True,
)

RECIPES = {
    "n": Recipe(network="n", canvas=(416, 256), epochs=18),
    "n-narrow": Recipe(  # starts from a run of n
        network="n-narrow",
        canvas=(416, 256),
        epochs=2,
        rate=2e-4,
        trunk_rate=1e-4,
        warm_up_steps=60,
        ema_decay=0.995,
        pretrained=False,
        plain_epochs=2,
        head_branch=False,
        needs_start=True,
    ),
    "n-quick": N_QUICK,
    "n-quick-lines": replace(  # a run of n-quick trained on with composed lines, guided by a run of n or s
        N_QUICK,
        epochs=2,
        rate=5e-4,
        trunk_rate=2e-4,
        warm_up_steps=60,
        plain_epochs=1,
        augmentation=Augmentation(lines=0.25, things=0.5),
        plain=Augmentation(mosaic=0.0, scale_low=0.8, scale_high=1.25, shift=0.08, colour=0.5, lines=0.15, things=0.5),
        stem_epochs=0,
        evaluate_every=1,
    ),
    "s": Recipe(  # the network of n on a larger canvas; starts from a run of n or of s
        network="n",
        canvas=(640, 384),
        epochs=6,
        rate=4e-4,
        trunk_rate=1.2e-4,
        warm_up_steps=120,
        pretrained=False,
        plain_epochs=2,
        evaluate_every=2,
        needs_start=True,
    ),
    "tiny": TINY,
    "tiny-quick": replace(TINY, network="tiny-quick", head_branch=False, guided=True, stem_epochs=1, needs_start=True),
}
