"""The same work on a Dask cluster that somebody else runs: its workers have Linewise, and see the same folders."""

import importlib
import itertools
import os
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from calibration.batch_processes import Ended, Told, Work, attempted
from edge.errors import InputError

CONNECT_S = 20.0
_numbers = itertools.count()


def run(work: Work, jobs: Sequence[Any], *, address: str, on_told: Callable[[int, float], None]) -> Iterator[Ended]:
    """Does all the work on the cluster at `address` ("tcp://host:8786"), and yields each piece as it ends.

    Arguments as of batch_processes.run; what is still under way is cancelled when the caller stops listening.

    Raises:
        InputError: Dask is not installed, or there is no scheduler with a worker at the address.
    """
    try:
        distributed: Any = importlib.import_module("distributed")  # an extra of its own
    except ImportError:
        raise InputError("--dask needs Dask: pip install 'linewise[dask]'") from None
    try:
        client = distributed.Client(address, timeout=CONNECT_S, set_as_default=False)
    except (OSError, TimeoutError, ValueError) as error:
        raise InputError(f"--dask {address}: no scheduler answers there: {error}") from None
    with client:
        if not client.scheduler_info(n_workers=-1)["workers"]:
            raise InputError(f"--dask {address}: the cluster has no worker; start one with `dask worker {address}`")
        topic = f"linewise-{os.getpid()}-{next(_numbers)}"
        client.subscribe_topic(topic, lambda event: on_told(*event[1]))
        futures = [
            client.submit(_on_worker, work, job, index, topic, pure=False, key=f"{topic}-{index}")
            for index, job in enumerate(jobs)
        ]
        try:
            for future in distributed.as_completed(futures, loop=client.loop):
                yield _ended(futures.index(future), future)
        finally:
            client.cancel(futures)
            client.unsubscribe_topic(topic)


def _on_worker(work: Work, job: Any, index: int, topic: str) -> tuple[str, Any]:
    from distributed import get_worker  # noqa: PLC0415 - runs on a worker, where it is

    worker = get_worker()
    told: Told = lambda value: worker.log_event(topic, (index, value))  # noqa: E731
    return attempted(work, job, told)


def _ended(index: int, future: Any) -> Ended:
    if future.status != "finished":  # a worker that lacks Linewise, one that was killed, a bug in the work
        return Ended(
            index, None, f"on the cluster: {future.exception()!r}" if future.status == "error" else "cancelled"
        )
    kind, value = future.result()
    return Ended(index, value) if kind == "done" else Ended(index, None, value)
