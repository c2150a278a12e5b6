"""A detector, as it is deployed, scored on labelled pictures."""

import math
import time
from collections import defaultdict
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from detector.data.cache import read_picture
from detector.data.pictures import People, Picture
from detector.evaluation.ap import Scored, average_precision, match, overlaps
from detector.evaluation.coco import coco_precision
from detector.evaluation.miss_rate import log_average_miss_rate
from detector.evaluation.occlusion import LEVELS, hidden_shares
from detector.runtime.detections import Detections
from detector.runtime.protocol import Detector

SIZES_PX = {"under 32 px": (0, 32), "32 to 96 px": (32, 96), "over 96 px": (96, 10**9)}  # height of the person
DENSE_IOU, DENSE_OTHERS = 0.2, 2  # in a dense line: at least two others overlap this much


@dataclass
class Tally:
    """Sums over pictures, by key."""

    rows: dict[str, Scored] = field(default_factory=lambda: defaultdict(list))
    people: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    found: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    wanted: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    count_errors: list[int] = field(default_factory=list)
    ms: list[float] = field(default_factory=list)
    dense_rows: Scored = field(default_factory=list)


@dataclass(frozen=True, eq=False)
class Evaluation:
    """What a detector is worth on a set.

    Attributes:
        ap50: by source and in all ("all").
        people: how many there were, likewise.
        recall: share found at the working threshold, by size, by how much others hide, and in dense lines.
        count_error, count_bias: per picture at the working threshold, mean absolute and mean signed.
        ms: median wall time of detect() a picture.
        detections: by file.
        ap50_95: COCO's AP over IoU 0.5 to 0.95, and `coco_ap50` its AP50; NaN where faster-coco-eval is missing.
        mr2: log-average miss rate.
        ap_dense: AP50 of the people in dense lines alone: the others are neither right nor wrong.
    """

    ap50: dict[str, float]
    people: dict[str, int]
    recall: dict[str, float]
    count_error: float
    count_bias: float
    ms: float
    detections: dict[str, Detections]
    ap50_95: float = math.nan
    coco_ap50: float = math.nan
    mr2: float = math.nan
    ap_dense: float = math.nan


def evaluate(detector: Detector, pictures: list[Picture], *, threshold: float, progress: bool = True) -> Evaluation:
    """Runs a detector (opened at a low score, so that the whole curve is seen) over pictures and scores it."""
    tally = Tally()
    detections = {}
    for index, picture in enumerate(tqdm(pictures, unit="picture", disable=not progress)):
        image = read_picture(picture)
        started = time.perf_counter()
        seen = detector.detect(image, float(index))
        tally.ms.append((time.perf_counter() - started) * 1e3)
        detections[picture.file] = seen
        add_picture(tally, seen, picture, threshold)
    ap50_95, coco_ap50 = coco_precision(pictures, detections) or (math.nan, math.nan)
    return Evaluation(
        ap50={key: average_precision(rows, tally.people[key]) for key, rows in sorted(tally.rows.items())},
        people=dict(sorted(tally.people.items())),
        recall={key: tally.found[key] / wanted for key, wanted in sorted(tally.wanted.items())},
        count_error=float(np.mean(np.abs(tally.count_errors))),
        count_bias=float(np.mean(tally.count_errors)),
        ms=float(np.median(tally.ms)),
        detections=detections,
        ap50_95=ap50_95,
        coco_ap50=coco_ap50,
        mr2=log_average_miss_rate(tally.rows["all"], tally.people["all"], len(pictures)),
        ap_dense=average_precision(tally.dense_rows, tally.wanted["in dense lines"]),
    )


def add_picture(tally: Tally, seen: Detections, picture: Picture, threshold: float) -> None:
    """Takes one picture into the sums."""
    rows, _ = match(seen.boxes, seen.scores, picture.people)
    real = picture.people.weights > 0
    for key in ("all", picture.source):
        tally.rows[key].extend(rows)
        tally.people[key] += int(real.sum())
    sure = seen.scores >= threshold
    sure_rows, found = match(seen.boxes[sure], seen.scores[sure], picture.people)
    tally.count_errors.append(len(sure_rows) - int(real.sum()))
    tally.dense_rows.extend(match(seen.boxes, seen.scores, _dense_only(picture.people))[0])
    for key, group in _groups(picture.people).items():
        tally.wanted[key] += int((group & real).sum())
        tally.found[key] += int((group & real & found).sum())


def _groups(people: People) -> dict[str, NDArray[np.bool_]]:
    """Which people belong to which line of the recall table."""
    heights = people.boxes[:, 3] - people.boxes[:, 1]
    groups = {name: (heights >= low) & (heights < high) for name, (low, high) in SIZES_PX.items()}
    groups["in dense lines"] = _dense(people)
    hidden = hidden_shares(people.boxes)
    groups |= {name: (hidden >= low) & (hidden < high) for name, (low, high) in LEVELS.items()}
    groups["all"] = np.ones(len(heights), bool)
    return {name: group for name, group in groups.items() if group.any()}


def _dense(people: People) -> NDArray[np.bool_]:
    iou, _ = overlaps(people.boxes, people.boxes)
    others = (iou >= DENSE_IOU).sum(1) - 1
    return np.asarray((others >= DENSE_OTHERS) & (people.weights > 0))


def _dense_only(people: People) -> People:
    """The same boxes; whoever is in no dense line is neither right nor wrong."""
    return replace(people, weights=np.where(_dense(people), people.weights, 0.0).astype(np.float32))
