"""The score of a sealed truth: the owner opens it, and only the figures come out."""

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path

from calibration.scoring import length_errors, length_score
from calibration.sealing import unseal
from calibration.truth import TruthCount, count_of
from edge.errors import InputError
from edge.messages import QueueReading

LEAST = 5  # certain moments of a queue; of fewer the score would nearly tell the counts


def sealed_counts(sealed: Path, key: Path, queue_ids: Iterable[str]) -> list[TruthCount]:
    """The counts, of a moment counted more than once the last one; they stay in memory.

    Raises:
        InputError: the file can't be opened with this key, or holds no truth of this site.
    """
    rows = {tuple(cells[:2]): cells for cells in csv.reader(unseal(sealed, key))}
    known = tuple(queue_ids)
    return [count_of(cells, known, str(sealed)) for cells in rows.values()]


def check(counts: Sequence[TruthCount]) -> None:
    """Before a replay that tells their score: are there enough of each queue?

    Raises:
        InputError: a queue has fewer than LEAST certain ones.
    """
    certain = [c.queue_id for c in counts if c.certain]
    few = sorted({c.queue_id for c in counts} - {q for q in certain if certain.count(q) >= LEAST})
    if few:
        raise InputError(
            f"sealed truth: fewer than {LEAST} certain moments of {', '.join(few)}; a score of so few would tell the "
            "counts themselves: seal more"
        )


def sealed_score(sealed: Path, key: Path, queue_ids: Sequence[str], readings: Sequence[QueueReading]) -> str:
    """One line a queue: n, MAE, bias, within one; of certain moments, the last count of each.

    Raises:
        InputError: the file can't be opened with this key, or holds no truth of this site.
    """
    counts = sealed_counts(sealed, key, queue_ids)
    lines = []
    for queue_id in queue_ids:
        truth = [c for c in counts if c.queue_id == queue_id and c.certain]
        if truth:
            score = length_score(length_errors(truth, [r for r in readings if r.queue == queue_id]))
            lines.append(f"{queue_id}: " + ", ".join(f"{name} {_shown(value)}" for name, value in score.items()))
    return "\n".join(lines) or "no certain moment is sealed"


def _shown(value: object) -> str:
    return f"{value:.3f}" if isinstance(value, float) else str(value)
