"""Why a queue was counted wrong, from visits against visits: missed, ghost, wrong lane, switch, timing. Pure functions.

missed      a stay of the truth that the machine has in no queue.
ghost       a stay of the machine that nobody made.
wrong_lane  a stay of the truth that the machine has in another queue: one too few here, one too many there.
switch      one stay of the truth that the machine has in pieces: the person's track broke and began anew.
timing      a stay that both have; only its ends differ.

Two stays are the same person's as in scoring.py: intersection over union of at least MIN_OVERLAP, matched one to one. A
piece lies for at least half of its length inside the truth's stay, and for at most half beside another piece of it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from calibration.scoring import LengthError, Match, match_visits, span
from edge.vocabulary import Visit

Kind = Literal["missed", "ghost", "wrong_lane", "switch", "timing"]
KINDS: tuple[Kind, ...] = ("missed", "ghost", "wrong_lane", "switch", "timing")
Span = tuple[float, float]


@dataclass(frozen=True)
class Cause:
    """One reason for a wrong count.

    Attributes:
        kind: see above.
        queue_id: where the truth has the person (of a ghost: the machine).
        counted_in: where the machine has the person; None: nowhere.
        from_s, to_s: the stay in question, media seconds; of a switch: the further piece.
        person_s: person-seconds that the count was off by it.
    """

    kind: Kind
    queue_id: str
    counted_in: str | None
    from_s: float
    to_s: float
    person_s: float


def of_visits(matches: Mapping[str, Sequence[Match]], *, end_s: float) -> list[Cause]:
    """The causes in all queues, in the order of time.

    Args:
        matches: by queue id, of `scoring.match_visits`; queues without any truth are left out by the caller.
        end_s: ends stays that are still open.
    """
    found: list[Cause] = []
    missed: list[tuple[str, Visit]] = []
    extra: list[tuple[str, Visit]] = []
    for queue_id, rows in matches.items():
        pieces, lacking, ghosts = _pieces(queue_id, rows, end_s)
        found += pieces + _timing(queue_id, rows, end_s)
        missed += [(queue_id, v) for v in lacking]
        extra += [(queue_id, v) for v in ghosts]
    lost, strangers, swapped = _other_queue(missed, extra, end_s)
    found += swapped
    found += [_whole("missed", q, None, span(v, end_s)) for q, v in lost]
    found += [_whole("ghost", q, q, span(v, end_s)) for q, v in strangers]
    return sorted(found, key=lambda c: (c.from_s, c.queue_id, c.kind))


def _whole(kind: Kind, queue_id: str, counted_in: str | None, stay: Span) -> Cause:
    return Cause(kind, queue_id, counted_in, *stay, person_s=stay[1] - stay[0])


def _pieces(queue_id: str, rows: Sequence[Match], end_s: float) -> tuple[list[Cause], list[Visit], list[Visit]]:
    """(switches, the truth's stays that stay missed, the machine's that stay too many) of one queue."""
    pieces_of: dict[int, list[Span]] = {}
    truths = [m.truth for m in rows if m.truth is not None]
    for m in rows:
        if m.truth is not None and m.machine is not None:
            pieces_of[id(m.truth)] = [span(m.machine, end_s)]
    causes, ghosts, found = [], [], set()
    for extra in sorted((m.machine for m in rows if m.truth is None and m.machine), key=lambda v: v.joined_s):
        stay = span(extra, end_s)
        home = next((t for t in truths if _is_piece(stay, span(t, end_s), pieces_of.get(id(t), []))), None)
        if home is None:
            ghosts.append(extra)
            continue
        if id(home) in pieces_of:  # the first piece is the person; each further one is a switch
            causes.append(Cause("switch", queue_id, queue_id, *stay, person_s=0.0))
        pieces_of.setdefault(id(home), []).append(stay)
        found.add(id(home))
    missed = [m.truth for m in rows if m.truth and m.machine is None and id(m.truth) not in found]
    return causes, missed, ghosts


def _is_piece(piece: Span, stay: Span, others: Sequence[Span]) -> bool:
    length_s = piece[1] - piece[0]
    return length_s > 0 and _both(piece, stay) >= 0.5 * length_s and all(
        _both(piece, other) <= 0.5 * length_s for other in others
    )  # fmt: skip


def _both(a: Span, b: Span) -> float:
    """Seconds that both spans have."""
    return max(min(a[1], b[1]) - max(a[0], b[0]), 0.0)


def _timing(queue_id: str, rows: Sequence[Match], end_s: float) -> list[Cause]:
    causes = []
    for m in rows:
        if m.truth is not None and m.machine is not None:
            true, told = span(m.truth, end_s), span(m.machine, end_s)
            off_s = true[1] - true[0] + told[1] - told[0] - 2 * _both(true, told)
            causes.append(Cause("timing", queue_id, queue_id, *true, person_s=off_s))
    return causes


def _other_queue(
    missed: list[tuple[str, Visit]], extra: list[tuple[str, Visit]], end_s: float
) -> tuple[list[tuple[str, Visit]], list[tuple[str, Visit]], list[Cause]]:
    """(still missed, still too many, in the wrong lane): stays that one queue lacks and another has too many."""
    swapped: list[Cause] = []
    lost, strangers = list(missed), list(extra)
    for queue_id in dict.fromkeys(q for q, _ in missed):
        mine = [v for q, v in lost if q == queue_id]
        theirs = [(q, v) for q, v in strangers if q != queue_id]
        for match in match_visits(mine, [v for _, v in theirs], end_s=end_s):
            if match.truth is not None and match.machine is not None:
                where = next(q for q, v in theirs if v is match.machine)
                swapped.append(_whole("wrong_lane", queue_id, where, span(match.truth, end_s)))
                lost = [one for one in lost if one[1] is not match.truth]
                strangers = [one for one in strangers if one[1] is not match.machine]
    return lost, strangers, swapped


def score(causes: Sequence[Cause], queue_id: str) -> dict[str, dict[str, Any]]:
    """How many (n) and person_s of each kind in one queue; wrong_lane: lost to another queue, or won from one."""
    mine = [c for c in causes if queue_id in (c.queue_id, c.counted_in)]
    return {
        kind: {
            "n": sum(c.kind == kind for c in mine),
            "person_s": round(sum(c.person_s for c in mine if c.kind == kind), 1),
        }
        for kind in KINDS
    }


@dataclass(frozen=True)
class CountCauses:
    """What counts alone tell of why lengths were wrong: people off, summed over the moments.

    Attributes:
        not_yet: too few, and in the machine's own visits, but there too short a time to be counted (min_stay_s).
        lacking: too few, and in no visit of this queue: missed, or counted in another one.
        extra: too many: made up, gone already, or of another queue.
    """

    not_yet: int
    lacking: int
    extra: int


def of_counts(errors: Sequence[LengthError], visits: Sequence[Visit], *, end_s: float) -> CountCauses:
    """The split of one queue's wrong lengths; errors without a length are left out; `visits` are the machine's."""
    wrong = [e for e in errors if e.error]
    too_few = [(not_counted_yet(e, visits, end_s), -e.error) for e in wrong if e.error and e.error < 0]
    not_yet = sum(min(young, lack) for young, lack in too_few)
    return CountCauses(
        not_yet, sum(lack for _, lack in too_few) - not_yet, sum(e.error for e in wrong if e.error and e.error > 0)
    )


def not_counted_yet(error: LengthError, visits: Sequence[Visit], end_s: float) -> int:
    """How many are there at a moment by the queue's own visits, as they came to be known, and not in its length."""
    present = sum(v.joined_s <= error.truth.pts_s < span(v, end_s)[1] for v in visits)
    return max(present - (present if error.told is None else error.told), 0)
