"""Calibrating with a finger on a phone, in the dark; and copying lanes, asking whether the camera is well placed."""

import shutil
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Page, expect

from edge.config import load_site
from tests.e2e.test_calibrate_browser import FILM, FRESH, PATIENCE_MS, page_of

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True, "color_scheme": "dark"}
TWO = """[site]
id = "s"

[[camera]]
id = "left"
source = "canteen.mp4"

[[camera]]
id = "right"
source = "canteen.mp4"

[[queue]]
id = "till"
name = "Till"  # the first

[[queue.lane]]
camera = "left"
area = [[0.07, 0.75], [0.15, 0.83], [0.52, 0.48], [0.46, 0.45]]
service_line = [[0.07, 0.75], [0.15, 0.83]]
hold_s = 4
"""


def site_in(folder: Path, text: str) -> Path:
    """A site file beside the film."""
    shutil.copy(FILM, folder / "canteen.mp4")
    path = folder / "site.toml"
    path.write_text(text)
    return path


def faults(page: Page) -> list[tuple[str, str]]:
    """What axe-core finds serious or critical."""
    found = Axe().run(page).response["violations"]
    return [(one["id"], one["nodes"][0]["html"][:200]) for one in found if one["impact"] in ("serious", "critical")]


def wait_for_picture(page: Page) -> None:
    """Until the camera's picture is there."""
    page.locator('.lw-editor img[src^="data:image"]').wait_for(timeout=PATIENCE_MS, state="attached")


def wait_for_number(page: Page, what: str, number: int) -> None:
    """Until there are so many of them on the picture."""
    expect(page.locator(f".lw-editor {what}")).to_have_count(number, timeout=PATIENCE_MS)


def test_a_lane_is_drawn_with_a_finger_on_a_phone(tmp_path: Path) -> None:
    """Taps and the two buttons do what clicks and keys do; the page fits the phone, the hint hides nothing."""
    site = site_in(tmp_path, FRESH)
    with page_of(["calibrate", "site.toml", "--no-people"], tmp_path, **PHONE) as page:
        wait_for_picture(page)
        stage = page.locator(".lw-editor .stage")

        def tap(x: float, y: float) -> None:
            box = stage.bounding_box()
            assert box is not None
            page.touchscreen.tap(box["x"] + x * box["width"], box["y"] + y * box["height"])
            page.wait_for_timeout(400)  # two taps at once are a double tap

        def points(number: int) -> None:
            wait_for_number(page, "circle.under-way", number)

        for number, (x, y) in enumerate(((0.07, 0.75), (0.15, 0.83), (0.52, 0.48), (0.9, 0.1)), 1):
            tap(x, y)
            points(number)
        page.get_by_role("button", name="Take away").tap()
        points(3)
        tap(0.46, 0.42)
        points(4)
        picture, word = stage.bounding_box(), page.locator(".lw-editor .word").bounding_box()
        assert picture is not None
        assert word is not None
        assert word["y"] >= picture["y"] + picture["height"]
        assert page.evaluate("document.documentElement.scrollWidth") == 390
        assert faults(page) == []
        page.get_by_role("button", name="Close the shape").tap()
        page.get_by_text("Click both ends of the side").wait_for(timeout=PATIENCE_MS)
        tap(0.07, 0.75)
        points(1)
        tap(0.15, 0.83)
        page.get_by_text("Drag a corner or a shape").wait_for(timeout=PATIENCE_MS)
        page.get_by_role("button", name="Save").tap()
        page.get_by_text("Saved.").wait_for(timeout=PATIENCE_MS)
    lane = load_site(site, broker="any").queues[0].lanes[0]
    assert len(lane.area) == 4
    assert lane.service_line == lane.area[:2]


def test_lanes_are_copied_to_another_camera_and_the_camera_is_judged(tmp_path: Path) -> None:
    """The copy stands on the other camera with its own queue, line and times; advice tells its figures."""
    site = site_in(tmp_path, TWO)
    with page_of(["calibrate", "site.toml"], tmp_path) as page:
        wait_for_picture(page)
        page.get_by_text("Copy lanes to another camera").click()
        page.get_by_role("button", name="Copy", exact=True).click()
        page.get_by_text("Copied to right: till-right").wait_for(timeout=PATIENCE_MS)
        page.get_by_role("button", name="Save").click()
        page.get_by_text("Saved.").wait_for(timeout=PATIENCE_MS)
        page.locator(".lw-editor .person").first.wait_for(timeout=PATIENCE_MS, state="attached")
        page.get_by_text("Is the camera well placed?").click()
        for _ in range(60):
            page.get_by_role("button", name="Look again").click()
            page.wait_for_timeout(1500)
            if page.get_by_text("of the picture is burnt out").count():
                break
        for figures in ("of the picture high or less", "more than half hidden", "people keep to", "burnt out"):
            page.get_by_text(figures).first.wait_for(timeout=PATIENCE_MS)
        assert faults(page) == []
    first, second = load_site(site, broker="any").queues
    assert (second.id, second.lanes[0].camera_id) == ("till-right", "right")
    assert second.lanes[0].area == first.lanes[0].area
    assert (second.lanes[0].service_line, second.lanes[0].hold_s) == (first.lanes[0].service_line, 4.0)
    assert "# the first" in site.read_text()
