"""The page itself, run by Streamlit's own test runner; what a browser makes of it is told in tests/e2e."""

import sqlite3
import warnings
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from sqlite_utils import Database
from streamlit.testing.v1 import AppTest

from dashboard.launch import NAMES_VARIABLE, STORE_VARIABLE
from dashboard.page import Names
from dashboard.views import board, live
from tests.dashboard.fill import SITE, FakeCamera, FakeQueue, alert, box, every_kind, fill, health, new_store, reading

NOW_S = 1_780_000_000.0
APP = Path(__file__).parents[2] / "dashboard/app.py"
NAMES = Names(site=SITE, name="Canteen", queues=(("till-1", "Till 1"), ("till-2", "Till 2")))
HOSTILE = (
    "<img src=x onerror=alert(1)>",
    "<script>alert(1)</script>",
    "[x](javascript:alert(1))",
    "**bold** $latex$ :tada: :red[text]",
    "\"'><svg onload=alert(1)>",
    "&lt;b&gt; &amp; =cmd()",
)


class Parsed(HTMLParser):
    """All texts and all elements of a piece of HTML, by a parser of its own."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.texts: list[str] = []
        self.elements: set[str] = set()
        self.attributes: set[str] = set()
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element begins."""
        self.elements.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        """A text, its references resolved."""
        self.texts.append(data)


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where the store can be; what earlier pages shared is forgotten, and the page's clock stands at NOW_S."""
    monkeypatch.setattr(board, "wall_clock_s", lambda: NOW_S)
    board.forget()
    yield tmp_path / "store.sqlite3"
    board.forget()


def run(store: Path, monkeypatch: pytest.MonkeyPatch, names: Names = NAMES) -> AppTest:
    """The page as a first visitor gets it."""
    monkeypatch.setenv(STORE_VARIABLE, str(store))
    monkeypatch.setenv(NAMES_VARIABLE, names.to_json())
    page = AppTest.from_file(str(APP), default_timeout=60)
    return again(page)


def again(page: AppTest) -> AppTest:
    """The page run once more, with nothing shared from before."""
    board.live.clear()
    board.slowly.clear()
    with warnings.catch_warnings():
        # Streamlit and what it brings warn about themselves while they are imported, not about us.
        warnings.filterwarnings("ignore", category=DeprecationWarning, module=r"(streamlit|altair|pandas|google)\b.*")
        page.run()
    assert not page.exception, page.exception
    return page


def text(page: AppTest) -> str:
    """Every text of the page's HTML."""
    return " ".join(" ".join(Parsed(body).texts) for body in bodies(page))


def bodies(page: AppTest) -> list[str]:
    """The page's pieces of HTML without its style."""
    return [e.proto.body for e in page.get("html") if not e.proto.body.startswith("<style>")]  # type: ignore[attr-defined]


def test_a_running_site(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two queues with fresh readings: the advice, both cards with length and wait, the camera, the box."""
    fill(store, (FakeQueue("till-1", level=9), FakeQueue("till-2", level=2)), (FakeCamera("tills"),), now_s=NOW_S)
    db = Database(store)
    for queue, length in (("till-1", 7), ("till-2", 2)):
        db.table("state").upsert(reading(FakeQueue(queue), length, NOW_S), pk=("site", "queue"))
    db.close()
    shown = text(run(store, monkeypatch))
    assert "Send people to Till 2: about 2 min" in shown
    for told in ("Till 1", "7", "about 5 min", "longest line", "join here", "tills", "Working"):
        assert told in shown, told
    assert "not known" not in shown


def test_no_store_yet(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a store, and with one that has no tables or no rows yet, the page waits; it comes alive by itself."""
    page = run(store, monkeypatch)
    assert "Waiting for the first readings" in text(page)
    sqlite3.connect(store).close()
    assert "Waiting for the first readings" in text(again(page))
    store.unlink()
    new_store(store).close()
    assert "not known: nothing heard yet" in text(again(page))
    fill(store, (FakeQueue("till-1"), FakeQueue("till-2")), now_s=NOW_S)
    shown = text(again(page))
    assert "nothing heard" not in shown
    assert "about" in shown


def test_a_file_that_is_no_store(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that is not a database is told as such, not as a traceback."""
    store.write_text("this is not a database, it is a text that is long enough to be looked at " * 20)
    assert "The store can't be read" in text(run(store, monkeypatch))


@pytest.mark.parametrize(("table", "column"), [("boxes", "version"), ("state", "quality")])
def test_a_store_of_an_older_version(store: Path, caplog: pytest.LogCaptureFixture, table: str, column: str) -> None:
    """A store without a column that this version reads says so, with what to do; the log says it and its end once."""
    fill(store, (FakeQueue("till-1"),), now_s=NOW_S)
    db = Database(store)
    db.execute(f"ALTER TABLE {table} RENAME COLUMN {column} TO other")
    pieces = [board._make(store, NAMES, live.draw).pieces for _ in range(3)]
    assert all("The store is of an older version" in p[0] and "Start the collector again" in p[0] for p in pieces)
    db.execute(f"ALTER TABLE {table} RENAME COLUMN other TO {column}")
    db.close()
    assert all(len(board._make(store, NAMES, live.draw).pieces) > 1 for _ in range(3))
    logged = [record.message.removeprefix(f"{store}: ") for record in caplog.records]
    assert len(logged) == 2, logged
    assert "no such column" in logged[0]
    assert logged[1] == "it can be read again"


def test_a_locked_store(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While a store can't be read for a moment the last page stays; a page that has none says that it tries again."""
    fill(store, (FakeQueue("till-1"), FakeQueue("till-2")), now_s=NOW_S)
    page = run(store, monkeypatch)
    monkeypatch.setattr(board, "KEEP_S", 300.0)

    def locked(path: Path) -> sqlite3.Connection:
        raise sqlite3.OperationalError("database is locked")

    monkeypatch.setattr("dashboard.reading.open_store", locked)
    assert "about" in text(again(page))
    board.forget()
    assert "The store is busy" in text(again(page))


def test_unknown_and_old_are_told_as_such(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stale queue has a dash and a reason, an old reading is greyed with its age, a silent queue has no number."""
    fill(
        store,
        (FakeQueue("till-1", "stale"), FakeQueue("till-2", "late"), FakeQueue("lift", "silent")),
        now_s=NOW_S,
    )
    page = run(store, monkeypatch)
    shown = text(page)
    assert "not known: no pictures from the camera for" in shown
    assert "last heard 14 s ago" in shown
    assert "not known: nothing heard for 2 min" in shown
    assert "Not known how long any line is" in shown
    cards = bodies(page)[2]
    assert cards.count("lw-late") == 1
    assert cards.count('<span class="lw-length">–</span>') == 2


def test_stopped_is_at_least(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A queue whose service has stopped tells its wait as a lower bound."""
    fill(store, (FakeQueue("till-1", "stopped", 6),), now_s=NOW_S)
    shown = text(run(store, monkeypatch))
    assert "at least" in shown
    assert "Service stopped" in shown


def test_an_offline_box_is_in_front(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the only box is offline the page says so at the top, and no camera is called working."""
    fill(store, (FakeQueue("till-1", "silent"),), (FakeCamera("tills"),), now_s=NOW_S)
    db = Database(store)
    box(db, now_s=NOW_S, status="offline")
    db.close()
    shown = text(run(store, monkeypatch))
    assert "Box box-1: offline" in shown
    assert "Not known: the box is offline" in shown
    assert "Working" not in shown


def test_everything_of_every_kind(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A store with each kind of queue and camera shows its faults at the top and lost rows below."""
    every_kind(store, now_s=NOW_S)
    shown = text(run(store, monkeypatch))
    for told in (
        "Camera entrance: no connection",
        "Camera lift: picture frozen",
        "12 rows of its history are known to be lost",
        "wait over 5 min",
        "Service has stopped at till-3",
    ):
        assert told in shown, told


def test_several_sites_have_a_picker(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One site: no picker. Two: a picker, the own site first, and the other one when it is chosen."""
    fill(store, (FakeQueue("till-1"),), now_s=NOW_S)
    page = run(store, monkeypatch)
    assert not page.selectbox
    fill(store, (FakeQueue("gate"),), now_s=NOW_S, site="airport")
    again(page)
    (picker,) = page.selectbox
    assert picker.value == SITE
    assert "Till 1" in text(page)
    board.live.clear()
    picker.set_value("airport").run()
    assert "gate" in text(page)
    assert "Till 1" not in text(page)


@pytest.mark.parametrize("name", HOSTILE)
def test_texts_from_outside_are_literal(store: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Hostile names and texts in every place they can come from are shown letter by letter, and add no element."""
    fill(store, (FakeQueue("till-1"), FakeQueue(name)), (FakeCamera("tills"),), now_s=NOW_S)
    db = Database(store)
    camera = {**health(FakeCamera("tills", "failed", detail=name), NOW_S), "runtime": name}
    db.table("cameras").upsert(camera, pk=("site", "camera"))
    db.table("cameras").upsert({**camera, "camera": name}, pk=("site", "camera"))
    box(db, name, now_s=NOW_S, status="offline")
    alert(db, name, name, NOW_S - 5)
    db.execute("UPDATE state SET quality = ?, state = ?", (name, name))
    db.execute("UPDATE boxes SET version = ?", (name,))
    db.conn.commit()
    db.close()
    names = Names(SITE, name, name, (("till-1", name),), (("tills", name),))
    page = run(store, monkeypatch, names)
    got = [Parsed(body) for body in bodies(page)]
    assert sum(piece.texts.count(name) for piece in got) >= 8
    ours = {"div", "span", "p", "h1", "h2", "h3", "i", "bdi", "article", "section", "table", "thead", "tbody"}
    ours |= {"tr", "th", "td", "strong", "ul", "li", "time", "b", "em"}
    assert set.union(*(piece.elements for piece in got)) <= ours
    attributes = {"class", "role", "style", "title", "scope"}
    assert all(a in attributes or a.startswith(("aria-", "data-")) for p in got for a in p.attributes)
    assert not page.markdown, "nothing from outside goes through Markdown"


def test_fifty_viewers_cost_one_read(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Within its time a page that was made for one viewer serves all others without opening the store."""
    fill(store, (FakeQueue("till-1"),), now_s=NOW_S)
    opened: list[Path] = []
    real = board.reading.open_store
    monkeypatch.setattr("dashboard.reading.open_store", lambda path: opened.append(path) or real(path))
    monkeypatch.setattr(board.live, "_ttl_s", 60.0)
    boards = {board.board(store, NAMES, live.draw) for _ in range(50)}
    assert len(boards) == 1
    assert opened == [store]
