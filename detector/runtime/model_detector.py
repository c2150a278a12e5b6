"""What all runtimes share: letterbox in, threshold, duplicates out. A runtime adds only how a graph is run."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from detector.runtime.detections import Detections
from detector.runtime.duplicates import fade_duplicates
from detector.runtime.errors import DetectorError
from detector.runtime.letterbox import letterbox
from detector.runtime.score_scale import LEAST_SCORE, raw_of, told

FADE_FROM_IOU = 0.4  # a box that overlaps a better one this much begins to lose its score
LEAST_SIDE_PX = 1.0  # boxes thinner than this after cutting at the picture's border are nothing


class Session(Protocol):
    """One loaded graph."""

    def run(self, pictures: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """(1, H, W, 3) uint8 RGB -> boxes (1, K, 4) xyxy in canvas pixels, scores (1, K), best first."""
        ...

    def close(self) -> None:
        """Gives memory and threads back."""
        ...


@dataclass(frozen=True)
class Working:
    """How raw boxes become people.

    Attributes:
        canvas: (width, height) px of the graph's input.
        score_threshold: the raw score that is told as score_scale.WORKING_SCORE.
        duplicate_iou: two boxes that overlap this much are one person; from FADE_FROM_IOU on the worse one is doubted.
        least_score: told score below which boxes are dropped.
    """

    canvas: tuple[int, int]
    score_threshold: float
    duplicate_iou: float
    least_score: float = LEAST_SCORE


class ModelDetector:
    """Implements detector.runtime.protocol.Detector on any session."""

    def __init__(self, session: Session, working: Working, *, name: str, model_sha256: str) -> None:
        self.session, self.working = session, working
        self.name, self.model_sha256 = name, model_sha256

    def detect(self, image: NDArray[np.uint8], pts_s: float) -> Detections:
        """Finds people in one picture: (H, W, 3) uint8 RGB of any size; boxes come back in its pixels."""
        if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or image.size == 0:
            raise DetectorError(f"a picture must be (height, width, 3) uint8 RGB, got {image.shape} {image.dtype}")
        canvas, placed = letterbox(image, self.working.canvas)
        boxes, scores = self.session.run(canvas[None])
        least = raw_of(self.working.least_score, self.working.score_threshold)
        boxes, scores = boxes[0][scores[0] >= least], scores[0][scores[0] >= least]
        fade = (min(FADE_FROM_IOU, self.working.duplicate_iou - 0.01), self.working.duplicate_iou)
        keep, scores = fade_duplicates(boxes, scores, fade, least)
        boxes, scores = placed.to_picture(boxes[keep]), told(scores, self.working.score_threshold)
        seen = (boxes[:, 2:] - boxes[:, :2]).min(1, initial=np.inf) >= LEAST_SIDE_PX
        return Detections(pts_s, placed.size_px, boxes[seen], scores[seen])

    def close(self) -> None:
        """Gives memory and threads back; the detector is unusable afterwards."""
        self.session.close()
