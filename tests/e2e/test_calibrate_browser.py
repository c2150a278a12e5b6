"""A newcomer draws a lane in a real browser: clicks are counted, and the file is valid afterwards."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Error, Page

from edge.config import load_site
from linewise.parts import free_port
from tests.e2e.chromium import chromium

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]
PATIENCE_MS = 180_000  # the page loads a detector: a minute to the first picture at load 45 on two cores
FILM = Path(__file__).parents[2] / "linewise/demo_data/canteen.mp4"
FRESH = '# ours\n[site]\nid = "s"  # in topics\n\n[[camera]]\nid = "c"\nsource = "canteen.mp4"\n'


@contextmanager
def page_of(arguments: list[str], folder: Path, **device: Any) -> Iterator[Page]:
    """The page of a command that serves one, in Chromium; `device`: how it is looked at (browser.new_page)."""
    port = free_port()
    child = subprocess.Popen(
        [sys.executable, "-m", "linewise", *arguments, "--port", str(port)], cwd=folder, stderr=subprocess.DEVNULL
    )
    try:
        with chromium() as browser:
            page = browser.new_page(**(device or {"viewport": {"width": 1440, "height": 900}}))
            page.set_default_timeout(PATIENCE_MS)
            deadline_s = time.monotonic() + PATIENCE_MS / 1000
            while True:
                try:
                    page.goto(f"http://127.0.0.1:{port}", timeout=30_000)
                    break
                except Error:
                    assert time.monotonic() < deadline_s, "the page was not served"
                    page.wait_for_timeout(300)
            yield page
    finally:
        child.terminate()
        child.wait(60)


def test_a_newcomer_needs_eight_clicks_from_a_fresh_file_to_a_valid_lane(tmp_path: Path) -> None:
    """Four corners, the first again, two ends, Save; a crossing shape is told before, and comments stay."""
    shutil.copy(FILM, tmp_path / "canteen.mp4")
    site = tmp_path / "site.toml"
    site.write_text(FRESH)
    with page_of(["calibrate", "site.toml", "--no-people"], tmp_path) as page:
        page.locator('.lw-editor img[src^="data:image"]').wait_for(timeout=PATIENCE_MS, state="attached")
        svg, clicks = page.locator(".lw-editor svg"), 0

        def click(x: float, y: float) -> int:
            box = svg.bounding_box()
            assert box is not None
            page.mouse.click(box["x"] + x * box["width"], box["y"] + y * box["height"])
            page.wait_for_timeout(150)  # two clicks at once are a double click
            return 1

        for x, y in ((0.1, 0.1), (0.5, 0.5), (0.5, 0.1), (0.1, 0.5)):
            click(x, y)
        page.get_by_text("cross or touch").first.wait_for(timeout=PATIENCE_MS)
        page.keyboard.press("Escape")
        page.get_by_text("Click around the floor").wait_for(timeout=PATIENCE_MS)
        for x, y in ((0.07, 0.75), (0.15, 0.83), (0.52, 0.48), (0.46, 0.45), (0.07, 0.75)):
            clicks += click(x, y)
        page.get_by_text("Click both ends of the side").wait_for(timeout=PATIENCE_MS)
        for x, y in ((0.07, 0.75), (0.15, 0.83)):
            clicks += click(x, y)
        page.get_by_text("Drag a corner or a shape").wait_for(timeout=PATIENCE_MS)
        page.get_by_role("button", name="Save").click()
        clicks += 1
        page.get_by_text("Saved.").wait_for(timeout=PATIENCE_MS)
    lane = load_site(site, broker="any").queues[0].lanes[0]
    assert clicks == 8
    assert len(lane.area) == 4
    assert lane.service_line == lane.area[:2]
    assert site.read_text().startswith("# ours\n")
    assert (tmp_path / "site.toml.bak").read_text() == FRESH


def test_counts_are_typed_and_kept(tmp_path: Path) -> None:
    """Digits and Enter step through the moments, and the truth file holds what was typed."""
    replayed = tmp_path / "replayed"
    command = [
        sys.executable,
        "-m",
        "linewise",
        "replay",
        "d.jsonl",
        "--site",
        str(FILM.with_name("canteen.site.toml")),
    ]
    lines = [f'{{"pts_s": {t / 2}, "width": 1280, "height": 720, "boxes": [], "scores": []}}' for t in range(80)]
    (tmp_path / "d.jsonl").write_text("\n".join(lines))
    subprocess.run([*command, "--out", str(replayed)], cwd=tmp_path, check=True, capture_output=True, env=os.environ)
    arguments = [
        "count",
        str(FILM.with_name("canteen.site.toml")),
        str(FILM),
        "--replay",
        str(replayed),
        "--moments",
        "3",
    ]
    with page_of(arguments, tmp_path) as page:
        page.locator('.lw-count img[src^="data:image"]').wait_for(timeout=PATIENCE_MS)
        page.locator(".lw-count").click()
        for done in range(3):
            page.locator(f'.lw-count[data-at="{done}"]').wait_for(timeout=PATIENCE_MS)
            page.keyboard.type("7")
            page.locator(".lw-count .typed").filter(has_text="7").wait_for(timeout=PATIENCE_MS)
            page.keyboard.press("Enter")
        page.get_by_text("Done. Written").wait_for(timeout=PATIENCE_MS)
    rows = (tmp_path / "counts.csv").read_text().splitlines()
    assert rows[0] == "pts_s,queue,length,certain"
    assert [row.split(",")[2:] for row in rows[1:]] == [["7", "true"]] * 3
