"""How a lift's chairs were filled, on the staffing page."""

from dashboard.views.markup import Markup, tag
from edge.chairs import Chairs


def chairs_html(chairs: Chairs) -> Markup:
    """People a chair, seats and time between chairs of one line; other lines of the same lift fill them further."""
    told = (
        f"This line went in batches: {chairs.people:.1f} people a chair on average, {chairs.seats} on full ones "
        f"({chairs.fill:.0%} filled), one every {chairs.every_s:.0f} s: up to {_an_hour(chairs)} people an hour. "
        "Where other lines board the same chairs, they are fuller than this."
    )
    return tag("p", told, cls="lw-said")


def _an_hour(chairs: Chairs) -> int:
    return round(chairs.seats * 3600.0 / chairs.every_s)
