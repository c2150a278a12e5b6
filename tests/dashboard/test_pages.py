"""The pages behind the live one, run by Streamlit's own test runner on a small store of some weeks."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlite_utils import Database
from streamlit.testing.v1 import AppTest

from dashboard.backfill import fill_hours
from dashboard.page import Names
from dashboard.views import accuracy, alerts_page, board, days, history, staffing
from tests.dashboard.fill import SITE, FakeCamera, FakeQueue, alert, fill
from tests.dashboard.month import TOLD
from tests.dashboard.test_app import HOSTILE, Parsed
from tests.dashboard.test_past import EPOCH, minute

NOON_S = 1_778_068_800.0  # Wednesday 6 May 2026 12:00 UTC
NOW_S = NOON_S + 420
HARMLESS = ("Till 1", "Till 2")
REPORT = """{"queues": {"q": {"truth": {"length": {"n": 4, "mae": 0.5, "bias": -0.5, "within_1": 1}}}},
"recording": {"files": [{"file": "NAME.mp4"}]}, "config_sha256": "abc"}"""


def visits(start_s: float, seq: int) -> Iterator[dict[str, Any]]:
    """Sixty people who come every 50 s and are served for 40 s each, one after the other."""
    base = {"site": SITE, "box": "b", "epoch": EPOCH, "queue": "q", "pts_s": 0.0, "censored": 0}
    told = {"told_s": 60.0, "told_low_s": 20.0, "told_high_s": 200.0}
    for n in range(60):
        joined_s, left_s = start_s + 30 * n, start_s + 40 * (n + 1)
        stay = {"wait_s": left_s - joined_s, "stay_s": left_s - joined_s}
        yield {**base, "seq": seq + 2 * n, "kind": "joined", "at_s": joined_s}
        yield {**base, **stay, **told, "seq": seq + 2 * n + 1, "kind": "served", "at_s": left_s}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two queues this morning and in the same mornings of five weeks, yesterday's visits, an alert of each name."""
    path = tmp_path_factory.mktemp("pages") / "store.sqlite3"
    fill(path, (FakeQueue("q"), FakeQueue("p")), (FakeCamera("tills"),), now_s=NOW_S)
    db = Database(path)
    for week in range(6):
        now_s = int(NOW_S - week * 7 * 86_400)
        end_s = now_s + (2 * 3600 if week else 0)
        rows = [minute(at_s, queue=q, joined=2) for q in "qp" for at_s in range(now_s - 3 * 3600, end_s, 60)]
        db.table("minutes").insert_all(rows)
    db.table("minutes").insert_all(minute(NOON_S - 86_400 + 60 * n) for n in range(40))
    db.table("events").insert_all(visits(NOON_S - 86_400, 0))
    with db.atomic():
        fill_hours(db)
        db.execute(TOLD)
    for n, text in enumerate(HOSTILE):
        alert(db, text, text, NOW_S - 60 * n - 5, seq=900 + n)
    db.close()
    return path


@pytest.fixture(autouse=True)
def noon(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The pages' clock stands a little after noon; nothing that an earlier page has read is shared."""
    monkeypatch.setattr(board, "wall_clock_s", lambda: NOW_S)
    yield
    for shared in (history.shared, days.weeks, staffing.shared, staffing.plans):
        shared.clear()
    for more in (accuracy.shared, accuracy.details, alerts_page.shared):
        more.clear()


def names(shown: tuple[str, str], reports: Path | None = None) -> Names:
    """The site with these names of its queues."""
    return Names(
        site=SITE, name="Canteen", timezone="UTC", queues=(("q", shown[0]), ("p", shown[1])),
        reports=None if reports is None else str(reports),
    )  # fmt: skip


def run(which: str, store: Path, told: Names, query: dict[str, str] | None = None) -> AppTest:
    """One page."""

    def script(which: str, store: str, told: str) -> None:
        from importlib import import_module
        from pathlib import Path

        from dashboard.access import Visitor
        from dashboard.page import Names

        show = import_module(f"dashboard.views.{which}").show
        more = [Visitor("anna", "viewer")] if which == "alerts_page" else []
        show(Path(store), Names.from_json(told), *more)

    page = AppTest.from_function(
        script, default_timeout=120, kwargs={"which": which, "store": str(store), "told": told.to_json()}
    )
    for key, value in (query or {}).items():
        page.query_params[key] = value
    page.run()
    assert not page.exception, page.exception
    return page


def read(page: AppTest) -> list[Parsed]:
    """The page's pieces of HTML."""
    return [Parsed(e.proto.body) for e in page.get("html")]


def text(page: AppTest) -> str:
    """All of its texts."""
    return " ".join(" ".join(text for piece in read(page) for text in piece.texts).split())


def test_history_forecasts_the_next_hour_and_tells_its_error(store: Path) -> None:
    """Thirty people came in every quarter of an hour of every week: 120 are expected, and it was never off."""
    shown = text(run("history", store, names(HARMLESS)))
    assert "Forecast of the next 60 minutes" in shown
    assert "About 120 people are expected, and a line of 2." in shown
    assert "such forecasts have been off by 0 people an hour, and by 0.0 people a quarter of an hour" in shown
    assert "forecast of the hour before, and of the next 60 minutes" in shown
    assert "this day's forecasts were off by 0.0 people a quarter of an hour" in shown


def test_history_asks_for_the_target(store: Path) -> None:
    """The share under the target is that of the target in the address, not only of the site file."""
    page = run("history", store, names(HARMLESS), {"day": "2026-05-05", "target": "5"})
    assert "waited at most 5 min, the target" in text(page)
    page.number_input[0].set_value(1.0).run()
    assert "waited at most 60 s, the target" in text(page) or "waited at most 1 min, the target" in text(page)


def test_staffing_tells_how_many_and_how_far_to_trust_it(store: Path) -> None:
    """From a day of 40 s a person: the pace, the hours, the day served again beside what was, and the limits."""
    shown = text(run("staffing", store, names(HARMLESS)))
    for told in (
        "Till 1, next hour: 2 people serving are enough", "About 120 people are expected (such forecasts are off by 0)",
        "With 1 the line would grow and grow", "Needed in each hour",
        "At its busiest the day needed 1 (from 12:00; 60 people an hour)",
        "What if: the 60 people of", "1, as it really was", "1, served again",
        "One person at work needs 40 s for one person, from 59 gaps between departures",
        "if that number is wrong, everything here is wrong by as much", "Nobody gives up and nobody stays away here",
    ):  # fmt: skip
        assert told in shown, told


def test_staffing_of_a_queue_without_visits_says_why(store: Path) -> None:
    """Without visits there is no advice, and the page says what it needs."""
    page = run("staffing", store, names(HARMLESS))
    page.selectbox[0].set_value("p").run()
    assert "Till 2: not known from" in text(page)
    assert "No visits of that day are in the store: choose another day" in text(page)


def test_staffing_tells_how_a_lift_fills_its_chairs(tmp_path: Path) -> None:
    """Three people on a chair, four on every fourth, one chair every nine seconds: told; of a till nothing is."""
    path = tmp_path / "store.sqlite3"
    fill(path, (FakeQueue("q"), FakeQueue("p")), (FakeCamera("tills"),), now_s=NOW_S)
    served = [(9 * n, k) for n in range(60) for k in range(4 if n % 4 == 0 else 3)]
    base = {"site": SITE, "box": "b", "epoch": EPOCH, "queue": "q", "pts_s": 0.0, "censored": 0, "kind": "served"}
    start_s = NOON_S - 86_400
    rows = [{**base, "seq": n, "at_s": start_s + at_s + 0.3 * k} for n, (at_s, k) in enumerate(served)]
    db = Database(path)
    db.table("events").insert_all(rows)
    db.close()
    shown = text(run("staffing", path, names(HARMLESS), {"learn": "2026-05-05"}))
    assert (
        "This line went in batches: 3.2 people a chair on average, 4 on full ones (81% filled), one every 9 s" in shown
    )


def test_accuracy_opens_one_queue_and_saves_reports(store: Path, tmp_path: Path) -> None:
    """Errors of every queue, one of them by day; a replay's report is listed with a way to save it, never shown."""
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "summary.json").write_text(REPORT, encoding="utf-8")
    (tmp_path / "run" / "report.html").write_text("<script>alert(1)</script>", encoding="utf-8")
    page = run("accuracy", store, names(HARMLESS, tmp_path))
    shown = text(page)
    for told in ("Accuracy of the last 7 days", "told long enough", "Off by, minutes, a day", "NAME.mp4", "0.50"):
        assert told in shown, told
    assert "alert(1)" not in shown
    (button,) = page.get("download_button")
    assert button.proto.label.startswith("Report of ")


@pytest.mark.parametrize("which", ["history", "staffing", "accuracy", "alerts_page"])
@pytest.mark.parametrize("pair", [HARMLESS, (HOSTILE[1], HOSTILE[2]), (HOSTILE[4], HOSTILE[3])])
def test_names_are_texts_on_every_page(store: Path, tmp_path: Path, which: str, pair: tuple[str, str]) -> None:
    """Hostile names are shown letter by letter, add no element or attribute, and go through no Markdown; and where
    names are harmless no page shows its own HTML as a text.
    """
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "summary.json").write_text(REPORT.replace("NAME", pair[0].replace('"', "'")), encoding="utf-8")
    page = run(which, store, names(pair, tmp_path))
    pieces = read(page)
    ours = {"div", "span", "p", "h1", "h2", "i", "b", "bdi", "section", "table", "thead", "tbody", "tr", "th", "td"}
    ours |= {"strong", "figure", "figcaption", "details", "summary", "ul", "li", "time", "em"}
    assert set.union(*(piece.elements for piece in pieces)) <= ours
    known = {"class", "role", "style", "title", "scope"}
    assert all(a in known or a.startswith(("aria-", "data-")) for piece in pieces for a in piece.attributes)
    if which != "alerts_page":
        assert pair[0] in text(page)
        assert "<" not in text(page) or pair != HARMLESS
    else:
        assert all(" ".join(name.split()) in text(page) for name in HOSTILE)
    assert not page.markdown
    assert not page.error
