"""Prometheus asks a process of Linewise: one server on a port of its own, families made at each question.

Nothing is pushed and nothing is summed up here: what a process knows is told as it is now. What is not known has no
sample, never 0.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from prometheus_client import GC_COLLECTOR, CollectorRegistry, ProcessCollector, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric, SummaryMetricFamily
from prometheus_client.registry import Collector

from edge.quantiles import quantile

log = logging.getLogger(__name__)

QUANTILES = (0.5, 0.9, 0.99)
Labelled = Mapping[Any, float | None]  # by the labels, a tuple
Family = TypeVar("Family", GaugeMetricFamily, CounterMetricFamily)


class _Families(Collector):
    def __init__(self, families: Callable[[], Iterable[Metric]]) -> None:
        self._families = families

    def collect(self) -> Iterable[Metric]:
        return self._families()


@contextmanager
def served(families: Callable[[], Iterable[Metric]], *, address: str, port: int) -> Iterator[bool]:
    """Answers on the port while the block runs; False where the port can't be had: the process goes on without.

    `families` is called in another thread.
    """
    registry = CollectorRegistry()
    registry.register(_Families(families))
    registry.register(GC_COLLECTOR)
    ProcessCollector(registry=registry)
    try:
        server, thread = start_http_server(port, addr=address, registry=registry)
    except OSError as fault:
        log.error("metrics: port %d of %s can't be used (%s): nothing is told there", port, address, fault.strerror)
        yield False
        return
    log.info("metrics are at http://%s:%d/metrics", address, port)
    try:
        yield True
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def gauge(name: str, about: str, labels: Sequence[str], values: Labelled) -> GaugeMetricFamily:
    """A family of gauges; a value that is None has no sample."""
    return _filled(GaugeMetricFamily(name, about, labels=labels), values)


def counter(name: str, about: str, labels: Sequence[str], values: Labelled) -> CounterMetricFamily:
    """A family of counters; `name` without the _total that Prometheus shows."""
    return _filled(CounterMetricFamily(name, about, labels=labels), values)


def _filled(family: Family, values: Labelled) -> Family:
    for key, value in values.items():
        if value is not None:
            family.add_metric(key, value)
    return family


def states(name: str, about: str, label: str, now: Mapping[str, str], words: Sequence[str]) -> GaugeMetricFamily:
    """One gauge a word of each thing: 1 for the word that is true of it now, 0 for the others."""
    last = name.rsplit("_", 1)[-1]
    values = {(thing, word): float(word == is_now) for thing, is_now in now.items() for word in words}
    return gauge(name, about, (label, last), values)


def quantiles(name: str, about: str, last_s: Sequence[float]) -> SummaryMetricFamily:
    """Quantiles of the last so many; of none there are none."""
    family = SummaryMetricFamily(name, about)
    for share in QUANTILES:
        value = quantile(last_s, share)
        if value is not None:
            family.add_sample(name, {"quantile": str(share)}, value)
    return family
