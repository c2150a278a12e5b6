"""The score of a sealed truth: the owner opens it, and only the figures come out."""

import csv
import tempfile
from collections.abc import Sequence
from pathlib import Path

from calibration.hand_truth import COUNTS
from calibration.scoring import length_errors, length_score
from calibration.sealing import unseal
from calibration.truth import load
from edge.messages import QueueReading


def sealed_score(sealed: Path, key: Path, queue_ids: Sequence[str], readings: Sequence[QueueReading]) -> str:
    """One line a queue: n, MAE, bias, within one; of certain moments, the last count of each.

    Raises:
        InputError: the file can't be opened with this key, or holds no truth of this site.
    """
    rows = {tuple(cells[:2]): cells for cells in csv.reader(unseal(sealed, key))}
    with tempfile.TemporaryDirectory() as folder:  # the truth reader reads files; this one is gone at once
        path = Path(folder) / "sealed.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([COUNTS, *rows.values()])
        counts = load([path], queue_ids).counts
    lines = []
    for queue_id in queue_ids:
        truth = [c for c in counts if c.queue_id == queue_id and c.certain]
        if truth:
            score = length_score(length_errors(truth, [r for r in readings if r.queue == queue_id]))
            lines.append(f"{queue_id}: " + ", ".join(f"{name} {_shown(value)}" for name, value in score.items()))
    return "\n".join(lines) or "no certain moment is sealed"


def _shown(value: object) -> str:
    return f"{value:.3f}" if isinstance(value, float) else str(value)
