"""Lines that are about to overflow: the length, where it goes, and the room that the site file gives the line."""

from dataclasses import dataclass

from dashboard import words
from dashboard.page import QueueCard

PACE_MIN = 10  # minutes that tell the pace
SOON_MIN = 10.0  # told when it will be full within so long
MIN_PACE = 0.15  # people a minute; slower is standing still


@dataclass(frozen=True)
class Filling:
    """A line that is full or will be: in so many minutes at its present pace, 0.0 if it is full now."""

    full_in_min: float
    told: str
    level: words.Level


def filling(card: QueueCard) -> Filling | None:
    """What is to be told of a line's room; None while there is enough, or too little is known."""
    if not card.room or card.length is None or card.seen != "fresh":
        return None
    if card.length >= card.room:
        return Filling(0.0, f"full: {card.length} where {card.room} have room", "bad")
    pace = people_per_min(card.history)
    if pace is None or pace < MIN_PACE:
        return None
    minutes = (card.room - card.length) / pace
    if minutes > SOON_MIN:
        return None
    return Filling(minutes, f"full in about {max(1, round(minutes))} min at this pace", "warn")


def people_per_min(history: tuple[float | None, ...]) -> float | None:
    """The slope of the last minutes' mean lengths by least squares; None with fewer than five of them known."""
    known = [(n, v) for n, v in enumerate(history[-PACE_MIN:]) if v is not None]
    if len(known) < 5:
        return None
    mean_n, mean_v = sum(n for n, _ in known) / len(known), sum(v for _, v in known) / len(known)
    spread: float = sum((n - mean_n) ** 2 for n, _ in known)
    return float(sum((n - mean_n) * (v - mean_v) for n, v in known)) / spread
