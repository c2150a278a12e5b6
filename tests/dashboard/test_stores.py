"""A store with a chain's database beside it: the store's word counts, the database gets all of it in order, once."""

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from dashboard import spool, stores
from dashboard.intake import Refused
from dashboard.store import Store
from dashboard.stores import Both, open_stores
from dashboard.work import Mark, NotStoredError, Source, Taken
from edge.settings import DatabaseSettings, StoreSettings
from tests.dashboard.box_rows import EPOCH, SOURCE, batch, event, gap, minute, row, status
from tests.dashboard.conftest import NOW_S, Clock, Kind, sqlite_kind


class Away:
    """A database that can go away: a store of either kind behind a switch."""

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self.store = kind.open()
        self.away = False
        self.commits = 0

    def commit(self, taken: Sequence[Taken]) -> set[Source]:
        """Commits, unless it is away."""
        if self.away:
            raise NotStoredError("it is away")
        self.commits += 1
        return self.store.commit(taken)

    def mark(self, source: Source) -> Mark:
        """How far it has a source; nothing is known while it is away."""
        return Mark() if self.away else self.store.mark(source)

    def current_sources(self) -> set[Source]:
        """Those that it knows."""
        return self.store.current_sources()

    def prune(self) -> int:
        """Prunes, unless it is away."""
        if self.away:
            raise NotStoredError("it is away")
        return self.store.prune()

    def close(self) -> None:
        """Closes it."""
        self.store.close()


@pytest.fixture
def far(kind: Kind) -> Iterator[Away]:
    """A database of either kind."""
    with closing(Away(kind)) as opened:
        yield opened


@pytest.fixture
def near(quick_path: Path, clock: Clock) -> Iterator[Store]:
    """The machine's own store."""
    with closing(Store(quick_path / "near.sqlite3", "s", utc_s=clock, spooling=True)) as opened:
        yield opened


def waiting(near: Store) -> int:
    """Rows in the spool."""
    return int(near._db.table("spool").count)


def seqs(far: Away) -> list[int]:
    """The numbers of the events that the database has."""
    return sorted(r["seq"] for r in far.kind.rows("events"))


def test_the_database_gets_what_the_store_gets(near: Store, far: Away, make_reading: Callable[..., Any]) -> None:
    """Live figures, rows and gaps are in both after one commit, and the spool empties with the next."""
    both = Both(near, far)
    live = Taken(make_reading("s", 1, utc_s=NOW_S))
    refused = Taken(Refused("t", "why", b""))
    assert both.commit([live, refused, Taken(status("online")), batch(row(1), gap(2, 4), row(5, minute()))]) == {SOURCE}
    assert both.mark(SOURCE) == far.mark(SOURCE) == Mark(5, 3)
    assert both.current_sources() == {("b1", EPOCH)}
    for name in ("state", "readings", "events", "minutes", "hours", "boxes"):
        assert len(far.kind.rows(name)) == near._db.table(name).count == 1, name
    assert not far.kind.rows("quarantine")
    assert waiting(near) == 3
    both.commit([])
    assert waiting(near) == 0


def test_a_site_goes_on_without_the_database(near: Store, far: Away, caplog: pytest.LogCaptureFixture) -> None:
    """While it is away boxes are told and the store grows; then it gets all of it, once and in order."""
    both = Both(near, far)
    both.commit([batch(row(1))])
    far.away = True
    for n in range(2, 12):
        assert both.commit([batch(row(n))]) == {SOURCE}
    assert both.prune() == 0
    assert both.mark(SOURCE) == Mark(11, 0)
    assert seqs(far) == [1]
    assert caplog.text.count("rows wait in the store") == 2  # a few lines a minute
    far.away = False
    both.commit([batch(row(12))])
    both.commit([])
    assert seqs(far) == list(range(1, 13))
    assert far.mark(SOURCE) == Mark(12, 0)
    assert waiting(near) == 0


def test_a_long_absence_is_made_up_part_by_part(near: Store, far: Away, monkeypatch: pytest.MonkeyPatch) -> None:
    """What waits goes in parts beside what comes."""
    monkeypatch.setattr(stores, "AT_ONCE", 10)
    both = Both(near, far)
    far.away = True
    both.commit([batch(*(row(n) for n in range(1, 36)))])
    far.away = False
    for commits, there in enumerate((10, 20, 30, 35), 1):
        both.commit([])
        assert (far.commits, len(seqs(far))) == (commits, there)


def test_a_full_spool_is_a_gap(near: Store, far: Away, monkeypatch: pytest.MonkeyPatch) -> None:
    """Over its cap the spool gives up the oldest rows; the database counts them as missing and goes on."""
    monkeypatch.setattr(near._spool, "_most", 10)
    both = Both(near, far)
    both.commit([batch(row(1))])
    far.away = True
    both.commit([batch(*(row(n) for n in range(2, 40)))])
    far.away = False
    both.commit([])
    assert seqs(far) == [1, *range(30, 40)]
    assert far.mark(SOURCE) == Mark(39, 28)
    assert spool.MAX_ROWS == 1_000_000


def test_a_new_database_begins_with_a_gap(near: Store, far: Away) -> None:
    """A database named after the store has grown counts what was before as missing."""
    near.commit([batch(*(row(n) for n in range(1, 7)))])
    near.delivered({SOURCE: 6})  # as if there had been none
    both = Both(near, far)
    both.commit([batch(row(7))])
    both.commit([batch(row(8))])
    assert seqs(far) == [7, 8]
    assert far.mark(SOURCE) == Mark(8, 6)


def test_what_waits_survives_a_restart(quick_path: Path, clock: Clock, far: Away) -> None:
    """The spool is in the store's file; without a database it is given up."""
    path = quick_path / "near.sqlite3"
    with closing(Store(path, "s", utc_s=clock, spooling=True)) as near:
        near.commit([batch(row(1), row(2))])
    with closing(Store(path, "s", utc_s=clock, spooling=True)) as near:
        Both(near, far).commit([])
        assert seqs(far) == [1, 2]
    with closing(Store(path, "s", utc_s=clock)) as alone:
        assert waiting(alone) == 0
        alone.commit([batch(row(3))])
        assert waiting(alone) == 0


def test_a_full_disk_here_keeps_no_live_figure_from_there(
    near: Store, far: Away, make_reading: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the store can't be written its fault is told, and the database still has the line as it is now."""

    def full(_: object) -> set[Source]:
        raise NotStoredError("database or disk is full")

    monkeypatch.setattr(near, "commit", full)
    with pytest.raises(NotStoredError, match="disk is full"):
        Both(near, far).commit([Taken(make_reading("s", 1, utc_s=NOW_S)), batch(row(1))])
    assert len(far.kind.rows("state")) == 1
    assert seqs(far) == []


@pytest.mark.parametrize("seed", range(4))
def test_whatever_is_away_when_each_row_is_there_once(near: Store, far: Away, seed: int) -> None:
    """Through random absences, restarts of the database and repeated rows both end with the same figures."""
    rng = random.Random(seed)
    both = Both(near, far)
    while (done := both.mark(SOURCE).seq) < 120:
        first = rng.randrange(max(0, done - 5), done + 1) + 1
        rows = [row(n, minute(n) if n % 5 == 0 else event(n)) for n in range(first, min(first + 9, 121))]
        far.away = rng.random() < 0.5
        if rng.random() < 0.1:
            far.store.close()
            far.store = far.kind.open()
        both.commit([batch(*rows)])
    far.away = False
    for _ in range(3):
        both.commit([])
    assert seqs(far) == [n for n in range(1, 121) if n % 5]
    for name in ("minutes", "hours"):
        assert sum(r["readings"] for r in far.kind.rows(name)) == 24 * 60
    assert far.mark(SOURCE) == near.mark(SOURCE) == Mark(120, 0)


def test_only_a_named_database_is_opened(quick_path: Path) -> None:
    """Without [store] url there is one store; with one that is away the collector starts all the same."""
    path = quick_path / "store.sqlite3"
    with closing(open_stores(path, "s", StoreSettings())) as one:
        assert isinstance(one, Store)
    nobody = StoreSettings(database=DatabaseSettings(str(quick_path), 5432, "d", "u", tls="disable"))
    with closing(open_stores(path, "s", nobody)) as both:
        assert isinstance(both, Both)
        assert both.commit([batch(row(1))]) == {SOURCE}
    assert len(sqlite_kind(path, Clock()).rows("spool")) == 1
