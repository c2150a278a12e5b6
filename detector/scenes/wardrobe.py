"""Colours and patterns of skin, hair and clothes, drawn by a passed generator. Linear RGB, 0 to 1."""

from dataclasses import dataclass

import numpy as np

Colour = tuple[float, float, float]


@dataclass(frozen=True)
class Style:
    """pattern: 0 plain, 1 stripes, 2 checks, 3 open jacket over a shirt, 4 a print on the chest."""

    skin: Colour
    hair: Colour
    top: Colour
    bottom: Colour
    shoes: Colour
    accent: Colour
    pattern: int = 0
    seed: float = 0.0

    def palette(self) -> list[Colour]:
        """In the order of the parts of garments.py."""
        lips = (self.skin[0] * 0.85, self.skin[1] * 0.55, self.skin[2] * 0.55)
        worn = [self.skin, self.hair, self.top, self.bottom, self.shoes, (0.05, 0.04, 0.04), lips]
        return [*worn, TRAY, PLATE, FOOD]


def linear(red: int, green: int, blue: int) -> Colour:
    """From the 0 to 255 of a colour picker."""
    r, g, b = ((c / 255) ** 2.2 for c in (red, green, blue))
    return (r, g, b)


SKINS = tuple(linear(*c) for c in ((222, 180, 155), (205, 160, 132), (184, 136, 108), (150, 104, 80), (110, 76, 58)))
HAIRS = tuple(linear(*c) for c in ((38, 28, 24), (66, 46, 34), (104, 76, 50), (158, 124, 82), (140, 138, 136)))
TOPS = tuple(
    linear(*c)
    for c in (
        (214, 214, 208), (52, 60, 78), (122, 44, 46), (70, 96, 130), (96, 108, 84), (36, 36, 40),
        (168, 150, 120), (196, 172, 92), (60, 104, 100), (150, 152, 158), (188, 106, 70), (104, 82, 116),
    )
)  # fmt: skip
BOTTOMS = tuple(
    linear(*c) for c in ((44, 52, 72), (36, 36, 40), (72, 84, 108), (118, 104, 84), (84, 82, 82), (60, 52, 46))
)
SHOES = tuple(linear(*c) for c in ((34, 32, 32), (78, 56, 42), (196, 194, 190), (56, 60, 70)))


TRAY, PLATE, FOOD = linear(96, 82, 70), linear(232, 230, 224), linear(176, 108, 48)


def random_style(rng: np.random.Generator) -> Style:
    """Anybody's clothes."""

    def one(choices: tuple[Colour, ...]) -> Colour:
        base = choices[rng.integers(len(choices))]
        shade = rng.uniform(0.8, 1.2)
        r, g, b = (float(min(1.0, c * shade)) for c in base)
        return (r, g, b)

    return Style(
        skin=one(SKINS), hair=one(HAIRS), top=one(TOPS), bottom=one(BOTTOMS), shoes=one(SHOES), accent=one(TOPS),
        pattern=int(rng.choice(5, p=[0.44, 0.12, 0.10, 0.20, 0.14])), seed=float(rng.uniform(0, 40)),
    )  # fmt: skip


def uniform_style(rng: np.random.Generator) -> Style:
    """Staff: a dark green apron-like top."""
    base = random_style(rng)
    return Style(
        skin=base.skin, hair=base.hair, top=linear(46, 84, 66), bottom=linear(38, 38, 42), shoes=SHOES[0],
        accent=linear(220, 220, 214), pattern=0, seed=base.seed,
    )  # fmt: skip
