"""Lines of people composed from cut-outs: what cameras at queues see most and data sets hold least.

A picture gets three to seven people of whom each hides a part of the next, along a straight line on the floor, smaller
with distance. Some stand behind a thing (a counter, a trolley): a piece of the picture that hides them below the hip.
Boxes hold what stays visible; whoever is nearly hidden, in the line or behind it, becomes an ignore box.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from detector.data.cache import read_picture
from detector.data.pictures import People, Picture, Row, join, people_of

FEWEST, MOST = 3, 7
HEIGHT_SHARE = (0.25, 0.7)  # of the picture's height, for the nearest
SPACING = (0.25, 0.7)  # of a person's width, from one to the next
SHRINK = (0.75, 1.0)  # the farthest's height over the nearest's
THING_WIDTH = (0.4, 1.5)  # of the tallest's height
THING_TOP = (0.35, 0.65)  # of the height of whoever it stands before
PIECE_TRIES = 8
LEAST_VISIBLE = 0.25  # of a cut-out; less is an ignore box
LEAST_HEIGHT_PX = 60  # of a cut-out in its own picture
MOST_VALUES = 100  # people in one mask; brighter ones are shades of a single person's edge
Source = tuple[NDArray[np.uint8], People]


@dataclass(frozen=True, eq=False)
class CutOut:
    """One person: image (H, W, 3) uint8 RGB, mask (H, W) uint8 0 or 255, head x y w h in its pixels or None."""

    image: NDArray[np.uint8]
    mask: NDArray[np.uint8]
    head: tuple[float, float, float, float] | None


def read_cutouts(pictures: list[Picture], folder: Path, most: int, rng: np.random.Generator) -> list[CutOut]:
    """Cut-outs of these pictures' people from the masks in a folder.

    NAME.png belongs to the picture NAME.*: 1 to n, one a person, or 255 for the only one (softer at its edge).
    """
    named = [picture for picture in pictures if (folder / f"{picture.path.stem}.png").exists()]
    chosen = [named[index] for index in sorted(rng.permutation(len(named))[:most])]
    return [cut for picture in chosen for cut in _of_picture(picture, folder)]


def _of_picture(picture: Picture, folder: Path) -> list[CutOut]:
    image, labels = read_picture(picture), cv2.imread(str(folder / f"{picture.path.stem}.png"), cv2.IMREAD_GRAYSCALE)
    if labels is None or labels.shape != image.shape[:2]:
        return []
    if labels.max() > MOST_VALUES:
        labels = (labels > 127).astype(np.uint8)
    cuts = []
    for value in range(1, int(labels.max()) + 1):
        ys, xs = np.nonzero(labels == value)
        if not len(ys) or ys.max() - ys.min() < LEAST_HEIGHT_PX or ys.max() >= len(labels) - 2:  # cut off at the feet
            continue
        x1, y1, x2, y2 = int(xs.min()), int(ys.min()), int(xs.max()) + 1, int(ys.max()) + 1
        mask = np.where(labels[y1:y2, x1:x2] == value, 255, 0).astype(np.uint8)
        cuts.append(CutOut(image[y1:y2, x1:x2].copy(), mask, _head(picture.people, (x1, y1, x2, y2))))
    return cuts


def _head(people: People, box: tuple[int, int, int, int]) -> tuple[float, float, float, float] | None:
    """The head annotated for whoever fits the box, in the box's own pixels."""
    if not len(people.boxes):
        return None
    person = int(np.abs(people.boxes - np.array(box)).max(1).argmin())
    if np.abs(people.boxes[person] - np.array(box)).max() > 12 or people.head_weights[person] <= 0:
        return None
    x1, y1, x2, y2 = (float(v) for v in people.heads[person])
    return x1 - box[0], y1 - box[1], x2 - x1, y2 - y1


def with_line(source: Source, cutouts: Sequence[CutOut], rng: np.random.Generator, *, things: float = 0.0) -> Source:
    """The picture (H, W, 3) with a line of people before it, and everybody's boxes.

    Args:
        source: picture and its people.
        cutouts: whom to take.
        rng: all chance.
        things: share of the lines of whom somebody stands behind a thing.
    """
    image, people = source[0].copy(), source[1]
    height, width = image.shape[:2]
    count = int(rng.integers(FEWEST, MOST + 1))
    tall = rng.uniform(*HEIGHT_SHARE) * height
    shrink, spacing = rng.uniform(*SHRINK), rng.uniform(*SPACING)
    side = rng.choice([-1.0, 1.0])
    foot = np.array([rng.uniform(0.15, 0.85) * width, rng.uniform(max(0.55, tall / height), 1.0) * height])
    owner = np.zeros((height, width), np.int16)  # who is seen at a pixel: 0 the picture, else the number in the line
    placed: list[tuple[int, int, Row]] = []  # number, pixels of the whole cut-out, row
    sizes = tall * shrink ** (np.arange(count)[::-1] / max(1, count - 1))  # farthest first
    feet = foot + np.arange(count)[::-1, None] * np.array([side * spacing * tall * 0.4, -(1 - shrink) * tall * 0.15])
    for number, (size, place) in enumerate(zip(sizes, feet, strict=True), 1):
        cut = cutouts[int(rng.integers(len(cutouts)))]
        row = _paste(image, owner, cut, (number, float(size), place), rng)
        placed += [row] if row is not None else []
    piece = _piece_without_people(source, rng) if things > 0 and rng.random() < things else None
    if piece is not None:
        whom = int(rng.integers(count))
        _hide(image, owner, piece, (count + 1, float(sizes[whom]), feet[whom]), rng)
    line = [_visible(owner, *row) for row in placed]
    return image, join([_behind(people, owner), people_of([row for row in line if row is not None])])


def _paste(
    image: NDArray[np.uint8],
    owner: NDArray[np.int16],
    cut: CutOut,
    at: tuple[int, float, NDArray[np.float64]],
    rng: np.random.Generator,
) -> tuple[int, int, Row] | None:
    """Puts a cut-out of a height on its foot point; gives its number, its pixels, and its row with the head."""
    number, size, foot = at
    scale = size / cut.mask.shape[0]
    mirrored = rng.random() < 0.5
    flip = -scale if mirrored else scale
    left = foot[0] + (cut.mask.shape[1] * scale / 2 if mirrored else -cut.mask.shape[1] * scale / 2)
    matrix = np.array([[flip, 0, left], [0, scale, foot[1] - size]])
    shape = (image.shape[1], image.shape[0])
    alpha = cv2.warpAffine(cut.mask, matrix, shape, flags=cv2.INTER_AREA)
    colour = cv2.warpAffine(cut.image, matrix, shape, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    seen = alpha > 127
    if not seen.any():
        return None
    light = np.clip(colour * rng.uniform(0.75, 1.25), 0, 255)
    share = cv2.GaussianBlur(alpha, (3, 3), 0)[..., None] / 255.0
    image[:] = np.clip(light * share + image * (1 - share), 0, 255).astype(np.uint8)
    owner[seen] = number
    head = None
    if cut.head is not None:
        x, y, wide, high = cut.head
        head = [left + flip * (x + wide if mirrored else x), foot[1] - size + y * scale, wide * scale, high * scale]
    whole = int((cut.mask > 127).sum() * scale**2)
    return number, max(whole, 1), ([0.0] * 4, 1.0, head, 1.0 if head is not None else 0.0)


def _hide(
    image: NDArray[np.uint8],
    owner: NDArray[np.int16],
    piece: NDArray[np.uint8],
    at: tuple[int, float, NDArray[np.float64]],
    rng: np.random.Generator,
) -> None:
    """Puts a thing that looks like the piece before whoever has a height and a foot point, from the hip down."""
    number, size, foot = at
    wide, high = rng.uniform(*THING_WIDTH) * size, rng.uniform(*THING_TOP) * size
    left = foot[0] - wide * rng.uniform(0.25, 0.75)
    below = foot[1] + rng.uniform(0.0, 0.15) * size
    x1, y1 = max(int(left), 0), max(int(foot[1] - high), 0)
    x2, y2 = min(int(left + wide), image.shape[1]), min(int(below), image.shape[0])
    if x2 - x1 >= 4 and y2 - y1 >= 4:
        thing = cv2.resize(piece, (x2 - x1, y2 - y1), interpolation=cv2.INTER_AREA)
        image[y1:y2, x1:x2] = np.clip(thing * rng.uniform(0.6, 1.2), 0, 255).astype(np.uint8)
        owner[y1:y2, x1:x2] = number


def _piece_without_people(source: Source, rng: np.random.Generator) -> NDArray[np.uint8] | None:
    """A part of a picture in which nobody is; None where a few tries find none."""
    image, people = source
    size = np.array([image.shape[1], image.shape[0]])
    for _ in range(PIECE_TRIES):
        wide, high = np.maximum(4, size * rng.uniform(0.15, 0.5))
        x, y = rng.uniform(0, 1, 2) * (size - (wide, high))
        boxes = people.boxes
        if not ((boxes[:, 0] < x + wide) & (boxes[:, 2] > x) & (boxes[:, 1] < y + high) & (boxes[:, 3] > y)).any():
            return image[int(y) : int(y + high), int(x) : int(x + wide)]
    return None


def _visible(owner: NDArray[np.int16], number: int, whole: int, row: Row) -> Row | None:
    """The row with the box of what is still seen; None where nothing is."""
    ys, xs = np.nonzero(owner == number)
    if len(ys) < 12:
        return None
    box = [float(xs.min()), float(ys.min()), float(np.ptp(xs) + 1), float(np.ptp(ys) + 1)]
    weight = 1.0 if len(ys) / whole >= LEAST_VISIBLE else 0.0
    head, head_weight = row[2], row[3]
    if head is not None:
        x, y, wide, high = (round(v) for v in head)
        part = owner[max(y, 0) : max(y + high, 0), max(x, 0) : max(x + wide, 0)]
        if not part.size or (part == number).mean() < 0.3:
            head, head_weight = None, 0.0
    return box, weight, head, head_weight


def _behind(people: People, owner: NDArray[np.int16]) -> People:
    """Those who were there: mostly hidden by the line they become ignore boxes, wholly hidden they go."""
    hidden = np.array(
        [
            (owner[max(int(y1), 0) : int(y2) + 1, max(int(x1), 0) : int(x2) + 1] > 0).mean()
            for x1, y1, x2, y2 in people.boxes
        ]
    )
    if not len(hidden):
        return people
    weights = np.where(hidden > 0.6, 0.0, people.weights).astype(np.float32)
    head_weights = np.where(hidden > 0.3, 0.0, people.head_weights).astype(np.float32)
    return People(people.boxes, weights, people.heads, head_weights).take(hidden < 0.9)
