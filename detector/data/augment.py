"""Training pictures onto the canvas: scale, shift, flip, colour, mosaic.

Every picture is warped once, straight from its decoded form onto the canvas; all chance comes from the generator.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from detector.data.pictures import People, join

FILL = 114  # grey of places without picture, as the runtime's letterbox has it
LEAST_SIDE_PX = 4.0  # smaller people teach nothing but noise
SEEN_SHARE = 0.25  # of a person's box that must be left inside to be learnt as one; less is neither right nor wrong


@dataclass(frozen=True)
class Augmentation:
    """How strongly pictures are changed; the scales are times the scale that fits the picture into the canvas.

    `lines` is the share of pictures that get a composed line of people (lines.py; needs cut-out masks), `things` the
    share of these lines of whom somebody stands behind a thing.
    """

    mosaic: float = 0.5
    scale_low: float = 0.6
    scale_high: float = 1.6
    aspect: float = 0.12
    shift: float = 0.15
    colour: float = 1.0
    lines: float = 0.0
    things: float = 0.0


@dataclass(frozen=True, eq=False)
class Sample:
    """A canvas and its people: image (H, W, 3) uint8 RGB, boxes in canvas pixels."""

    image: NDArray[np.uint8]
    people: People


Source = tuple[NDArray[np.uint8], People]


def compose(sources: list[Source], canvas: tuple[int, int], settings: Augmentation, rng: np.random.Generator) -> Sample:
    """One source fills the canvas (width, height), four make a mosaic."""
    width, height = canvas
    image = np.full((height, width, 3), FILL, np.uint8)
    if len(sources) == 1:
        people = _paste(image, (0, 0, width, height), sources[0], settings, rng)
    else:
        x, y = (round(side * rng.uniform(0.35, 0.65)) for side in canvas)
        quarters = [(0, 0, x, y), (x, 0, width, y), (0, y, x, height), (x, y, width, height)]
        people = join(
            [_paste(image, part, source, settings, rng) for part, source in zip(quarters, sources, strict=True)]
        )
    return Sample(_recolour(image, settings.colour, rng), people)


def _paste(
    image: NDArray[np.uint8],
    part: tuple[int, int, int, int],
    source: Source,
    settings: Augmentation,
    rng: np.random.Generator,
) -> People:
    """Warps a source into one part (x1, y1, x2, y2) of the canvas; gives its people there."""
    picture, people = source
    x1, y1, x2, y2 = part
    width, height = x2 - x1, y2 - y1
    matrix = _random_matrix(picture.shape[:2], (width, height), settings, rng)
    shrunk, matrix = _shrink(picture, matrix)
    image[y1:y2, x1:x2] = cv2.warpAffine(
        shrunk, matrix, (width, height), flags=cv2.INTER_LINEAR, borderValue=(FILL, FILL, FILL)
    )
    people = _clip(_move(people, matrix, picture.shape[1] / shrunk.shape[1]), (width, height))
    corner = np.array([x1, y1, x1, y1], np.float32)
    return People(people.boxes + corner, people.weights, people.heads + corner, people.head_weights)


def _random_matrix(
    shape: tuple[int, int], part: tuple[int, int], settings: Augmentation, rng: np.random.Generator
) -> NDArray[np.float64]:
    """(2, 3) picture pixels to part pixels: fit, then random scale, aspect, flip and shift.

    The scale to start from lies halfway between fitting inside and covering: most of a canvas should be picture.
    """
    height, width = shape
    fit = min(part[0] / width, part[1] / height) ** 0.7 * max(part[0] / width, part[1] / height) ** 0.3
    scale = fit * np.exp(rng.uniform(np.log(settings.scale_low), np.log(settings.scale_high)))
    stretch = np.exp(rng.uniform(-settings.aspect, settings.aspect) / 2)
    sx, sy = scale * stretch, scale / stretch
    slack_x, slack_y = part[0] - width * sx, part[1] - height * sy  # negative: the picture is larger than the part
    left = slack_x * rng.uniform(0, 1) + part[0] * rng.uniform(-settings.shift, settings.shift)
    top = slack_y * rng.uniform(0, 1) + part[1] * rng.uniform(-settings.shift, settings.shift)
    if rng.random() < 0.5:
        return np.array([[-sx, 0, left + width * sx], [0, sy, top]])
    return np.array([[sx, 0, left], [0, sy, top]])


def _shrink(picture: NDArray[np.uint8], matrix: NDArray[np.float64]) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """Halves a picture that will become far smaller, by area, so that bilinear sampling does not alias."""
    if max(abs(matrix[0, 0]), abs(matrix[1, 1])) > 0.6:
        return picture, matrix
    half = cv2.resize(picture, (picture.shape[1] // 2, picture.shape[0] // 2), interpolation=cv2.INTER_AREA)
    ratio = np.array([picture.shape[1] / half.shape[1], picture.shape[0] / half.shape[0], 1.0])
    return np.asarray(half, np.uint8), matrix * ratio


def _move(people: People, matrix: NDArray[np.float64], shrunk: float) -> People:
    """Boxes through the matrix; `shrunk` is how many picture pixels one pixel of the matrix's source has."""

    def through(boxes: NDArray[np.float32]) -> NDArray[np.float32]:
        x = boxes[:, [0, 2]] / shrunk * matrix[0, 0] + matrix[0, 2]
        y = boxes[:, [1, 3]] / shrunk * matrix[1, 1] + matrix[1, 2]
        x.sort(axis=1)  # a flip swaps left and right
        return np.stack([x[:, 0], y[:, 0], x[:, 1], y[:, 1]], 1).astype(np.float32)

    return People(through(people.boxes), people.weights, through(people.heads), people.head_weights)


def _clip(people: People, part: tuple[int, int]) -> People:
    """Cuts boxes at the part's border; people nearly outside become ignore boxes, those outside go."""
    bounds = np.array([*part, *part], np.float32)
    boxes = people.boxes.clip(0, bounds)
    sides = boxes[:, 2:] - boxes[:, :2]
    area = (people.boxes[:, 2:] - people.boxes[:, :2]).prod(1)
    seen = sides.prod(1) / np.maximum(area, 1e-6)
    weights = np.where((seen < SEEN_SHARE) | (sides.min(1) < LEAST_SIDE_PX), 0.0, people.weights).astype(np.float32)
    heads = people.heads.clip(0, bounds)
    head_sides = heads[:, 2:] - heads[:, :2]
    head_area = (people.heads[:, 2:] - people.heads[:, :2]).prod(1)
    head_seen = head_sides.prod(1) > 0.5 * np.maximum(head_area, 1e-6)
    head_weights = np.where(head_seen, people.head_weights, 0.0).astype(np.float32)
    return People(boxes, weights, heads, head_weights).take(sides.min(1) > 1.0)


def _recolour(image: NDArray[np.uint8], strength: float, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Gamma, brightness, contrast and colour cast by one table a channel; now and then less colour or none."""
    if strength <= 0:
        return image
    ramp = np.arange(256) / 255.0
    gamma = np.exp(rng.uniform(-0.35, 0.35) * strength)
    contrast, brightness = 1 + rng.uniform(-0.25, 0.25) * strength, rng.uniform(-0.12, 0.12) * strength
    curve = (ramp**gamma - 0.5) * contrast + 0.5 + brightness
    cast = 1 + rng.uniform(-0.1, 0.1, 3) * strength
    table = (curve[:, None] * cast * 255).clip(0, 255).astype(np.uint8).reshape(1, 256, 3)
    image = np.asarray(cv2.LUT(image, table), np.uint8)
    saturation = rng.uniform(0.4, 1.0) if rng.random() < 0.5 else 1.0
    saturation = 0.0 if rng.random() < 0.08 else saturation
    if saturation < 1.0:
        grey = cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
        image = np.asarray(cv2.addWeighted(image, saturation, grey, 1 - saturation, 0), np.uint8)
    return image
