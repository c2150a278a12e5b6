"""What pages read from the store."""

import sqlite3
import threading
from pathlib import Path

import pytest
from sqlite_utils import Database

from dashboard import reading
from dashboard.advice import advice, longest
from dashboard.page import Names, Page, QueueCard
from dashboard.views.equipment import boxes_html
from dashboard.views.shared import Shared
from tests.dashboard.fill import SITE, FakeCamera, FakeQueue, alert, box, every_kind, fill, missing, new_store

NOW_S = 1_780_000_000.0
NAMES = Names(site=SITE, name="Canteen", timezone="Europe/Berlin", queues=(("till-1", "Till 1"),))


def page_of(path: Path, names: Names = NAMES, now_s: float = NOW_S) -> Page:
    """The page of a store at an instant."""
    db = reading.open_store(path)
    try:
        return reading.read_page(db, names, reading.read_slow(db, names, now_s), now_s)
    finally:
        db.close()


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """Where a store can be."""
    return tmp_path / "store.sqlite3"


def test_a_fresh_reading(store: Path) -> None:
    """A reading of this second gives a card with its length, wait and half an hour of history under the site's name."""
    fill(store, (FakeQueue("till-1", "ok", 6),), now_s=NOW_S)
    (card,) = page_of(store).cards
    assert (card.name, card.seen, card.state) == ("Till 1", "fresh", "serving")
    assert card.length is not None
    assert card.length_low is not None
    assert card.length_low <= card.length
    assert card.wait_s == 35.0 * card.length
    assert len(card.history) == 30
    assert None not in card.history
    assert card.most is not None
    assert card.most >= max(v for v in card.history if v is not None) - 1


@pytest.mark.parametrize(
    ("later_s", "seen", "known"), [(0, "fresh", True), (4.9, "fresh", True), (14, "late", True), (31, "silent", False)]
)
def test_readings_grow_old(store: Path, later_s: float, seen: str, known: bool) -> None:
    """After three periods and the tolerance a reading is late; after the messages' expiry nothing is known any more."""
    fill(store, (FakeQueue("till-1"),), now_s=NOW_S)
    (card,) = page_of(store, now_s=NOW_S + later_s).cards
    assert card.seen == seen
    assert (card.length is not None, card.wait_s is not None) == (known, known)


def test_the_boxs_clock_does_not_matter(store: Path) -> None:
    """Readings of a box whose clock is a day behind are as fresh as they arrive, and their history is whole."""
    fill(store, (FakeQueue("till-1"),), now_s=NOW_S - 86400)
    db = Database(store)
    db.execute("UPDATE state SET received_s = ?", (NOW_S,))
    db.conn.commit()
    db.close()
    (card,) = page_of(store, now_s=NOW_S + 1).cards
    assert card.seen == "fresh"
    assert sum(v is not None for v in card.history) >= 29


def test_a_clock_set_back_makes_nothing_fresh(store: Path) -> None:
    """A reading that arrived in the future is not known to be of now."""
    fill(store, (FakeQueue("till-1"),), now_s=NOW_S)
    (card,) = page_of(store, now_s=NOW_S - 3600).cards
    assert (card.seen, card.heard_s, card.length) == ("silent", None, None)


def test_unknown_is_never_a_number(store: Path) -> None:
    """A length that is not known is None with the seconds since it was known, and no wait is told."""
    fill(store, (FakeQueue("till-1", "stale", 5),), now_s=NOW_S)
    (card,) = page_of(store).cards
    assert (card.length, card.wait_s, card.quality, card.seen) == (None, None, "stale", "fresh")
    assert card.unknown_s is not None
    assert 60 < card.unknown_s < 210
    assert card.history[-1] is None
    assert card.trend is None


def test_a_queue_of_the_site_file_that_was_never_heard(store: Path) -> None:
    """What only the site file knows has a card too; what only the store knows is shown by its id."""
    fill(store, (FakeQueue("other"),), now_s=NOW_S)
    first, second = page_of(store).cards
    assert (first.name, first.seen, first.length) == ("Till 1", "never", None)
    assert (second.name, second.seen) == ("other", "fresh")


def test_cameras(store: Path) -> None:
    """The age of the last picture grows while none come; a camera's word is fresh for three of its periods."""
    cameras = (FakeCamera("a"), FakeCamera("b", "lost", heard_s=20), FakeCamera("c", heard_s=100))
    fill(store, (), cameras, now_s=NOW_S)
    a, b, c = page_of(store).cameras
    assert (a.seen, a.picture_age_s, a.frames_out_per_s) == ("fresh", 0.1, 5.0)
    assert (b.seen, b.picture_age_s) == ("fresh", 67.0)
    assert c.seen == "silent"


def test_boxes_and_lost_rows(store: Path) -> None:
    """Boxes come with their status and the rows that are known to be lost."""
    fill(store, (), now_s=NOW_S)
    db = Database(store)
    box(db, "box-2", now_s=NOW_S, status="offline")
    missing(db, 12)
    db.close()
    assert [(b.box, b.status, b.missing) for b in page_of(store).boxes] == [
        ("box-1", "online", 12),
        ("box-2", "offline", 0),
    ]


@pytest.mark.parametrize(
    ("trouble", "words"),
    [("clock_unsynced", "no time service keeps its clock"), ("disk_failing", "its history waits in memory")],
)
def test_a_box_in_trouble_says_so(store: Path, trouble: str, words: str) -> None:
    """What the box says of its clock and disk is told beside it, and of no other; an earlier version says nothing."""
    fill(store, (), now_s=NOW_S)
    db = Database(store)
    box(db, "box-2", now_s=NOW_S)
    db.execute(f"UPDATE boxes SET {trouble} = 1 WHERE box = 'box-2'")  # noqa: S608
    db.conn.commit()
    db.close()
    page = page_of(store)
    assert [(b.box, getattr(b, trouble)) for b in page.boxes] == [("box-1", False), ("box-2", True)]
    told = str(boxes_html(page))
    assert told.count(words) == 1
    assert words in told[told.index("Box box-2: ") :]


def test_alerts_of_the_last_hours(store: Path) -> None:
    """Alerts come newest first, those of yesterday and other kinds of events not at all."""
    fill(store, (FakeQueue("till-1"),), now_s=NOW_S)
    db = Database(store)
    for seq, age_s in enumerate((4000, 60, 90_000), 1):
        alert(db, "till-1", f"length > {seq}", NOW_S - age_s, seq=seq)
    alert(db, "till-1", "joined", NOW_S, seq=9)
    db.execute("UPDATE events SET kind = 'joined' WHERE seq = 9")
    db.conn.commit()
    db.close()
    assert [(a.name, a.text) for a in page_of(store).alerts] == [("Till 1", "length > 2"), ("Till 1", "length > 1")]


def test_several_sites_in_one_store(store: Path) -> None:
    """Each site sees its own queues, cameras and boxes only."""
    fill(store, (FakeQueue("a"),), (FakeCamera("x"),), now_s=NOW_S, site="one")
    fill(store, (FakeQueue("b"),), (FakeCamera("y"),), now_s=NOW_S, site="two")
    db = reading.open_store(store)
    assert reading.sites(db) == ("one", "two")
    db.close()
    page = page_of(store, Names(site="two"))
    assert [c.queue for c in page.cards] == ["b"]
    assert [c.camera for c in page.cameras] == ["y"]
    assert len(page.boxes) == 1


def test_the_store_is_opened_for_reading_only(store: Path) -> None:
    """No page can write to the store."""
    new_store(store).close()
    db = reading.open_store(store)
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        db.execute("INSERT INTO boxes (site, box) VALUES ('a', 'b')")
    db.close()


def test_text_that_is_not_utf8_is_shown_somehow(store: Path) -> None:
    """A broken text in the store becomes replacement characters instead of failing the page."""
    fill(store, (), (FakeCamera("a", "failed"),), now_s=NOW_S)
    db = Database(store)
    db.execute("UPDATE cameras SET detail = CAST(x'41ff42' AS TEXT)")
    db.conn.commit()
    db.close()
    assert page_of(store).cameras[0].detail == "A\ufffdB"


@pytest.mark.parametrize(
    ("history", "trend"),
    [
        ((3.0,) * 30, "steady"),
        ((3.0,) * 27 + (6.0,) * 3, "rising"),
        ((6.0,) * 27 + (3.0,) * 3, "falling"),
        ((20.0,) * 27 + (22.0,) * 3, "steady"),
        ((None,) * 28 + (4.0, 5.0), None),
        ((4.0,) * 27 + (None,) * 3, None),
        ((), None),
    ],
)
def test_trend(history: tuple[float | None, ...], trend: str | None) -> None:
    """A trend needs a change of one person and a fifth; with too little known there is none."""
    assert reading.trend_of(history) == trend


def test_names_survive_the_environment() -> None:
    """Names are the same after their way through an environment variable."""
    names = Names("s", 'N "x" <b>', "Europe/Berlin", (("q", "Q\nq"),), (("c", "ß 🚡"),))
    assert Names.from_json(names.to_json()) == names
    assert Names.from_json("{}") == Names()


def card(queue: str, length: int | None, wait_s: float | None = None, **more: str) -> QueueCard:
    """A card as the advice sees it."""
    fields = {"seen": "fresh", "quality": "ok", "state": "serving", **more}
    return QueueCard(queue, queue.upper(), length=length, wait_s=wait_s, **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("cards", "headline", "best"),
    [
        ((), "No queue is known yet", ()),
        ((card("a", 5, 300),), "A: about 5 min", ()),
        ((card("a", 5),), "A: 5 people there, wait not known yet", ()),
        ((card("a", 5, 300), card("b", 2, 100)), "Send people to B: about 2 min", ("b",)),
        ((card("a", 5, 110), card("b", 2, 100)), "Both lines are about equal: about 2 min", ("a", "b")),
        (
            (card("a", 5, 110), card("b", 2, 100), card("c", 9, 500)),
            "Send people to A or B: about 2 min",
            ("a", "b"),
        ),
        ((card("a", 5), card("b", 2)), "Send people to B: 2 people there, wait not known yet", ("b",)),
        ((card("a", 5, 60), card("b", 2)), "Send people to B: 2 people there, wait not known yet", ("b",)),
        ((card("a", None, quality="stale"), card("b", 9, 500)), "Send people to B: about 9 min", ("b",)),
        ((card("a", 1, 60, seen="late"), card("b", 9, 500)), "Send people to B: about 9 min", ("b",)),
        ((card("a", 1, 60, quality="degraded"), card("b", 9, 500)), "Send people to B: about 9 min", ("b",)),
        ((card("a", 1, 60, state="stopped"), card("b", 9, 500)), "Send people to B: about 9 min", ("b",)),
        ((card("a", 0, 0, state="closed"), card("b", 9, 500)), "Send people to B: about 9 min", ("b",)),
        ((card("a", 0, 0, state="closed"), card("b", 0, state="closed")), "All lines are closed", ()),
        ((card("a", 4, 60, state="stopped"),), "Service has stopped at A", ()),
        ((card("a", None, quality="stale"), card("b", None, quality="stale")), "Not known how long any line is", ()),
        ((card("a", 3, 100, seen="late"),), "Not known how long this line is", ()),
        ((card("a", 0, 0, state="idle"), card("b", 3, 90)), "Send people to A: no wait", ("a",)),
    ],
)
def test_advice(cards: tuple[QueueCard, ...], headline: str, best: tuple[str, ...]) -> None:
    """The advice is by the rounded wait of fresh, open, running lines, by length where waits are not known."""
    told = advice(cards)
    assert (told.headline, told.best) == (headline, best)


def test_advice_names_what_it_left_out() -> None:
    """Lines that stopped or are not known are named, closed ones go without saying."""
    cards = (
        card("a", 3, 90),
        card("b", 3, 90, state="stopped"),
        card("c", None, quality="stale"),
        card("d", 0, state="closed"),
    )
    assert advice(cards).detail == "Service has stopped at B. Not sure about C."


def test_the_longest_line() -> None:
    """The longest line is marked only where there is one and it is known."""
    assert longest((card("a", 5), card("b", 2))) == "a"
    assert longest((card("a", 5), card("b", 5))) is None
    assert longest((card("a", 5),)) is None
    assert longest((card("a", 9, seen="late"), card("b", 2))) == "b"


def test_one_read_serves_everybody() -> None:
    """Fifty askers at once make a value once; after its time it is made again; a failure is not kept."""
    clock_s = [0.0]
    made: list[int] = []
    shared: Shared[int] = Shared(1.0, lambda: clock_s[0])

    def make() -> int:
        made.append(1)
        return len(made)

    threads = [threading.Thread(target=lambda: shared.get("key", make)) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1
    clock_s[0] = 1.5
    assert shared.get("key", make) == 2
    with pytest.raises(ZeroDivisionError):
        shared.get("other", lambda: 1 // 0)
    assert shared.get("other", make) == 3


def test_every_kind_can_be_read(store: Path) -> None:
    """The demonstration store of the screenshots gives cards of every way to be seen."""
    every_kind(store, now_s=NOW_S)
    page = page_of(store)
    assert {c.seen for c in page.cards} == {"fresh", "late", "silent"}
    assert page.boxes[0].missing == 12
