"""Where to send people now: one sentence from the cards, honest where nothing can be said."""

from collections.abc import Callable
from dataclasses import dataclass

from dashboard import words
from dashboard.page import QueueCard


@dataclass(frozen=True)
class Advice:
    """`headline` and `detail` for people, the queues that it recommends, and how much it can say."""

    headline: str
    detail: str = ""
    best: tuple[str, ...] = ()
    level: words.Level = "good"


def advice(cards: tuple[QueueCard, ...]) -> Advice:
    """The advice: only fresh readings count, and only queues that are open and whose service runs."""
    if not cards:
        return Advice("No queue is known yet", "The page comes alive when the first reading arrives.", level="off")
    known = [c for c in cards if c.seen == "fresh" and c.length is not None]
    usable = [c for c in known if c.quality != "degraded"] or known  # a line counted too short must not look best
    running = [c for c in usable if c.state in ("serving", "idle")]
    if len(cards) == 1 and running:  # nothing to choose
        told = _people(running[0]) if running[0].wait_s is None else _wait(running[0])
        return Advice(f"{running[0].name}: {told}")
    if not usable:
        closed = all(c.state == "closed" and c.seen == "fresh" for c in cards)
        return _closed(cards) if closed else _nothing_known(cards)
    if not running:
        return _stopped([c for c in usable if c.state == "stopped"]) or _closed(cards)
    rest = _left_out(cards, running)
    timed = [c for c in running if c.wait_s is not None]
    if timed and (len(timed) == len(running) or len(timed) > 1):
        untimed = [c.name for c in running if c.wait_s is None]
        more = f"The wait at {words.names_words(untimed, 'and')} is not known yet." if untimed else ""
        return _shortest(
            timed, lambda c: words.minutes_up(c.wait_s or 0.0), _wait, " ".join(filter(None, (more, rest)))
        )
    return _shortest(running, lambda c: c.length or 0, _people, rest)


def longest(cards: tuple[QueueCard, ...]) -> str | None:
    """The one queue that is longest by fresh readings; None where there is no such one."""
    known = sorted((c for c in cards if c.seen == "fresh" and c.length), key=lambda c: -(c.length or 0))
    if not known or len(cards) < 2 or (len(known) > 1 and known[0].length == known[1].length):
        return None
    return known[0].queue


def _wait(card: QueueCard) -> str:
    return words.wait_words(card.wait_s)


def _people(card: QueueCard) -> str:
    return f"{words.people_words(card.length or 0)} there, wait not known yet"


def _shortest(
    cards: list[QueueCard], cost: Callable[[QueueCard], int], told: Callable[[QueueCard], str], detail: str
) -> Advice:
    least = min(cost(c) for c in cards)
    best = [c for c in cards if cost(c) == least]
    ids = tuple(c.queue for c in best)
    if len(best) == len(cards) and len(cards) > 1:
        both = "Both lines" if len(cards) == 2 else "All lines"
        return Advice(f"{both} are about equal: {told(best[0])}", detail, ids)
    return Advice(f"Send people to {words.names_words([c.name for c in best])}: {told(best[0])}", detail, ids)


def _left_out(cards: tuple[QueueCard, ...], running: list[QueueCard]) -> str:
    """What the advice could not weigh, in words; closed queues go without saying."""
    stopped = [c.name for c in cards if c.seen == "fresh" and c.state == "stopped" and c.length is not None]
    dark = [c.name for c in cards if c not in running and c.name not in stopped and not _shut(c)]
    told = [f"Service has stopped at {words.names_words(stopped, 'and')}."] if stopped else []
    told += [f"Not sure about {words.names_words(dark, 'and')}."] if dark else []
    return " ".join(told)


def _shut(card: QueueCard) -> bool:
    return card.seen == "fresh" and card.state == "closed"


def _nothing_known(cards: tuple[QueueCard, ...]) -> Advice:
    which = "this line is" if len(cards) == 1 else "any line is"
    return Advice(f"Not known how long {which}", "No fresh reading. See below what to do.", level="bad")


def _closed(cards: tuple[QueueCard, ...]) -> Advice:
    return Advice("The line is closed" if len(cards) == 1 else "All lines are closed", level="off")


def _stopped(cards: list[QueueCard]) -> Advice | None:
    if not cards:
        return None
    where = f"at {cards[0].name}" if len(cards) == 1 else "at every line"
    first = min(cards, key=lambda c: c.length or 0)
    waiting = f"Fewest people: {first.name} ({first.length})." if len(cards) > 1 else ""
    return Advice(f"Service has stopped {where}", waiting, level="warn")
