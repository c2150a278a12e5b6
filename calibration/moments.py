"""Chooses the moments of a recording that people count by hand: spread over lengths, so not only quiet ones."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edge.errors import InputError
from edge.messages import QueueReading

CLASSES = ((0, 0), (1, 5), (6, 15), (16, 10**9))  # of lengths, as `replay --truth` scores them
APART_S = 2.0  # two moments of one queue are never nearer


@dataclass(frozen=True)
class Moment:
    """One picture of one queue to count; `sealed`: for the owner's eyes only."""

    pts_s: float
    queue_id: str
    sealed: bool = False


def readings_of(path: Path) -> list[QueueReading]:
    """A replay's readings.jsonl; InputError if it is none."""
    try:
        return [QueueReading.model_validate_json(line) for line in path.read_text(encoding="utf-8").splitlines()]
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: not a replay's readings.jsonl ({str(error)[:200]})") from error


def choose(
    readings: Iterable[QueueReading], wanted: int, rng: np.random.Generator, *, sealed_share: float = 0.0
) -> list[Moment]:
    """`wanted` moments (or as many as there are), in order of time, shared out over queues and length classes.

    Readings without a length are a class of their own: a picture that the machine could not count is worth counting.
    """
    classes: dict[tuple[str, int], list[float]] = {}
    for reading in readings:
        classes.setdefault((reading.queue, _class(reading.length)), []).append(reading.pts_s)
    pools = {key: list(rng.permutation(times)) for key, times in sorted(classes.items())}
    chosen: dict[str, list[float]] = {}
    while sum(map(len, chosen.values())) < wanted and any(pools.values()):
        for (queue, _), pool in pools.items():
            if sum(map(len, chosen.values())) < wanted:
                _take(pool, chosen.setdefault(queue, []))
    moments = sorted((float(at_s), queue) for queue, times in chosen.items() for at_s in times)
    sealed = set(rng.permutation(len(moments))[: round(sealed_share * len(moments))].tolist())
    return [Moment(at_s, queue, i in sealed) for i, (at_s, queue) in enumerate(moments)]


def _take(pool: list[float], chosen: list[float]) -> None:
    """Moves the pool's next moment that is not too near a chosen one."""
    while pool:
        at_s = pool.pop()
        if all(abs(at_s - other) >= APART_S for other in chosen):
            chosen.append(at_s)
            return


def _class(length: int | None) -> int:
    if length is None:
        return -1
    return next(i for i, (low, high) in enumerate(CLASSES) if low <= length <= high)
