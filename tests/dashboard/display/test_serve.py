"""The public display's server: pages, languages, one stream a screen, one reader behind all of them."""

import asyncio
import json
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlite_utils import Database

from dashboard.display import board as board_module
from dashboard.display import serve
from dashboard.display.board import Board
from dashboard.display.serve import display_app
from dashboard.http_server import run_server
from dashboard.page import Names, QueueCard
from edge.errors import InputError
from edge.settings import DisplaySettings
from linewise.parts import free_port
from tests.dashboard.fill import SITE, FakeQueue, fill, reading

NOW_S = 1_780_000_000.0
HOSTILE = "</script><script>alert(1)</script>"
NAMES = Names(site=SITE, name="Canteen", queues=(("till-1", "Till 1"), ("till-2", HOSTILE)))
DEADLINE_S = 60
ENGLISH = DisplaySettings()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """The reader and the beat hurry."""
    monkeypatch.setattr(board_module, "READ_S", 0.02)
    monkeypatch.setattr(board_module, "BEAT_S", 0.1)


@contextmanager
def serving(store: Path, settings: DisplaySettings = ENGLISH) -> Iterator[tuple[str, Board]]:
    """The display served on a free port; its address and its board."""
    app, port, stop = display_app(NAMES, settings, store=store, utc_s=lambda: NOW_S), free_port(), threading.Event()
    board: Board = app.state.board
    given: dict[str, Any] = {"address": "127.0.0.1", "port": port, "stop": stop, "before_end": board.close}
    thread = threading.Thread(target=run_server, args=(app,), kwargs=given)
    thread.start()
    try:
        until(lambda: status(f"http://127.0.0.1:{port}/display.css") == 200)
        yield f"http://127.0.0.1:{port}", board
    finally:
        stop.set()
        thread.join(DEADLINE_S)
        assert not thread.is_alive(), "open streams must not keep the server from ending"


def until(true: Callable[[], bool]) -> None:
    """Waits for a condition, generously."""
    deadline_s = time.monotonic() + DEADLINE_S
    while not true():
        assert time.monotonic() < deadline_s, "waited in vain"
        time.sleep(0.02)


def status(url: str) -> int:
    """The status of a request; 0: nobody answers."""
    try:
        with urllib.request.urlopen(url, timeout=DEADLINE_S) as answer:  # noqa: S310 (our own)
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


def text(url: str) -> tuple[int, str, dict[str, str]]:
    """Status, body and headers."""
    try:
        with urllib.request.urlopen(url, timeout=DEADLINE_S) as answer:  # noqa: S310 (our own)
            return answer.status, answer.read().decode(), dict(answer.headers)
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode(), dict(error.headers)


def setup_of(body: str) -> dict[str, Any]:
    """What a page knows before it hears anything."""
    begin = body.index('id="setup">') + len('id="setup">')
    found: dict[str, Any] = json.loads(body[begin : body.index("</script>", begin)])
    return found


def next_shown(stream: Any) -> list[dict[str, Any]]:
    """The next state that the stream tells, beats left out."""
    while True:
        line = stream.readline().decode()
        assert line, "the stream has ended"
        if line.startswith("data: {"):
            shown: list[dict[str, Any]] = json.loads(line.removeprefix("data: "))["queues"]
            return shown


def opened(url: str, stack: ExitStack) -> Any:
    """One screen's stream."""
    return stack.enter_context(urllib.request.urlopen(f"{url}/events", timeout=DEADLINE_S))  # noqa: S310


def write(store: Path, queue: str, length: int) -> None:
    """What the collector commits: so many people wait, 35 s each."""
    db = Database(store)
    db.table("state").upsert(reading(FakeQueue(queue), length, NOW_S), pk=("site", "queue"))
    db.close()


def test_pages_and_languages(quick_path: Path) -> None:
    """All queues or one, in the file's languages or the address's; what there is not is refused with what there is."""
    with serving(quick_path / "none", DisplaySettings(languages=("de", "ru"))) as (url, _):
        code, body, headers = text(url)
        assert code == 200
        assert "default-src 'self'" in headers["content-security-policy"]
        assert "unsafe-inline" not in headers["content-security-policy"]
        setup = setup_of(body)
        assert list(setup["words"]) == ["de", "ru"]
        assert [q["name"] for q in setup["queues"]] == ["Till 1", HOSTILE]
        assert HOSTILE not in body
        assert list(setup_of(text(f"{url}/?lang=it,en")[1])["words"]) == ["it", "en"]
        assert [q["queue"] for q in setup_of(text(f"{url}/q/till-2")[1])["queues"]] == ["till-2"]
        code, body, _ = text(f"{url}/?lang=xx")
        assert (code, "no xx; it has: en, de, fr, ru, it" in body) == (400, True)
        code, body, headers = text(f"{url}/q/gate")
        assert (code, body) == (404, "There is no such queue; there are: till-1, till-2\n")
        assert headers["content-type"].startswith("text/plain")
        assert status(f"{url}/../serve.py") == 404


def test_an_unknown_language_of_the_site_file_is_refused(quick_path: Path) -> None:
    """The display does not start with a language that it has no words for, and names those that it has."""
    with pytest.raises(InputError, match=r"display\.languages: the display has no xx; it has: en, de"):
        display_app(NAMES, DisplaySettings(languages=("xx",)), store=quick_path / "s", utc_s=lambda: NOW_S)


def test_a_screen_follows_the_store(quick_path: Path) -> None:
    """Without a store nothing is known; then the wait, rounded up; changes come by themselves; no old number stays."""
    store = quick_path / "s"
    with serving(store) as (url, _), ExitStack() as stack:
        stream = opened(url, stack)
        assert [q["kind"] for q in next_shown(stream)] == ["unknown", "unknown"]
        fill(store, (FakeQueue("till-1", level=4),), now_s=NOW_S)
        write(store, "till-1", 4)
        until(lambda: next_shown(stream)[0]["minutes"] == 3)
        write(store, "till-1", 9)
        assert next_shown(stream)[0] == {
            "queue": "till-1", "name": "Till 1", "kind": "wait", "minutes": 6, "people": 9,
        }  # fmt: skip
        db = Database(store)
        db.table("state").upsert(reading(FakeQueue("till-1", "silent"), 9, NOW_S), pk=("site", "queue"))
        db.close()
        assert next_shown(stream)[0] == {
            "queue": "till-1", "name": "Till 1", "kind": "unknown", "minutes": None, "people": None,
        }  # fmt: skip


def test_the_log_tells_each_change_once(quick_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A store that is not made yet is no warning, one that is gone is; each is told once, and so is its end."""
    caplog.set_level("INFO", board_module.__name__)
    store = quick_path / "s"
    board = Board(store, NAMES, "build", utc_s=lambda: NOW_S)

    def read_five_times() -> list[str]:
        caplog.clear()
        for _ in range(5):
            board._read()
        return [record.message.removeprefix(f"{store}: ") for record in caplog.records]

    gone = ["the store can't be read (unable to open database file); the screens show no number"]
    assert read_five_times() == ["the collector has not made it yet; the screens show no number"]
    assert caplog.records[0].levelname == "INFO"
    assert read_five_times() == []
    fill(store, (FakeQueue("till-1"),), now_s=NOW_S)
    assert read_five_times() == ["the store can be read"]
    assert read_five_times() == []
    store.rename(quick_path / "away")
    assert read_five_times() == gone
    assert caplog.records[0].levelname == "WARNING"
    (quick_path / "away").rename(store)
    assert read_five_times() == ["the store can be read"]


def test_a_screen_that_connects_again_hears_at_once(quick_path: Path) -> None:
    """A stream that breaks off is taken out of the count; a new one begins with how soon to try, and what is shown."""
    store = quick_path / "s"
    fill(store, (FakeQueue("till-1"),), now_s=NOW_S)
    write(store, "till-1", 4)
    with serving(store) as (url, board):
        for _ in range(2):
            with ExitStack() as stack:
                stream = opened(url, stack)
                assert stream.readline() == b"retry: 2000\n"
                assert next_shown(stream)[0]["minutes"] == 3
                assert board.screens == 1
            until(lambda: board.screens == 0)


def test_a_hundred_screens_cost_one_read(quick_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All screens hear each change; the store is read as often as for one; more than MOST_SCREENS are refused."""
    store = quick_path / "s"
    reads: list[int] = []
    shows: list[int] = []
    fill(store, (FakeQueue("till-1"),), now_s=NOW_S)
    write(store, "till-1", 1)
    begun, made = board_module.Board._show, board_module.Board._read

    def read(self: Board) -> tuple[QueueCard, ...]:
        reads.append(1)
        return made(self)

    async def show(self: Board, cards: tuple[QueueCard, ...]) -> None:
        shows.append(1)
        await begun(self, cards)

    monkeypatch.setattr(board_module.Board, "_read", read)
    monkeypatch.setattr(board_module.Board, "_show", show)
    monkeypatch.setattr(serve, "MOST_SCREENS", 100)
    with serving(store) as (url, board), ExitStack() as stack:
        screens = [opened(url, stack) for _ in range(100)]
        assert all(next_shown(screen)[0]["minutes"] == 1 for screen in screens)
        assert board.screens == 100
        assert status(f"{url}/events") == 503
        write(store, "till-1", 4)
        assert all(next_shown(screen)[0]["minutes"] == 3 for screen in screens)
    assert 0 <= len(reads) - len(shows) <= 1, "one read for each time that something is shown, however many look"


def cards(*waits_s: float) -> tuple[QueueCard, ...]:
    """Queues that wait so long."""
    return tuple(QueueCard(f"q{n}", "Q", "fresh", length=5, wait_s=w) for n, w in enumerate(waits_s))


def test_a_number_that_trembles_is_sent_once(quick_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rounded up with hysteresis on the server: a wait around four minutes makes one message, not fifty."""
    monkeypatch.setattr(board_module, "BEAT_S", 0.005)

    async def play() -> list[int]:
        board, shown = Board(quick_path / "s", NAMES, "b", utc_s=lambda: NOW_S), []
        screen = board.events()
        assert await anext(screen) == b"retry: 2000\n\n"
        for tremble in range(50):
            await board._show(cards(240.0 + 8 * (-1) ** tremble))
            message = await anext(screen)
            if message.startswith(b"data: {"):
                shown.append(json.loads(message.removeprefix(b"data: "))["queues"][0]["minutes"])
        await screen.aclose()
        return shown

    assert asyncio.run(play()) == [5]


def test_a_slow_screen_holds_up_nobody_and_nothing_piles_up(quick_path: Path) -> None:
    """A screen that does not read gets the newest state when it reads again, not all between; others go on."""

    async def play() -> tuple[list[bytes], list[bytes]]:
        board = Board(quick_path / "s", NAMES, "b", utc_s=lambda: NOW_S)
        slow, quick_one = board.events(), board.events()
        await board._show(cards(60.0))
        for screen in (slow, quick_one):
            await anext(screen)
        first, others = [await anext(slow)], [await anext(quick_one)]
        for minutes in range(2, 30):
            await board._show(cards(60.0 * minutes))
            others.append(await anext(quick_one))
        first.append(await anext(slow))
        assert board.screens == 2
        for screen in (slow, quick_one):
            await screen.aclose()
        assert board.screens == 0
        return first, others

    first, others = asyncio.run(play())
    assert len(set(others)) == 29
    assert first == [others[0], others[-1]]


def test_screens_that_never_read_do_not_stop_the_server(quick_path: Path) -> None:
    """With twenty screens that do not read, one that does is told each change, and the server ends when it is asked."""
    store = quick_path / "s"
    fill(store, (FakeQueue("till-1"),), now_s=NOW_S)
    write(store, "till-1", 1)
    with serving(store) as (url, board), ExitStack() as stack:
        for _ in range(20):
            opened(url, stack)
        stream = opened(url, stack)
        until(lambda: board.screens == 21)
        for length in range(2, 14, 2):
            write(store, "till-1", length)
            until(lambda people=length: next_shown(stream)[0]["people"] == people)  # type: ignore[misc]
