"""What the sender of alerts tells Prometheus: by receiver, what waits and what became of the rest."""

from collections.abc import Callable, Iterator, Sequence

from prometheus_client.core import Metric

from dashboard.alerts_out.spool import Spool
from edge import metrics

BY = ("receiver",)


def families(spool: Spool, receivers: Sequence[str], utc_s: Callable[[], float]) -> Iterator[Metric]:
    """Of these receivers."""
    depth, counts, now_s = spool.depth(), spool.counts(), utc_s()
    waiting = {(r,): float(depth[r][0]) if r in depth else 0.0 for r in receivers}
    ages = {(r,): max(0.0, now_s - depth[r][1]) if r in depth else None for r in receivers}
    yield metrics.gauge("linewise_alerts_waiting", "Notices that are still to be told.", BY, waiting)
    yield metrics.gauge("linewise_alerts_oldest_age_seconds", "How long the oldest waits.", BY, ages)
    for name, about in (
        ("sent", "Notices that the receiver has taken."),
        ("failed", "Tries that failed; they are made again."),
        ("given_up", "Notices that were never told: too old, too many, or nobody to tell."),
        ("acknowledged", "Repetitions left out because somebody has acknowledged the alert."),
    ):
        values = {(r,): float(counts.get((r, name), 0)) for r in receivers}
        yield metrics.counter(f"linewise_alerts_{name}", about, BY, values)
