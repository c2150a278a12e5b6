"""How many joined and were served, interval by interval, against the truth: the GEH of traffic counting.

GEH = sqrt(2 (m - c)^2 / (m + c)) of hourly flows m (machine) and c (truth): a difference that weighs as much in a busy
interval as in a quiet one (UK Highways Agency, Design Manual for Roads and Bridges 12.2; there a count is good where
85 % of the intervals are below 5). Nothing counted and nothing true is 0. Pure functions.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from edge.vocabulary import Visit

INTERVAL_S = 300.0
SHARE = 0.85  # of the intervals that must hold
GOOD = 5.0


@dataclass(frozen=True)
class Interval:
    """People counted between two media seconds, by the machine and in truth."""

    from_s: float
    to_s: float
    joined: int
    joined_true: int
    served: int
    served_true: int

    def geh(self, kind: str) -> float:
        """GEH of "joined" or "served", of flows an hour."""
        per_hour = 3600.0 / (self.to_s - self.from_s)
        m, c = per_hour * getattr(self, kind), per_hour * getattr(self, f"{kind}_true")
        return math.sqrt(2.0 * (m - c) ** 2 / (m + c)) if m + c else 0.0


def intervals(truth: Sequence[Visit], machine: Sequence[Visit], *, start_s: float, end_s: float) -> list[Interval]:
    """INTERVAL_S each from the start of the recording; a rest shorter than half of it belongs to the last one.

    People who were there at the first picture (`censored`) have not joined.
    """
    length_s = end_s - start_s
    if length_s <= 0:
        return []
    count = max(math.floor(length_s / INTERVAL_S + 0.5), 1)
    edges = [start_s + k * INTERVAL_S for k in range(count)] + [math.nextafter(end_s, math.inf)]
    joined, joined_true = (_counted([v.joined_s for v in vs if not v.censored], edges) for vs in (machine, truth))
    served, served_true = (
        _counted([v.served_s for v in vs if v.outcome == "served" and v.served_s is not None], edges)
        for vs in (machine, truth)
    )
    return [
        Interval(edges[k], min(edges[k + 1], end_s), joined[k], joined_true[k], served[k], served_true[k])
        for k in range(count)
    ]


def _counted(times_s: Sequence[float], edges: Sequence[float]) -> list[int]:
    return [sum(edges[k] <= t < edges[k + 1] for t in times_s) for k in range(len(edges) - 1)]


def score(rows: Sequence[Interval]) -> dict[str, Any]:
    """For joined and served: n intervals, geh_85 (85 % are at most this), worst, good (share below 5); and the rows."""
    return {
        **{kind: _score([row.geh(kind) for row in rows]) for kind in ("joined", "served")},
        "intervals": [
            {
                "from_s": round(r.from_s, 3), "to_s": round(r.to_s, 3),
                "joined": r.joined, "joined_true": r.joined_true, "joined_geh": round(r.geh("joined"), 2),
                "served": r.served, "served_true": r.served_true, "served_geh": round(r.geh("served"), 2),
            }
            for r in rows
        ],
    }  # fmt: skip


def _score(values: Sequence[float]) -> dict[str, Any]:
    if not values:
        return {"n": 0, "geh_85": None, "worst": None, "good": None}
    ordered = sorted(values)
    at = math.ceil(SHARE * len(ordered)) - 1
    good = sum(v < GOOD for v in ordered) / len(ordered)
    return {"n": len(ordered), "geh_85": round(ordered[at], 2), "worst": round(ordered[-1], 2), "good": round(good, 4)}
