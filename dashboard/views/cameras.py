"""The cameras' page: what is broken and what to do, then every camera and box in measured figures."""

from dashboard.page import Page
from dashboard.views.equipment import boxes_html, cameras_html
from dashboard.views.markup import join
from dashboard.views.top import head_html, strips_html


def draw(page: Page) -> tuple[str, ...]:
    """The page's pieces of HTML."""
    return head_html(page, "Cameras"), strips_html(page) or "", join(cameras_html(page), boxes_html(page))
