"""Tracks against tracks: HOTA, IDF1 and identity switches, all of them TrackEval's own numbers.

TrackEval is the reference code of MOTChallenge (Luiten et al. 2021, "HOTA"); we only lay its input out: the boxes seen
in each annotated picture, after those that match a "never mind" of the truth have been taken out (as its own
preprocessing of MOTChallenge does), and IoU as similarity.
"""

import contextlib
import importlib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from calibration.mot_truth import MotFrame, MotTruth, truth_pairs
from edge.association import overlap
from edge.errors import InputError
from edge.vocabulary import Tracks

IOU = 0.5  # from here on two boxes are the same person's (CLEAR and identity metrics; HOTA looks at 0.05 to 0.95)


@dataclass(frozen=True, eq=False)
class Picture:
    """One annotated picture: the truth's people that count, the machine's seen boxes, and how alike they are.

    Attributes:
        pts_s: media seconds.
        truth: people that count.
        track_ids: (M,) int64, of the boxes seen in this picture.
        boxes: (M, 4) x1 y1 x2 y2 in pixels.
        alike: (N, M) IoU.
        pairs: (truth's index, machine's index) of the same person, IoU at least IOU, one to one.
    """

    pts_s: float
    truth: MotFrame
    track_ids: NDArray[np.int64]
    boxes: NDArray[np.float64]
    alike: NDArray[np.float64]
    pairs: tuple[tuple[int, int], ...]


def check() -> None:
    """Is TrackEval there? InputError with what to do if it is not."""
    _trackeval()


def _trackeval() -> Any:
    with contextlib.redirect_stdout(io.StringIO()):  # it tells on stdout which of its data sets it can't read
        try:
            return importlib.import_module("trackeval.metrics")
        except ImportError as error:
            raise InputError(
                f"MOT tracks as truth need {error.name or 'trackeval'}: pip install 'linewise[tracks]'"
            ) from error


def same(alike: NDArray[np.float64]) -> tuple[tuple[int, int], ...]:
    """One to one, the sum of IoU the greatest possible, each pair at least IOU."""
    rows, columns = linear_sum_assignment(np.where(alike >= IOU, alike, 0.0), maximize=True)
    return tuple((int(i), int(j)) for i, j in zip(rows, columns, strict=True) if alike[i, j] >= IOU)


def pictures(truth: MotTruth, tracks: Sequence[Tracks]) -> list[Picture]:
    """The annotated pictures of a camera's tracks (in the order of time); empty where none is annotated."""
    found = []
    for index, frame in truth_pairs(truth, [t.pts_s for t in tracks]):
        one = tracks[index]
        boxes, ids = one.boxes[one.observed].astype(np.float64), one.track_ids[one.observed]
        keep = np.ones(len(ids), np.bool_)
        for i, j in same(overlap(frame.boxes, boxes)):
            keep[j] = frame.counts[i]
        counted = MotFrame(frame.ids[frame.counts], frame.boxes[frame.counts], frame.counts[frame.counts])
        alike = overlap(counted.boxes, boxes[keep])
        found.append(Picture(one.pts_s, counted, ids[keep], boxes[keep], alike, same(alike)))
    return found


def score(rows: Sequence[Picture], *, served: int) -> dict[str, Any]:
    """pictures, people, hota (with det_a and ass_a), idf1, switches, switches_per_served, mota; all but counts 0 to 1.

    Args:
        rows: from `pictures`.
        served: people served meanwhile; 0: switches_per_served is None.
    """
    if not rows:
        return {"pictures": 0, "people": 0, "hota": None, "idf1": None, "switches": None, "switches_per_served": None}
    metrics, data = _trackeval(), _data(rows)
    quiet = {"PRINT_CONFIG": False, "THRESHOLD": IOU}
    hota = metrics.HOTA().eval_sequence(data)
    identity = metrics.Identity(quiet).eval_sequence(data)
    clear = metrics.CLEAR(quiet).eval_sequence(data)
    switches = int(clear["IDSW"])
    return {
        "pictures": len(rows),
        "people": data["num_gt_ids"],
        "hota": _mean(hota["HOTA"]),
        "det_a": _mean(hota["DetA"]),
        "ass_a": _mean(hota["AssA"]),
        "idf1": round(float(identity["IDF1"]), 4),
        "mota": round(float(clear["MOTA"]), 4),
        "switches": switches,
        "served": served,
        "switches_per_served": round(switches / served, 4) if served else None,
    }


def _mean(values: NDArray[np.float64]) -> float:
    """Of the nineteen thresholds, as TrackEval's own tables do."""
    return round(float(np.mean(values)), 4)


def _data(rows: Sequence[Picture]) -> dict[str, Any]:
    """TrackEval's input: ids from 0 without gaps, one entry a picture."""
    truth_ids = {n: k for k, n in enumerate(sorted({int(i) for r in rows for i in r.truth.ids}))}
    track_ids = {n: k for k, n in enumerate(sorted({int(i) for r in rows for i in r.track_ids}))}
    return {
        "num_timesteps": len(rows),
        "num_gt_ids": len(truth_ids),
        "num_tracker_ids": len(track_ids),
        "num_gt_dets": sum(len(r.truth.ids) for r in rows),
        "num_tracker_dets": sum(len(r.track_ids) for r in rows),
        "gt_ids": [np.array([truth_ids[int(i)] for i in r.truth.ids], int) for r in rows],
        "tracker_ids": [np.array([track_ids[int(i)] for i in r.track_ids], int) for r in rows],
        "similarity_scores": [r.alike for r in rows],
    }
