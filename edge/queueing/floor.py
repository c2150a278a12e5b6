"""What all cameras of a site share: the books of all queues, everybody who is in a lane, and what was learned there."""

from dataclasses import dataclass, field

from edge.queueing import overlap
from edge.queueing.experience import Experience, Gaps
from edge.queueing.lanes import Array, LaneShape
from edge.queueing.paths import Key
from edge.queueing.presence import Presence
from edge.queueing.visits import VisitBook


@dataclass(frozen=True)
class Gone:
    """Somebody who was lost in a queue: in which lane, a member since when, there from the start?, and lost when."""

    queue: int
    lane: int
    joined_s: float
    censored: bool
    lost_s: float


@dataclass
class Floor:
    """Made with the books; the rest fills as people come.

    Attributes:
        books: of each queue.
        present: everybody who is in a lane, member or not yet.
        grounds: (3, 3) from picture heights to metres, a camera.
        lived: what each lane has learned, by (queue, lane).
        several: of each queue with lanes on several cameras the place of its last lane.
        gone: those lost in these queues of late, see origins.py.
    """

    books: list[VisitBook]
    present: dict[Key, Presence] = field(default_factory=dict)
    grounds: dict[str, Array] = field(default_factory=dict)
    lived: dict[tuple[int, int], Experience] = field(default_factory=dict)
    several: dict[int, int] = field(default_factory=dict)
    gone: list[Gone] = field(default_factory=list)

    def in_queue(self, queue: int) -> list[Presence]:
        """Everybody in the queue's lanes, members or not yet."""
        return [p for p in self.present.values() if p.queue == queue]

    def learned(self, queue: int, lane: int) -> Experience:
        """What a lane has learned so far."""
        return self.lived.setdefault((queue, lane), Experience())

    def gaps(self, stay: Presence) -> Gaps:
        """What is known of people who are hidden where this one is."""
        lived = self.learned(stay.queue, stay.lane)
        return lived.at_exit if stay.at_exit else lived.inside

    def next_behind(self, stay: Presence, shape: LaneShape) -> tuple[Presence, float] | None:
        """The next member of the same lane behind somebody on the same camera, and how far from the service point.

        None: nobody is behind, or no order is known.
        """
        here = self._here(stay)
        distances = shape.distances_to_service([p.path.point for p in here])
        behind = [(far, p.path.point, p) for far, p in zip(distances, here, strict=False) if far > distances[0]]
        if not behind:
            return None
        far, _, who = min(behind, key=lambda b: b[:2])
        return who, far

    def is_first(self, stay: Presence, shape: LaneShape) -> bool:
        """Is nobody else counted in this lane nearer to the service point, and does no other camera see the person?"""
        if overlap.other_sights(stay, self.present.values()):
            return False
        distances = shape.distances_to_service([p.path.point for p in self._here(stay)])
        return bool(distances) and min(distances) >= distances[0]

    def _here(self, stay: Presence) -> list[Presence]:
        """The person, then the other members of the same lane on the same camera."""
        others = (p for p in self.in_queue(stay.queue) if p.number not in (None, stay.number))
        return [stay, *(p for p in others if p.place == stay.place and p.path.key[0] == stay.path.key[0])]
