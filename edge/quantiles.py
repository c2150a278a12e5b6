"""Quantiles of what was measured: figures that were really seen, nothing between them."""

from collections.abc import Sequence


def quantile(values: Sequence[float], share: float) -> float | None:
    """The value below which about `share` of the values lie; None of none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else None
