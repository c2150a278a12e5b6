"""The plan's HTML: a spot a queue, its length large, its wait below, coloured by what is the matter."""

import math

from dashboard import words
from dashboard.advice import advice, longest
from dashboard.desk import Plan
from dashboard.page import Page, QueueCard
from dashboard.room import filling
from dashboard.views.cards import level_of
from dashboard.views.markup import Markup, tag

Spots = dict[str, tuple[float, float]]


def spots(queues: list[str], plan: Plan) -> Spots:
    """Where each queue stands, fractions of the plan; those without a place stand in a grid."""
    columns = max(1, math.ceil(math.sqrt(1.6 * len(queues))))
    rows = max(1, math.ceil(len(queues) / columns))
    grid = {q: ((n % columns + 0.5) / columns, (n // columns + 0.5) / rows) for n, q in enumerate(queues)}
    return {queue: plan.places.get(queue, place) for queue, place in grid.items()}


def plan_html(page: Page, plan: Plan) -> Markup:
    """The plan with a spot a queue; without a picture and without places a grid."""
    best, most = advice(page.cards).best, longest(page.cards)
    if plan.picture is None and not plan.places:
        return tag("div", *(_spot(c, best, most, None) for c in page.cards), cls="lw-grid lw-plan-grid", role="list")
    width, height = plan.size_px
    where = spots([card.queue for card in page.cards], plan)
    return tag(
        "div",
        *(_spot(card, best, most, where[card.queue]) for card in page.cards),
        cls="lw-plan",
        role="list",
        style=f"aspect-ratio:{width}/{height}",
    )


def _spot(card: QueueCard, best: tuple[str, ...], most: str | None, place: tuple[float, float] | None) -> Markup:
    full = filling(card)
    level = full.level if full else level_of(card)
    known = card.length is not None
    if not known:
        wait = "not known"
    elif card.state == "closed":
        wait = "closed"
    else:
        wait = words.wait_words(card.wait_s, stopped=card.state == "stopped")
    style = {} if place is None else {"style": f"left:{100 * place[0]:.1f}%;top:{100 * place[1]:.1f}%"}
    late = " lw-late" if card.seen == "late" else ""
    mark = "join here" if card.queue in best else "longest line" if card.queue == most else ""
    mark = full.told if full else mark
    return tag(
        "div",
        tag("span", tag("bdi", card.name), cls="lw-spot-name"),
        tag("span", str(card.length) if known else words.NOT_KNOWN, cls="lw-spot-length"),
        tag("span", wait, cls="lw-spot-wait"),
        tag("span", mark, cls="lw-spot-wait") if mark else None,
        cls=f"lw-spot lw-{level}{late}{' lw-best' if card.queue in best else ''}",
        role="listitem",
        data_queue=card.queue,
        **style,
    )
