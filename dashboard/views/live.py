"""The live page: where to send people, what is broken, a card a queue, counting lines, alerts, cameras and boxes."""

from dashboard.advice import advice, longest
from dashboard.page import Page
from dashboard.views.alerts import recent_html
from dashboard.views.cards import Marks, cards_html, scale_of
from dashboard.views.equipment import boxes_html, chips_html, offline
from dashboard.views.lines import lines_html
from dashboard.views.markup import join
from dashboard.views.top import advice_html, head_html


def draw(page: Page) -> tuple[str, ...]:
    """The page's pieces of HTML."""
    told = advice(page.cards)
    marks = Marks(
        # Where all are equal there is no card to point at.
        best=told.best if len(told.best) < len(page.cards) else (),
        longest=longest(page.cards),
        scale=scale_of(page.cards),
        box_offline=offline(page),
    )
    below = join(lines_html(page), recent_html(page), chips_html(page), boxes_html(page))
    cards = cards_html(page.cards, marks) if page.cards else ""
    return head_html(page), advice_html(page, told), cards, below
