"""`linewise replay --fit`: a queue's miss rate from counts of people there, shown on counts it was not fitted on.

Moments near each other see the same people, so the certain counts of a queue are cut, in the order of time, into BLOCKS
blocks or more of equal size; the first, third, ... are fitted on, the others only judge. A count is of a whole queue,
so all its lanes get the same rate. Lengths are told as whole numbers, so what is lacking under one rate does not show
the right one at once: it is corrected ROUNDS times by what is told with it, and the one whose lengths add up best is
taken. A rate under which the judging half comes out worse than before is not kept.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import tomlkit

from calibration.outputs import replace_text
from calibration.pump import pump
from calibration.recording import Item
from calibration.scoring import LengthError, length_errors, length_score
from calibration.truth import TruthCount
from edge.calibration_file import LaneFit, calibration_path, fingerprint, lanes_toml, miss_rate, read_fits
from edge.errors import InputError
from edge.messages import QueueReading
from edge.settings import Site

BLOCKS = 8
ROUNDS = 3
MIN_MOMENTS = 8  # in each half
MIN_PEOPLE = 8  # in the fitted half's truth, summed: of fewer, one person more or less is a rate of its own


@dataclass(frozen=True)
class QueueFit:
    """What came of one queue.

    Attributes:
        queue_id: whose.
        rate: the miss rate; None: not fitted, and `refused` says why.
        moments: certain counts that it was fitted on.
        before, after: `scoring.length_score` of the other half's moments, as the site counts now and with the rate.
        refused: why nothing is written; "" where something is.
    """

    queue_id: str
    rate: float | None = None
    moments: int = 0
    before: Mapping[str, Any] | None = None
    after: Mapping[str, Any] | None = None
    refused: str = ""

    def told(self) -> dict[str, Any]:
        """As summary.json holds it."""
        return {"miss_rate": self.rate if self.rate is None else round(self.rate, 4), "moments": self.moments,
                "before": self.before, "after": self.after, "refused": self.refused or None}  # fmt: skip


def check(counts: Iterable[TruthCount]) -> None:
    """Before a long replay: is there a queue with enough certain counts?

    Raises:
        InputError: none has.
    """
    have: dict[str, int] = {}
    for row in counts:
        have[row.queue_id] = have.get(row.queue_id, 0) + row.certain
    if max(have.values(), default=0) < 2 * MIN_MOMENTS:
        told = ", ".join(f"{queue} has {n}" for queue, n in sorted(have.items())) or "there are none"
        raise InputError(
            f"--fit: at least {2 * MIN_MOMENTS} certain counts of a queue are needed, half of them to fit and half to "
            f"show the gain; {told}. Count more moments (`linewise count`) and give them with --truth"
        )


def fitted(
    site: Site, items: Sequence[Item], counts: Sequence[TruthCount], before: Mapping[str, Sequence[QueueReading]]
) -> list[QueueFit]:
    """Fits every queue that has counts.

    Args:
        site: as it counts now.
        items: what the replay fed to the trackers.
        counts: the truth.
        before: the replay's readings by queue id.
    """
    mine = {q.id: [c for c in counts if c.queue_id == q.id and c.certain] for q in site.queues}
    rates = dict.fromkeys(mine, 0.0)
    tries: dict[str, list[_Try]] = {queue_id: [] for queue_id in mine}
    for _ in range(ROUNDS + 1):
        readings = _readings(_with_rates(site, rates), items)
        for queue_id, tried in tries.items():
            tried.append(_Try(rates[queue_id], *_halves(mine[queue_id], readings[queue_id])))
            rates[queue_id] = tried[-1].corrected()
    return [_best(queue_id, tried, before[queue_id]) for queue_id, tried in tries.items() if any(tried[0].halves)]


@dataclass(frozen=True)
class _Try:
    """The moments as they are told with a rate."""

    rate: float
    fit: Sequence[LengthError]
    judge: Sequence[LengthError]

    @property
    def halves(self) -> tuple[Sequence[LengthError], Sequence[LengthError]]:
        return self.fit, self.judge

    @property
    def told(self) -> int:
        return sum(e.told or 0 for e in self.fit)

    @property
    def there(self) -> int:
        return sum(e.truth.length for e in self.fit)

    def corrected(self) -> float:
        return miss_rate(self.told, self.there, self.rate)


def _readings(site: Site, items: Sequence[Item]) -> dict[str, list[QueueReading]]:
    found: dict[str, list[QueueReading]] = {q.id: [] for q in site.queues}
    for tick in pump(site, items):
        for reading in tick.readings:
            found[reading.queue].append(reading)
    return found


def _with_rates(site: Site, rates: Mapping[str, float]) -> Site:
    """The site with a miss rate in all lanes of these queues."""
    queues = (
        replace(q, lanes=tuple(replace(lane, miss_rate=rates[q.id]) for lane in q.lanes)) if q.id in rates else q
        for q in site.queues
    )
    return replace(site, queues=tuple(queues))


def _halves(
    counts: Sequence[TruthCount], readings: Sequence[QueueReading]
) -> tuple[list[LengthError], list[LengthError]]:
    """The moments with a known length in blocks, alternately to fit and to judge."""
    ordered = sorted(counts, key=lambda c: c.pts_s)
    rows = [e for e in length_errors(ordered, readings) if e.told is not None]
    size = max(len(rows) // BLOCKS, 1)
    fit = [row for i, row in enumerate(rows) if i // size % 2 == 0]
    return fit, [row for i, row in enumerate(rows) if i // size % 2]


def _best(queue_id: str, tried: Sequence[_Try], before: Sequence[QueueReading]) -> QueueFit:
    """The rate after the first that adds up best in the fitted half, judged on the other."""
    fit, judge = tried[0].halves
    if min(len(fit), len(judge)) < MIN_MOMENTS:
        why = f"{len(fit)} + {len(judge)} certain moments with a known length, at least {MIN_MOMENTS} + {MIN_MOMENTS}"
        return QueueFit(queue_id, moments=len(fit), refused=f"{why} are needed")
    if (there := tried[0].there) < MIN_PEOPLE:
        return QueueFit(queue_id, moments=len(fit), refused=f"{there} people in those moments, {MIN_PEOPLE} are needed")
    best = min(tried[1:], key=lambda t: abs(t.told - t.there))
    was, now = length_score(length_errors([e.truth for e in judge], before)), length_score(best.judge)
    worse = was["mae"] is not None and now["mae"] is not None and now["mae"] > was["mae"]
    refused = "the other half's moments come out worse with it, so it is not kept" if worse else ""
    return QueueFit(queue_id, best.rate, len(fit), was, now, refused)


def write(site: Site, fits: Iterable[QueueFit]) -> Path | None:
    """Puts what was fitted into SITE.calibration.toml; other queues' lanes and other tables stay. None: nothing to put.

    Raises:
        InputError: the file can't be written.
    """
    rates = {f.queue_id: f for f in fits if f.rate is not None and not f.refused}
    if not rates:
        return None
    path = calibration_path(site.path)
    lanes = [
        LaneFit(q.id, number, fingerprint(lane), rates[q.id].rate or 0.0, rates[q.id].moments)
        for q in site.queues if q.id in rates for number, lane in enumerate(q.lanes, 1)
    ]  # fmt: skip
    kept = [old for old in read_fits(path) if old.queue not in rates] if path.exists() else []
    text = lanes_toml(site.id, [*kept, *lanes])
    replace_text(path, text + _others(path), option="--fit")
    return path


def _others(path: Path) -> str:
    """The text of the tables in the file that are not ours, with their comments."""
    if not path.exists():
        return ""
    document = tomlkit.parse(path.read_text(encoding="utf-8"))
    rest = tomlkit.document()
    for key, value in document.items():
        if key not in ("schema", "site", "lane"):
            rest[key] = value
    return f"\n{tomlkit.dumps(rest)}" if rest else ""
