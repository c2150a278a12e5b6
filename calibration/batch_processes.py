"""Many pieces of work, a process each, so many at once: one that fails, or dies, takes nothing with it.

A process each and no pool: a decoder that crashes on one damaged recording must not break a pool that others wait for.
"""

import logging
import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from typing import Any

from edge.errors import LinewiseError

Told = Callable[[float], None]
Work = Callable[[Any, Told], Any]  # a function of a module: (job, told) -> result; both must be picklable

# spawn: a forked child would inherit the threads' locks of decoders and runtimes
_CONTEXT = multiprocessing.get_context("spawn")


@dataclass(frozen=True)
class Ended:
    """One piece of work that has ended.

    Attributes:
        index: which of the jobs.
        result: what the work returned; None if it failed.
        error: why it failed, for people; "" if it did not.
    """

    index: int
    result: Any
    error: str = ""


def processors() -> int:
    """CPUs that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def run(work: Work, jobs: Sequence[Any], *, at_once: int, on_told: Callable[[int, float], None]) -> Iterator[Ended]:
    """Does all the work, and yields each piece as it ends.

    Args:
        work: called in a process of its own with a job and a function to tell how far it is.
        jobs: one each.
        at_once: processes at a time.
        on_told: index of the job, and what its work told.
    """
    waiting = list(enumerate(jobs))[::-1]
    running: dict[Connection, tuple[int, Any]] = {}
    try:
        while waiting or running:
            while waiting and len(running) < at_once:
                index, job = waiting.pop()
                ours, theirs = _CONTEXT.Pipe(duplex=False)
                process = _CONTEXT.Process(target=_child, args=(work, job, theirs, _log_level()), daemon=True)
                process.start()
                theirs.close()
                running[ours] = (index, process)
            ready = wait(list(running))
            for ours in [one for one in running if one in ready]:
                ended = _heard(ours, *running[ours], on_told)
                if ended is not None:
                    _, process = running.pop(ours)
                    process.join()
                    ours.close()
                    yield ended
    finally:
        for ours, (_, process) in running.items():
            process.terminate()
            process.join()
            ours.close()


def _heard(ours: Connection, index: int, process: Any, on_told: Callable[[int, float], None]) -> Ended | None:
    """One message of a child; None: it goes on."""
    try:
        kind, value = ours.recv()
    except EOFError:  # it died without a word
        process.join()
        code = process.exitcode
        how = f"was ended by signal {signal.Signals(-code).name}" if code and code < 0 else f"ended with code {code}"
        return Ended(index, None, f"its process {how}; what it said last is above")
    if kind == "told":
        on_told(index, value)
        return None
    return Ended(index, value) if kind == "done" else Ended(index, None, value)


def _log_level() -> int:
    return logging.getLogger().getEffectiveLevel()


def _child(work: Work, job: Any, theirs: Connection, log_level: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent ends us in its own way
    logging.basicConfig(level=log_level)
    theirs.send(attempted(work, job, lambda value: theirs.send(("told", value))))


def attempted(work: Work, job: Any, told: Told) -> tuple[str, Any]:
    """("done", result), or ("failed", words) where the work says what is wrong; other exceptions are bugs and pass."""
    try:
        return "done", work(job, told)
    except LinewiseError as error:
        return "failed", str(error)
