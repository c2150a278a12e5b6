"""One pass over the pictures: what the detector sees in each, and how every box looks."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from detector.cleaning.embedding import Embedder, crop, embed
from detector.data.cache import read_picture
from detector.data.pictures import Picture
from detector.evaluation.ap import overlaps
from detector.runtime.protocol import Detector

BACKGROUNDS = 2  # places without anybody, looked for in each picture
EMPTY_IOU, EMPTY_SCORE = 0.1, 0.1  # such a place overlaps neither a label nor a box of this score by more
MISSED_SCORE = 0.5  # a box that no label knows is looked at from here on
LABEL, BACKGROUND, SEEN = 0, 1, 2


@dataclass(frozen=True, eq=False)
class Table:
    """N boxes of all pictures.

    Attributes:
        kind: (N,) LABEL (a person's box), BACKGROUND (a place without anybody) or SEEN (only the detector knows it).
        picture: (N,) which picture.
        person: (N,) which of its people, for labels; -1 else.
        boxes: (N, 4) xyxy px.
        embeddings: (N, D) float32 of length 1.
        support: (N,) the best score of a detection that overlaps by SUPPORT_IOU.
        fits: (N,) the best overlap (IoU) with a detection of at least EMPTY_SCORE.
        fit_boxes: (N, 4) that detection; zeros where none overlaps.
        fit_scores: (N,) its score.
    """

    kind: NDArray[np.int64]
    picture: NDArray[np.int64]
    person: NDArray[np.int64]
    boxes: NDArray[np.float32]
    embeddings: NDArray[np.float32]
    support: NDArray[np.float64]
    fits: NDArray[np.float64]
    fit_boxes: NDArray[np.float32]
    fit_scores: NDArray[np.float64]


SUPPORT_IOU = 0.45


class Gathering:
    """Rows of the table while they come; the crops are looked at in batches and forgotten."""

    def __init__(
        self, pictures: list[Picture], detector: Detector, rng: np.random.Generator, *, progress: bool
    ) -> None:
        self.pictures, self.detector, self.rng, self.progress = pictures, detector, rng, progress
        boxes = [p.people.boxes[:, 2:] - p.people.boxes[:, :2] for p in pictures if len(p.people.boxes)]
        self.sides = np.concatenate(boxes) if boxes else np.zeros((0, 2), np.float32)
        self.rows: list[tuple[int, int, int, NDArray[np.float32]]] = []
        self.views: list[tuple[float, float, NDArray[np.float32], float]] = []

    def crops(self) -> Iterator[NDArray[np.uint8]]:
        """Every crop; rows and views grow beside it."""
        for index, picture in enumerate(tqdm(self.pictures, unit="picture", disable=not self.progress)):
            image = read_picture(picture)
            seen = self.detector.detect(image, float(index))
            real = np.flatnonzero(picture.people.weights > 0)
            found = [(LABEL, int(k), picture.people.boxes[k]) for k in real]
            found += [(BACKGROUND, -1, box) for box in self._empty_places(picture, seen.boxes, seen.scores)]
            found += [(SEEN, -1, box) for box in unknown_boxes(picture, seen.boxes, seen.scores)]
            for kind, person, box in found:
                self.rows.append((kind, index, person, box))
                self.views.append(_view(box, seen.boxes, seen.scores))
                yield crop(image, box)

    def table(self, embedder: Embedder) -> Table:
        """Everything gathered."""
        embeddings = embed(embedder, self.crops())
        boxes = np.array([row[3] for row in self.rows], np.float32).reshape(-1, 4)
        columns = np.array([row[:3] for row in self.rows], np.int64).reshape(-1, 3)
        numbers = np.array([(view[0], view[1], view[3]) for view in self.views]).reshape(-1, 3)
        fit_boxes = np.array([view[2] for view in self.views], np.float32).reshape(-1, 4)
        return Table(
            kind=columns[:, 0],
            picture=columns[:, 1],
            person=columns[:, 2],
            boxes=boxes,
            embeddings=embeddings,
            support=numbers[:, 0],
            fits=numbers[:, 1],
            fit_boxes=fit_boxes,
            fit_scores=numbers[:, 2],
        )

    def _empty_places(
        self, picture: Picture, boxes: NDArray[np.float32], scores: NDArray[np.float32]
    ) -> Iterator[NDArray[np.float32]]:
        taken = np.concatenate([picture.people.boxes, boxes[scores >= EMPTY_SCORE]])
        size = np.array(picture.size_px)
        for _ in range(BACKGROUNDS if len(self.sides) else 0):
            sides = np.minimum(self.sides[self.rng.integers(len(self.sides))], size * 0.9)
            corner = self.rng.uniform(0, size - sides)
            box = np.concatenate([corner, corner + sides]).astype(np.float32)
            if overlaps(box[None], taken)[0].max(initial=0) <= EMPTY_IOU:
                yield box


def unknown_boxes(picture: Picture, boxes: NDArray[np.float32], scores: NDArray[np.float32]) -> NDArray[np.float32]:
    """Detections (M, 4) that no label knows, ignore boxes among the labels."""
    likely = boxes[scores >= MISSED_SCORE]
    if not len(picture.people.boxes) or not len(likely):
        return likely
    iou, inside = overlaps(likely, picture.people.boxes)
    unknown: NDArray[np.float32] = likely[(iou.max(1) < 0.25) & (inside.max(1) < 0.6)]
    return unknown


def _view(
    box: NDArray[np.float32], boxes: NDArray[np.float32], scores: NDArray[np.float32]
) -> tuple[float, float, NDArray[np.float32], float]:
    """(support, best overlap, that detection, its score) of one box."""
    if not len(boxes):
        return 0.0, 0.0, np.zeros(4, np.float32), 0.0
    iou = overlaps(box[None], boxes)[0][0]
    support = float(np.where(iou >= SUPPORT_IOU, scores, 0.0).max())
    clear = np.where(scores >= EMPTY_SCORE, iou, 0.0)
    best = int(clear.argmax())
    if clear[best] <= 0:
        return support, 0.0, np.zeros(4, np.float32), 0.0
    return support, float(clear[best]), boxes[best], float(scores[best])
