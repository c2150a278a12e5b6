"""The plan of the site: every queue where it stands, on a picture that an installer gives, or in a grid."""

import base64
import io
import sqlite3
from collections.abc import Callable
from pathlib import Path

import streamlit as st
from PIL import Image

from dashboard import desk
from dashboard.access import Visitor
from dashboard.desk import Plan
from dashboard.page import Names, Page
from dashboard.views.board import board, live_part
from dashboard.views.live import draw as draw_live
from dashboard.views.plan_html import plan_html, spots
from dashboard.views.plan_places import ask_places
from dashboard.views.shared import Shared
from dashboard.views.top import head_html, notice_html, strips_html

MOST_PX = 1600  # the plan's longer side, as it is kept
MOST_PIXELS = 50_000_000  # a larger picture is not opened
shared: Shared[Plan] = Shared(5.0)


def show(store: Path, names: Names, who: Visitor) -> None:
    """Draws the plan, alive; below it an installer may change it."""
    at = desk.desk_path(store)
    try:
        plan = shared.get((at, names.site), lambda: desk.read_plan(at, names.site))
    except sqlite3.Error as error:
        st.html(notice_html("The plan can't be read now", str(error), "warn"))
        return
    if plan.picture is not None:  # once, apart from what changes every second
        picture = base64.b64encode(plan.picture).decode()
        st.html(f"<style>.lw-plan {{ background-image: url(data:image/png;base64,{picture}); }}</style>")
    live_part(store, names, _drawer(plan), board(store, names, draw_live).sites)
    if who.role == "installer":
        with st.expander("Change the plan"):
            _change(at, names, plan)


_drawers: dict[tuple[tuple[int, int], tuple[tuple[str, tuple[float, float]], ...]], "PlanDraw"] = {}


class PlanDraw:
    """Draws a page on one plan; one object a plan, so that all viewers share what it draws."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan

    def __call__(self, page: Page) -> tuple[str, ...]:
        """The page's pieces of HTML."""
        return head_html(page, "Plan"), strips_html(page, full=True) or "", plan_html(page, self._plan)


def _drawer(plan: Plan) -> PlanDraw:
    key = (plan.size_px if plan.picture else (0, 0), tuple(sorted(plan.places.items())))
    if len(_drawers) > 64:
        _drawers.clear()
    return _drawers.setdefault(key, PlanDraw(plan))


def _change(at: Path, names: Names, plan: Plan) -> None:
    given = st.file_uploader(
        "A plan of the place (PNG, JPEG or WebP, at most 10 MB)", type=["png", "jpg", "jpeg", "webp"]
    )
    columns = st.columns(2)
    if columns[0].button("Use this picture", disabled=given is None) and given is not None:
        try:
            picture, size_px = as_png(given.getvalue())
        except ValueError as error:
            st.error(str(error), icon=None)
        else:
            _write(lambda: desk.write_picture(at, names.site, picture, size_px))
    if columns[1].button("Take the picture away", disabled=plan.picture is None):
        _write(lambda: desk.write_picture(at, names.site, None, (0, 0)))
    places = ask_places(names, plan, spots([i for i, _ in names.queues], plan))
    if places is not None:
        _write(lambda: desk.write_places(at, names.site, places))


def _write(change: Callable[[], None]) -> None:
    try:
        change()
    except sqlite3.Error:
        st.error("The plan can't be kept: the folder of the store can't be written.")
        return
    shared.clear()
    st.rerun()


def as_png(raw: bytes) -> tuple[bytes, tuple[int, int]]:
    """A picture made anew, so that nothing but its pixels is kept: PNG, at most MOST_PX a side, and its size.

    Raises:
        ValueError: it is no picture, or too large, in words.
    """
    try:
        with Image.open(io.BytesIO(raw), formats=["PNG", "JPEG", "WEBP"]) as picture:
            if picture.width * picture.height > MOST_PIXELS:
                raise ValueError(f"The picture has {picture.width} x {picture.height} pixels: make it smaller.")
            picture.thumbnail((MOST_PX, MOST_PX))
            plain = picture.convert("RGB")
    except (OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise ValueError("This is not a picture that can be read: give a PNG, JPEG or WebP file.") from error
    out = io.BytesIO()
    plain.save(out, "PNG", optimize=True)
    return out.getvalue(), plain.size
