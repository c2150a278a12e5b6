"""What people decide at the dashboard, alerts over time, room in lines, and who may look."""

import io
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from dashboard import desk
from dashboard.access import settings_from_json, settings_to_json, visitor
from dashboard.alert_book import FORGOTTEN_S, open_ones, read_alerts, told
from dashboard.launch import _require_safe
from dashboard.page import QueueCard
from dashboard.reading import open_store
from dashboard.replay_reports import read_reports
from dashboard.room import filling
from dashboard.views.plan import MOST_PX, as_png
from dashboard.views.plan_html import spots
from dashboard.views.plan_places import checked
from edge.errors import InputError
from edge.settings import DashboardSettings
from tests.dashboard.fill import SITE, alert, new_store

NOW_S = 1_780_000_000.0


def alerts_of(path: Path, *told_texts: tuple[str, float]) -> list[tuple[str, float, float | None, bool]]:
    """(text, since, until, is the end known) of what these events make, newest first; ages in seconds."""
    db = new_store(path)
    for seq, (text, age_s) in enumerate(told_texts):
        alert(db, "q", text, NOW_S - age_s, seq=seq)
    db.close()
    store = open_store(path)
    found = read_alerts(store, SITE, NOW_S - 30 * 86_400)
    store.close()
    return [(a.text, NOW_S - a.at_s, None if a.ended_s is None else NOW_S - a.ended_s, a.ended_known) for a in found]


def test_alerts_open_go_on_and_end(quick_path: Path) -> None:
    """Raised, still there, over: one alert with its two ends; another condition of the queue is another alert."""
    found = alerts_of(
        quick_path / "s", ("length > 3", 900), ("state == stopped", 800), ("still: length > 3", 500),
        ("over: length > 3", 100),
    )  # fmt: skip
    assert found == [("state == stopped", 800, None, True), ("length > 3", 900, 100, True)]


def test_an_end_that_nobody_told(quick_path: Path) -> None:
    """An alert that is raised anew has ended before, unseen; one of which nothing was heard for a day is past."""
    old_s = FORGOTTEN_S + 500
    found = alerts_of(quick_path / "s", ("wait_s > 9", old_s), ("length > 3", 300), ("length > 3", 100))
    assert found == [
        ("length > 3", 100, None, True),
        ("length > 3", 300, 100, False),
        ("wait_s > 9", old_s, old_s, False),
    ]


def test_an_end_without_a_beginning_is_no_alert(quick_path: Path) -> None:
    """The end of an alert whose beginning is no longer kept makes none."""
    assert alerts_of(quick_path / "s", ("over: length > 3", 10)) == []


def test_who_has_seen_it_first_stays(quick_path: Path) -> None:
    """An acknowledgement is kept with name and time; a second one changes nothing; seen alerts come last."""
    path = quick_path / "desk.sqlite3"
    assert desk.acknowledged(path, SITE) == {}
    desk.acknowledge(path, SITE, ("b", "e", 1), who="anna", at_s=5.0)
    desk.acknowledge(path, SITE, ("b", "e", 1), who="bo", at_s=6.0)
    assert desk.acknowledged(path, SITE) == {("b", "e", 1): ("anna", 5.0)}
    assert desk.acknowledged(path, "other") == {}
    db = new_store(quick_path / "s")
    for seq in (1, 2):
        alert(db, "q", f"length > {seq}", NOW_S - seq, seq=seq)
    db.close()
    store = open_store(quick_path / "s")
    alerts = told(read_alerts(store, SITE, 0), {"q": "Till"}, {("box-1", "0123456789abcdef", 1): ("anna", 5.0)})
    store.close()
    assert [(a.name, a.text, a.seen_by) for a in open_ones(alerts)] == [
        ("Till", "length > 2", ""), ("Till", "length > 1", "anna"),
    ]  # fmt: skip


def test_a_plan_and_its_places(quick_path: Path) -> None:
    """Picture and places are kept; places outside are put to the border; queues without one stand in a grid."""
    path = quick_path / "desk.sqlite3"
    desk.write_picture(path, SITE, b"png", (300, 200))
    desk.write_places(path, SITE, {"a": (0.25, 1.5)})
    plan = desk.read_plan(path, SITE)
    assert (plan.picture, plan.size_px, plan.places) == (b"png", (300, 200), {"a": (0.25, 1.0)})
    where = spots(["a", "b", "c"], plan)
    assert where["a"] == (0.25, 1.0)
    assert len(set(where.values())) == 3
    desk.write_picture(path, SITE, None, (0, 0))
    assert desk.read_plan(path, SITE).picture is None


def test_a_folder_that_cant_be_written_is_told(quick_path: Path) -> None:
    """Where the file can't be made there is SQLite's own error, which the pages put into words."""
    with pytest.raises(sqlite3.OperationalError):
        desk.acknowledge(quick_path / "no" / "desk.sqlite3", SITE, ("b", "e", 1), who="x", at_s=0.0)


def test_a_picture_is_made_anew() -> None:
    """A plan keeps nothing but pixels, at most MOST_PX a side."""
    raw = io.BytesIO()
    Image.new("RGB", (4000, 1000), "red").save(raw, "JPEG", comment=b"<script>alert(1)</script>")
    png, size_px = as_png(raw.getvalue())
    assert size_px == (MOST_PX, MOST_PX // 4)
    assert png.startswith(b"\x89PNG")
    assert b"script" not in png


@pytest.mark.parametrize("raw", [b"", b"<svg onload=alert(1)>", b"GIF89a", b"\x89PNG\r\n\x1a\n" + b"\0" * 50])
def test_what_is_no_picture_is_told(raw: bytes) -> None:
    """Anything but a PNG, JPEG or WebP picture is refused in words."""
    with pytest.raises(ValueError, match="not a picture"):
        as_png(raw)


@pytest.mark.parametrize(
    ("moved", "expected"),
    [
        ({"a": [0.5, 0.25]}, {"a": (0.5, 0.25)}),
        ({"x": [0.5, 0.5]}, None),
        ({"a": [2, 0]}, None),
        ({"a": ["<b>", 0]}, None),
        ({"a": [0.5]}, None),
        ("a", None),
        (None, None),
    ],
)
def test_places_from_the_browser_are_checked(moved: object, expected: object) -> None:
    """Only places within the plan, of queues that there are, are taken."""
    assert checked(moved, {"a"}) == expected


CARD = QueueCard("q", "Till", "fresh", length=8, quality="ok", state="serving", room=12)


def test_a_line_that_fills_is_told_before_it_is_full() -> None:
    """At one person a minute four places are full in four minutes; a steady or an old line tells nothing."""
    rising = tuple(float(n) for n in range(10))
    soon = filling(replace(CARD, history=rising))
    assert soon is not None
    assert (round(soon.full_in_min, 6), soon.level, soon.told) == (4.0, "warn", "full in about 4 min at this pace")
    assert filling(replace(CARD, history=(8.0,) * 10)) is None
    assert filling(replace(CARD, history=rising, room=0)) is None
    assert filling(replace(CARD, history=rising, seen="late")) is None
    assert filling(replace(CARD, history=(None,) * 6 + rising[:4])) is None
    assert filling(replace(CARD, length=None)) is None
    full = filling(replace(CARD, length=12))
    assert full is not None
    assert (full.full_in_min, full.level) == (0.0, "bad")


PROXY = DashboardSettings(login="proxy", viewers=("bo@example.org",), installers=("anna",))


@pytest.mark.parametrize(
    ("settings", "headers", "address", "claims", "role"),
    [
        (DashboardSettings(), {}, None, None, "installer"),
        (DashboardSettings(), {}, "127.0.0.1", None, "installer"),
        (DashboardSettings(), {}, "10.0.0.9", None, "viewer"),
        (DashboardSettings(), {"X-Forwarded-For": "10.0.0.9"}, None, None, "viewer"),
        (PROXY, {}, None, None, None),
        (PROXY, {"x-forwarded-user": "Anna"}, None, None, "installer"),
        (PROXY, {"X-Forwarded-User": "bo@example.org"}, None, None, "viewer"),
        (PROXY, {"X-Forwarded-User": "eve"}, None, None, None),
        (PROXY, {"X-Other": "anna"}, None, {"email": "anna"}, None),
        (PROXY, {"X-Forwarded-User": "anna"}, "127.0.0.1", None, "installer"),
        (PROXY, {"X-Forwarded-User": "anna"}, "10.0.0.9", None, None),
        (PROXY, {"X-Forwarded-User": "anna", "X-Forwarded-For": "127.0.0.1"}, "10.0.0.9", None, None),
        (PROXY, {"X-Forwarded-User": "anna"}, "not an address", None, None),
        (DashboardSettings(), {"X-Forwarded-User": "anna"}, "10.0.0.9", None, "viewer"),
        (DashboardSettings(login="proxy"), {"X-Forwarded-User": "eve"}, None, None, "viewer"),
        (replace(PROXY, login="oidc"), {"X-Forwarded-User": "anna"}, None, None, None),
    ],
)
def test_who_may_do_what(
    settings: DashboardSettings,
    headers: dict[str, str],
    address: str | None,
    claims: dict[str, str] | None,
    role: str | None,
) -> None:
    """Each way to log in believes its own source only, the proxy's header from this machine's peers only, and knows
    installers, viewers and everybody else.
    """
    assert visitor(settings, headers, address, claims).role == role
    assert settings_from_json(settings_to_json(settings)) == settings


def test_a_header_is_believed_on_loopback_only(tmp_path: Path) -> None:
    """A proxy's header where anybody could send one, and a missing file of the provider, are refused in words."""
    _require_safe(PROXY, "127.0.0.1")
    with pytest.raises(InputError, match=r"anybody could send X-Forwarded-User"):
        _require_safe(PROXY, "0.0.0.0")
    with pytest.raises(InputError, match="there is no file"):
        _require_safe(DashboardSettings(login="oidc", oidc_file=str(tmp_path / "no")), "127.0.0.1")


def test_reports_that_cant_be_read_are_left_out(tmp_path: Path) -> None:
    """A folder of replays is listed, the newest first; broken and foreign files in it harm nothing."""
    good = '{"queues": {"q": {"truth": {"length": {"n": 4, "mae": 0.5, "bias": -0.5, "within_1": 1}}}, "r": {}},'
    good += ' "recording": {"files": [{"file": "<b>.mp4"}]}, "config_sha256": "abc"}'
    for name, text in {"a": good, "b": "{", "c": "[]", "d": '{"queues": {}}'}.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "summary.json").write_text(text, encoding="utf-8")
    (report,) = read_reports(tmp_path)
    assert (report.recordings, report.config_sha256, report.page) == (("<b>.mp4",), "abc", None)
    assert [(s.queue, s.n, s.mae) for s in report.scored] == [("q", 4, 0.5)]
    assert read_reports(tmp_path / "missing") == []
