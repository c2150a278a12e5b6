"""Who stands in which lane of a queue now, and how sure that is: what its length is made of."""

from collections.abc import Iterable, Sequence

from edge.queueing.experience import Experience
from edge.queueing.length import Section
from edge.queueing.presence import WALK_SPEED, Presence
from edge.vocabulary import LaneSettings

DOUBT_OUTSIDE = 0.3  # a member just over the border is still in the line with this probability


def sections(
    stays: Iterable[Presence], lanes: Sequence[LaneSettings], now_s: float, learned: Sequence[Experience]
) -> list[Section]:
    """The queue's lanes with everybody in them, once each, whatever the number of cameras that see one.

    A member whom several cameras see stands in the foremost of those lanes, as surely as the best sight of them says.
    `learned`: of each lane.
    """
    members: dict[int, tuple[int, float]] = {}
    candidates: list[list[float]] = [[] for _ in lanes]
    for stay in stays:
        lane, lived = lanes[stay.lane], learned[stay.lane]
        there = _still_in(stay, lane, now_s, lived)
        if stay.number is not None:
            foremost, sure = members.get(stay.number, (stay.lane, 0.0))
            members[stay.number] = min(foremost, stay.lane), max(sure, there)
        elif stay.out_since_s is None:
            walking = stay.path.speed() >= WALK_SPEED
            dwell_s = now_s - stay.entered_s
            chance = lived.newcomers.chance(dwell_s, walking=walking, min_stay_s=lane.min_stay_s)
            candidates[stay.lane].append(chance * there)
    by_lane: list[list[float]] = [[] for _ in lanes]
    for number in sorted(members):
        where, sure = members[number]
        by_lane[where].append(sure)
    return [
        Section(tuple(m), tuple(sorted(c)), lane.miss_rate)
        for m, c, lane in zip(by_lane, candidates, lanes, strict=True)
    ]


def _still_in(stay: Presence, lane: LaneSettings, now_s: float, lived: Experience) -> float:
    if stay.out_since_s is not None:
        return DOUBT_OUTSIDE
    gaps = lived.at_exit if stay.at_exit else lived.inside
    return gaps.chance(now_s - stay.path.seen_s if stay.hidden else 0.0, lane.hold_s)
