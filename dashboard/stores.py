"""Which stores a collector writes: its machine's own, and a chain's database beside it where the site file says so."""

import logging
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from dashboard.intake import Refused
from dashboard.store import Store
from dashboard.work import Mark, NotStoredError, Source, Taken
from edge.errors import InputError
from edge.messages import RowBatch
from edge.quiet_log import QuietLog
from edge.settings import StoreSettings

log = logging.getLogger(__name__)

AT_ONCE = 900  # rows out of the spool: one message holds a thousand


class AnyStore(Protocol):
    """What the collector asks of a store."""

    def commit(self, taken: Sequence[Taken]) -> set[Source]:
        """Stores all of it, or raises NotStoredError; the sources to be told their mark."""

    def mark(self, source: Source) -> Mark:
        """How far a source is committed."""

    def current_sources(self) -> set[Source]:
        """The source of each box that is known."""

    def prune(self) -> int:
        """Takes out a part of what is too old; how many rows. NotStoredError: nothing."""

    def close(self) -> None:
        """Lets another collector have it."""


class Both:
    """A store, and a chain's database that gets all that the store has, as one.

    The boxes are told when the store has their rows; while the database is away rows wait in the store's spool, so that
    pages and alerts of the site do not depend on it. Live figures of that time are not sent afterwards.
    """

    def __init__(self, near: Store, far: AnyStore) -> None:
        """`near` is one that spools."""
        self._near = near
        self._far = far
        self._quiet = QuietLog(log)

    def commit(self, taken: Sequence[Taken]) -> set[Source]:
        """Stores all of it; the sources to be told their mark in the store.

        Raises:
            NotStoredError: the store did not take it.
        """
        try:
            told = self._near.commit(taken)
        except NotStoredError:
            self._deliver(taken)  # a full disk here is no reason to keep live figures from the database
            raise
        self._deliver(taken)
        return told

    def _deliver(self, taken: Sequence[Taken]) -> None:
        live = [one for one in taken if not isinstance(one.item, RowBatch | Refused)]
        try:
            waiting = self._near.waiting(self._far.mark, AT_ONCE)
            if live or waiting:
                self._far.commit([*live, *waiting])
        except NotStoredError as fault:
            self._quiet.warning(f"{fault}: rows wait in the store")
            return
        sources = {(w.item.box, w.item.epoch) for w in waiting if isinstance(w.item, RowBatch)}
        self._near.delivered({source: self._far.mark(source).seq for source in sources})

    def mark(self, source: Source) -> Mark:
        """How far the store has a source."""
        return self._near.mark(source)

    def current_sources(self) -> set[Source]:
        """The source of each box that the store knows."""
        return self._near.current_sources()

    def prune(self) -> int:
        """Takes out of both; the database's turn comes again when it is away."""
        try:
            far = self._far.prune()
        except NotStoredError as fault:
            self._quiet.warning(f"old rows can't be removed: {fault}")
            far = 0
        return max(self._near.prune(), far)

    def close(self) -> None:
        """Closes both."""
        self._near.close()
        self._far.close()


def open_stores(path: Path, site: str, keep: StoreSettings) -> AnyStore:
    """The stores that `keep` names; InputError where one can't be used."""
    near = Store(path, site, utc_s=time.time, keep=keep, spooling=keep.database is not None)
    if keep.database is None:
        return near
    try:
        try:
            from dashboard.postgres_store import PostgresStore  # noqa: PLC0415  an extra: whoever has no url lacks it
        except ImportError as fault:
            raise InputError(f"[store] url needs {fault.name}: pip install 'linewise[postgres]'") from fault
        return Both(near, PostgresStore(keep.database, site, utc_s=time.time, keep=keep))
    except BaseException:
        near.close()
        raise
