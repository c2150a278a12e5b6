"""What a public screen says of a queue: pure, and never a wait that is too short or of a while ago.

A wait is rounded up to minutes. It rises at once; it falls only when it would still round to less with a margin on top
(the larger of MARGIN_S and MARGIN_SHARE of the wait), so that a screen does not flicker between two numbers.
"""

from dataclasses import dataclass
from typing import Literal

from dashboard.page import QueueCard
from dashboard.words import minutes_up

Kind = Literal["wait", "at_least", "more_than", "no_wait", "unknown", "stopped", "closed"]
MARGIN_S = 20.0
MARGIN_SHARE = 0.1
MOST_MIN = 60  # nobody can plan with more: "more than 60 min"


@dataclass(frozen=True)
class Face:
    """One queue on a screen: `minutes` is None unless `kind` shows a number; `people` is None where it is not known."""

    queue: str
    name: str
    kind: Kind
    minutes: int | None = None
    people: int | None = None


def steady_minutes(wait_s: float, shown: int | None) -> int:
    """Whole minutes to show for a wait, given those that are shown now."""
    up = minutes_up(wait_s)
    if shown is None or up >= shown or up == 0:  # an empty line is told at once
        return up
    return min(shown, minutes_up(wait_s + max(MARGIN_S, MARGIN_SHARE * wait_s)))


def face(card: QueueCard, before: Face | None) -> Face:
    """What to show of `card`, given what the screen showed last."""
    if card.seen in ("silent", "never"):
        return Face(card.queue, card.name, "unknown")
    if card.state == "closed":
        return Face(card.queue, card.name, "closed")
    people = card.length
    if card.wait_s is None or people is None:
        kind: Kind = "stopped" if card.state == "stopped" else "unknown"
        return Face(card.queue, card.name, kind, None, people)
    minutes = steady_minutes(card.wait_s, None if before is None else _shown(before))
    if minutes > MOST_MIN:
        return Face(card.queue, card.name, "more_than", MOST_MIN, people)
    if card.state == "stopped":
        kind = "at_least" if minutes else "stopped"
        return Face(card.queue, card.name, kind, minutes or None, people)
    return Face(card.queue, card.name, "wait" if minutes else "no_wait", minutes or None, people)


def _shown(before: Face) -> int | None:
    return {"wait": before.minutes, "at_least": before.minutes, "no_wait": 0}.get(before.kind)
