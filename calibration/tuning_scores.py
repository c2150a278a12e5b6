"""How far off a recording's queues are under every change: one row a change, one column a count (or visit) of truth.

The recording is decoded and detected once; its detections then go through trackers and counter again for each change.
"""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from calibration import recording, scoring, truth_files
from calibration.batch_plan import Planned
from calibration.batch_processes import Told
from calibration.proof import detector_of
from calibration.pump import pump
from calibration.recording import Item, Recording
from calibration.request import Request
from calibration.truth import Truth
from calibration.tuning_space import Change, changed
from detector.runtime.protocol import Detector
from edge.config import load_site
from edge.errors import InputError
from edge.messages import QueueReading
from edge.settings import Site
from edge.vocabulary import Visit

Goal = Literal["length", "visits"]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Job:
    """One recording, and what is tried on it."""

    planned: Planned
    changes: Sequence[Change]
    goal: Goal


@dataclass(frozen=True)
class Scored:
    """One recording under all changes.

    Attributes:
        name: the recording's.
        at_s: (M,) media seconds of the truth's moments (goal "length") or joinings (goal "visits"), in order.
        off: (C, M) how far off each change is there: people; or a visit missed (1) and extra ones told near it.
    """

    name: str
    at_s: Floats
    off: Floats


def scored(job: Job, told: Told) -> Scored:
    """The work of a tuning: one recording under all changes; tells how many changes are done.

    Raises:
        InputError, SourceError: the recording or its truth can't be read, or the truth has nothing for the goal.
    """
    site = load_site(job.planned.site, sources="any", broker="any")
    recordings = recording.choose(site, job.planned.recording, job.planned.cameras)
    truth = truth_files.load_all(job.planned.truth, site, recordings)
    _check(job, truth)
    seen = _seen(job.planned, site, recordings)
    rows = []
    for number, change in enumerate(job.changes, 1):
        at_s, off = _row(changed(site, change), seen, truth, job.goal)
        rows.append(off)
        told(float(number))
    return Scored(job.planned.name, at_s, np.stack(rows))


def _seen(planned: Planned, site: Site, recordings: Sequence[Recording]) -> list[Item]:
    opened: list[Detector] = []
    request = Request(planned.site, planned.recording, (), (), None, None, None, None)

    def once() -> Detector:
        if not opened:
            opened.append(detector_of(site, request)())
        return opened[0]

    try:
        with closing(recording.items(site, recordings, once)) as stream:
            return list(stream)
    finally:
        for detector in opened:
            detector.close()


def _check(job: Job, truth: Truth) -> None:
    if job.goal == "length" and not any(c.certain for c in truth.counts):
        raise InputError(f"{job.planned.name}: no certain counts in its truth; --goal length needs some")
    if job.goal == "visits" and not truth.visits:
        raise InputError(f"{job.planned.name}: no visits in its truth; --goal visits needs some")


def _row(site: Site, seen: Sequence[Item], truth: Truth, goal: Goal) -> tuple[Floats, Floats]:
    """(M,) times and (M,) errors of one change."""
    readings: dict[str, list[QueueReading]] = {q.id: [] for q in site.queues}
    visits: dict[str, list[Visit]] = {q.id: [] for q in site.queues}
    for tick in pump(site, seen):
        for reading in tick.readings:
            readings[reading.queue].append(reading)
        for visit in tick.visits:
            visits[visit.queue_id].append(visit)
    end_s = seen[-1][1] if seen else 0.0
    pairs: list[tuple[float, float]] = []
    for queue in site.queues:
        if goal == "length":
            counts = [c for c in truth.counts if c.queue_id == queue.id and c.certain]
            pairs += length_pairs(scoring.length_errors(counts, readings[queue.id]))
        else:
            there = [v for v in truth.visits if v.queue_id == queue.id]
            pairs += visit_pairs(scoring.match_visits(there, visits[queue.id], end_s=end_s))
    pairs.sort(key=lambda pair: pair[0])
    both = np.array(pairs, np.float64).reshape(-1, 2)
    return both[:, 0], both[:, 1]


def length_pairs(errors: Sequence[scoring.LengthError]) -> list[tuple[float, float]]:
    """(media second, people off) of each moment; a length that is not known is as far off as there are people."""
    return [
        (e.truth.pts_s, float(e.truth.length if e.error is None else abs(e.error)))
        for e in errors
        if e.reading_pts_s is not None
    ]


def visit_pairs(matches: Sequence[scoring.Match]) -> list[tuple[float, float]]:
    """(joining, error) of each visit of the truth: 1 if it was missed, and 1 for each extra one nearest to it."""
    joined_s = np.array(sorted(m.truth.joined_s for m in matches if m.truth is not None))
    off = np.zeros(len(joined_s))
    for match in matches:
        if match.truth is None and match.machine is not None and len(joined_s):
            off[np.abs(joined_s - match.machine.joined_s).argmin()] += 1.0
        elif match.truth is not None and match.machine is None:
            off[np.searchsorted(joined_s, match.truth.joined_s)] += 1.0
    return list(zip(joined_s.tolist(), off.tolist(), strict=True))
