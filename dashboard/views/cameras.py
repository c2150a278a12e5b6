"""The cameras' page: what is broken and what to do, every camera in measured figures, what is proven."""

from dashboard.page import Page
from dashboard.views.equipment import boxes_html, cameras_html
from dashboard.views.markup import join
from dashboard.views.proofs_html import proofs_html
from dashboard.views.top import head_html, strips_html


def draw(page: Page) -> tuple[str, ...]:
    """The page's pieces of HTML."""
    below = join(cameras_html(page), proofs_html(page), boxes_html(page))
    return head_html(page, "Cameras"), strips_html(page) or "", below
