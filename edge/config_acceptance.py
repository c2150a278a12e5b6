"""Bounds of [acceptance] and a queue's own: what a replay against a truth must reach (calibration/acceptance.py)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from edge.config_values import Key, number
from edge.settings import AcceptanceBound

Way = Literal["most", "least", "either"]
Needs = Literal["counts", "visits", "waits", "tracks"]


@dataclass(frozen=True)
class BoundKey:
    """One bound that may be set.

    Attributes:
        way: the figure is at most, at least, or in its size (whatever its sign) at most the bound.
        high: the largest bound that makes sense.
        needs: the truth without which the figure can't be known.
        meaning: in words.
    """

    way: Way
    high: float
    needs: Needs
    meaning: str

    @property
    def allowed(self) -> str:
        """In words, for faults and docs."""
        return f"0 to {self.high:g}"


BOUNDS: Mapping[str, BoundKey] = {
    "length_mae": BoundKey("most", 1000, "counts", "mean error of the length, people: at most"),
    "length_bias": BoundKey("either", 1000, "counts", "mean signed error of the length, either way: at most"),
    "within_1": BoundKey("least", 1, "counts", "share of moments at most one person off: at least"),
    "length_unknown": BoundKey("most", 1, "counts", "share of moments without a known length: at most"),
    "visits_found": BoundKey("least", 1, "visits", "share of the truth's visits that were found: at least"),
    "visits_extra": BoundKey("most", 100, "visits", "visits that nobody made, for each of the truth's: at most"),
    "joined_geh": BoundKey("most", 100, "visits", "GEH of people who joined, in 85 % of the intervals: at most"),
    "served_geh": BoundKey("most", 100, "visits", "GEH of people served, in 85 % of the intervals: at most"),
    "wait_mae_s": BoundKey("most", 86400, "waits", "mean error of the wait that was told, seconds: at most"),
    "wait_bias_s": BoundKey("either", 86400, "waits", "its mean signed error, either way, seconds: at most"),
    "wait_too_short": BoundKey("most", 1, "waits", "share of people told a wait that was too short: at most"),
    "wait_coverage": BoundKey("least", 1, "waits", "share of real waits inside the told interval: at least"),
}
TRACK_BOUNDS: Mapping[str, BoundKey] = {
    "hota": BoundKey("least", 1, "tracks", "HOTA of every camera with a MOT truth: at least"),
    "idf1": BoundKey("least", 1, "tracks", "IDF1, the same: at least"),
    "switches_per_served": BoundKey("most", 1000, "tracks", "identity switches for each person served: at most"),
}


def keys(bounds: Mapping[str, BoundKey]) -> dict[str, Key]:
    """The keys of a table of bounds."""
    return {name: Key(number(0, b.high), b.allowed, b.meaning, "not judged") for name, b in bounds.items()}


def build_bounds(
    everybody: Mapping[str, Any], own: Iterable[tuple[str, Mapping[str, Any]]]
) -> tuple[AcceptanceBound, ...]:
    """Each queue's bounds, its own in the place of everybody's, then those of the tracks.

    Args:
        everybody: the values of [acceptance]; None: not set.
        own: queue id and the values of its [queue.acceptance], for every queue.
    """
    found = []
    for queue_id, values in own:
        for name in BOUNDS:
            limit = values.get(name) if values.get(name) is not None else everybody.get(name)
            if limit is not None:
                found.append(AcceptanceBound(queue_id, name, limit))
    return (*found, *(AcceptanceBound(None, n, everybody[n]) for n in TRACK_BOUNDS if everybody.get(n) is not None))
