"""Certificates at the dashboard: held against the lanes and cameras of now."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dashboard.page import Names, Page, Proof
from dashboard.proofs import proofs
from dashboard.reading import open_store, read_page, read_slow
from dashboard.views.cameras import draw
from dashboard.views.proofs_html import proof_told
from edge.certificate import Certificate, Score, fingerprints, text
from edge.settings import CameraSettings, Site
from edge.vocabulary import LaneSettings, QueueSettings
from tests.dashboard.fill import SITE, FakeCamera, FakeQueue, fill

NOW_S = 1_780_000_000.0
AREA = ((0.1, 0.1), (0.9, 0.1), (0.9, 0.9))
TILL = QueueSettings("till-1", "Till 1", lanes=(LaneSettings("tills", AREA, service_line=((0.1, 0.1), (0.9, 0.1))),))
GOOD = Certificate(
    queue="till-1", cameras=("tills",), lanes=fingerprints(TILL), made_utc=datetime(2026, 5, 4, 10, 12, tzinfo=UTC),
    config_sha256="c", model_sha256="0" * 64, passed=None,
    scores=(Score(name="length_mae", value=0.31, low=0.2, high=0.4, n=240), Score(name="within_1", value=0.97, n=240)),
)  # fmt: skip


def page(folder: Path, *made: Certificate, picture: str = "ok", broken: str = "") -> Page:
    """The page of a site with one till, its certificates beside the site file."""
    site = Site(
        SITE, "Canteen", "Europe/Berlin", "box-1", folder / "site.toml", "c",
        (CameraSettings("tills", "Tills", "", ""), CameraSettings("door", "Door", "", "")), (TILL,),
    )  # fmt: skip
    beside = folder / "site.certificates.json"
    if made or broken:
        beside.write_text(broken or text(SITE, made), encoding="utf-8")
    fill(folder / "s", (FakeQueue("till-1"),), (FakeCamera("tills", "ok", picture), FakeCamera("door")), now_s=NOW_S)
    names = Names.from_json(Names.of(site).to_json())
    db = open_store(folder / "s")
    shown = read_page(db, names, read_slow(db, names, NOW_S), NOW_S)
    db.close()
    return shown


def test_a_certificate_that_holds_is_shown_with_its_figures(quick_path: Path) -> None:
    """The error with its interval, how many counts, the site's time; and a word beside the camera that sees it."""
    shown = page(quick_path, GOOD)
    (proof,) = shown.proofs
    assert (proof.void, proof.note, proof_told(proof).what) == (None, "", "Holds")
    html = "".join(draw(shown))
    for told in ("0.31 people (0.20 to 0.40)", "97 %", "240", "04.05.2026 12:12"):
        assert told in html, told
    assert html.count('<span class="lw-proof lw-good">') == 1


@pytest.mark.parametrize(
    ("made", "picture", "what", "why"),
    [
        ((), "ok", "None", "Replay a recording"),
        ((GOOD.model_copy(update={"lanes": ("other",)}),), "ok", "Void", "The lanes have changed"),
        ((GOOD,), "moved", "Void", "Camera tills has been moved"),
        ((GOOD.model_copy(update={"passed": False}),), "ok", "Not good enough", "acceptance rule"),
        ((GOOD.model_copy(update={"passed": True}),), "ok", "Accepted", ""),
        ((GOOD.model_copy(update={"model_sha256": "1" * 64}),), "ok", "Holds, but", "another detector"),
        ((GOOD.model_copy(update={"queue": "gone"}),), "ok", "None", "Replay a recording"),
    ],
)
def test_what_a_certificate_is_worth(
    quick_path: Path, made: tuple[Certificate, ...], picture: str, what: str, why: str
) -> None:
    """None, void with its reason, refused, accepted, or of another detector: told with what to do."""
    (proof,) = page(quick_path, *made, picture=picture).proofs
    told = proof_told(proof)
    assert told.what == what
    assert why in told.do


def test_the_newest_of_a_queue_counts() -> None:
    """A file by hand with two of one queue: the one that was made last is shown."""
    newer = GOOD.model_copy(update={"made_utc": datetime(2026, 6, 1, tzinfo=UTC)})
    names = Names(queues=(("till-1", "Till 1"),), lanes=(("till-1", GOOD.lanes, ("tills",)),))
    (proof,) = proofs(names, (newer, GOOD), {})
    assert proof == Proof("till-1", "Till 1", ("tills",), newer)
    assert proofs(replace(names, lanes=()), (GOOD,), {}) == ()


def test_a_broken_file_is_told_and_breaks_nothing(quick_path: Path) -> None:
    """A certificates' file that can't be read is told in its place; the cameras are shown as ever."""
    shown = page(quick_path, broken='{"schema": 2, "site": "<b>", "certificates": []}')
    html = "".join(draw(shown))
    assert "The certificates can&#x27;t be read" in html
    assert "schema" in html
    assert "<b>" not in html
    assert 'data-camera="tills"' in html


def test_another_site_in_the_store_has_no_certificates(quick_path: Path) -> None:
    """A site that this site file is not of shows no table of certificates."""
    page(quick_path, GOOD)
    fill(quick_path / "s", (FakeQueue("gate"),), now_s=NOW_S, site="airport")
    names = Names(site=SITE, certificates=str(quick_path / "site.certificates.json")).for_site("airport")
    db = open_store(quick_path / "s")
    shown = read_page(db, names, read_slow(db, names, NOW_S), NOW_S)
    db.close()
    assert (shown.proofs, shown.proofs_fault) == ((), "")
